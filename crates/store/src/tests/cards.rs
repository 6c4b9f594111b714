//! Cards.

use std::time::Duration;

use super::super::{AppendOptions, MessageRef, NewEntry, NewRun, PostedMessage, StoreError};
use super::{Place, appended, entry, opened};

const LONG_LEASE: Duration = Duration::from_secs(60);

fn at(ts: &str) -> MessageRef {
    MessageRef { channel: "C0ADMINS".into(), ts: ts.into() }
}

fn card(run: &str, role: &str, ts: &str, rendered_seq: i64) -> PostedMessage {
    PostedMessage { run: run.into(), role: role.into(), at: at(ts), rendered_seq, fingerprint: "f".into() }
}

pub async fn the_first_card_stays(place: &Place) {
    let store = place.open().await;
    let run = opened(&store).await;
    assert!(store.set_card(card(&run, "root", "1.0", 1), None).await.unwrap());
    assert!(!store.set_card(card(&run, "root", "2.0", 1), None).await.unwrap());
    assert!(!store.set_card(card(&run, "root", "3.0", 1), Some(at("2.0"))).await.unwrap());
    assert_eq!(store.cards(&run).await.unwrap(), [card(&run, "root", "1.0", 1)]);
    assert!(store.set_card(card(&run, "root", "4.0", 1), Some(at("1.0"))).await.unwrap());
    assert_eq!(store.cards(&run).await.unwrap(), [card(&run, "root", "4.0", 1)]);
    let nowhere = store.set_card(card("none", "root", "1.0", 1), None).await;
    assert!(matches!(nowhere, Err(StoreError::UnknownRun(_))), "{nowhere:?}");
}

pub async fn a_card_is_stale_until_it_shows_the_newest_entry(place: &Place) {
    let store = place.open().await;
    let (run, other) = (opened(&store).await, opened(&store).await);
    store.set_card(card(&other, "root", "9.0", 1), None).await.unwrap();
    assert_eq!(store.stale_cards(10).await.unwrap(), std::slice::from_ref(&run));
    // A card that is not the root does not stand for it.
    store.set_card(card(&run, "approval", "1.0", 1), None).await.unwrap();
    assert_eq!(store.stale_cards(10).await.unwrap(), std::slice::from_ref(&run));
    store.set_card(card(&run, "root", "2.0", 1), None).await.unwrap();
    assert!(store.stale_cards(10).await.unwrap().is_empty());
    appended(&store, &run, "step", AppendOptions::default()).await;
    assert_eq!(store.stale_cards(10).await.unwrap(), std::slice::from_ref(&run));
    assert!(store.mark_rendered(&run, &at("2.0"), 2, "g").await.unwrap());
    assert_eq!(store.stale_cards(10).await.unwrap(), std::slice::from_ref(&run));
    assert!(store.mark_rendered(&run, &at("1.0"), 2, "g").await.unwrap());
    assert!(store.stale_cards(10).await.unwrap().is_empty());
}

pub async fn a_card_never_goes_back(place: &Place) {
    let store = place.open().await;
    let run = opened(&store).await;
    appended(&store, &run, "step", AppendOptions::default()).await;
    store.set_card(card(&run, "root", "1.0", 2), None).await.unwrap();
    assert!(!store.mark_rendered(&run, &at("1.0"), 1, "old").await.unwrap());
    assert!(!store.mark_rendered(&run, &at("7.0"), 2, "elsewhere").await.unwrap());
    assert_eq!(store.cards(&run).await.unwrap(), [card(&run, "root", "1.0", 2)]);
}

pub async fn one_of_many_draws_a_run(place: &Place) {
    let stores = [place.open().await, place.open().await];
    let run = opened(&stores[0]).await;
    let takes = (0..16).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(async move { store.take_stale(8, LONG_LEASE).await.unwrap().len() })
    });
    let takes: Vec<_> = takes.collect();
    let mut taken = 0;
    for take in takes {
        taken += take.await.unwrap();
    }
    assert_eq!(taken, 1);
    stores[0].drawn(&run, LONG_LEASE).await.unwrap();
    assert!(stores[1].take_stale(8, LONG_LEASE).await.unwrap().is_empty(), "it is left alone for a while");
    stores[0].drawn(&run, Duration::ZERO).await.unwrap();
    assert_eq!(stores[1].take_stale(8, LONG_LEASE).await.unwrap(), std::slice::from_ref(&run));
    stores[1].set_card(card(&run, "root", "1.0", 1), None).await.unwrap();
    stores[1].drawn(&run, Duration::ZERO).await.unwrap();
    assert!(stores[1].take_stale(8, LONG_LEASE).await.unwrap().is_empty(), "it is shown");
    stores[0].draw_again(&run).await.unwrap();
    assert_eq!(stores[1].cards(&run).await.unwrap()[0].fingerprint, "", "nobody knows what it shows");
    assert_eq!(stores[1].take_stale(8, LONG_LEASE).await.unwrap(), std::slice::from_ref(&run));
    // A clock that was set back an hour since.
    sqlx::raw_sql("UPDATE runs SET draw_at = draw_at + 3600000").execute(&stores[0].pool).await.unwrap();
    assert_eq!(stores[0].take_stale(8, LONG_LEASE).await.unwrap(), [run]);
}

/// Each locks many runs, in an order of its own.
pub async fn who_draws_and_who_appends_do_not_lock_each_other_out(place: &Place) {
    let stores = [place.open().await, place.open().await];
    // Cards are drawn in the order of opening, and entries are written in the order of names: let the two differ.
    let mut runs: Vec<String> = (0..48).map(|n| format!("run-{:02}", 99 - n)).collect();
    for (n, run) in (0..).zip(&runs) {
        let first = NewEntry { at: super::at(n), ..entry("opened") };
        let new = NewRun { run: run.clone(), key: run.clone(), first, wake: false };
        stores[0].open_run(new).await.unwrap();
    }
    runs.sort();
    for seq in 1..=20 {
        let drawing = stores[1].clone();
        let drawn = tokio::spawn(async move {
            for _ in 0..3 {
                drawing.take_stale(64, Duration::ZERO).await?;
            }
            Ok::<_, StoreError>(())
        });
        let appends = runs.iter().map(|run| {
            let (store, run) = (stores[0].clone(), run.clone());
            tokio::spawn(async move {
                store.append(&run, seq, None, &[entry("step")], AppendOptions::default()).await
            })
        });
        for append in appends.collect::<Vec<_>>() {
            append.await.unwrap().unwrap();
        }
        drawn.await.unwrap().unwrap();
    }
    stores[0].verify(None).await.unwrap();
}
