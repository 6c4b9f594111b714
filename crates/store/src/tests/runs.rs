//! Opening runs, and finding them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::{
    AppendOptions, MessageRef, NewEntry, NewRun, Opened, PostedMessage, Released, StoreError, Tenant,
};
use super::sweeps::awake;
use super::{Place, appended, at, entry, opened};

pub async fn a_request_opens_one_run(place: &Place) {
    let stores = [place.open().await, place.open().await];
    let tasks: Vec<_> = (0..30)
        .map(|n| {
            let store = stores[n % 2].clone();
            let new = NewRun {
                run: format!("run-{n}"),
                key: "the same trigger".into(),
                first: entry("opened"),
                wake: true,
            };
            tokio::spawn(async move { (format!("run-{n}"), store.open_run(new).await.unwrap()) })
        })
        .collect();
    let (mut new, mut existing) = (Vec::new(), Vec::new());
    for task in tasks {
        match task.await.unwrap() {
            (run, Opened::New) => new.push(run),
            (_, Opened::Existing { run }) => existing.push(run),
        }
    }
    assert_eq!((new.len(), existing.len()), (1, 29));
    assert!(existing.iter().all(|run| *run == new[0]));
    assert_eq!(stores[0].recent_runs(10).await.unwrap().len(), 1);
    assert_eq!(stores[0].verify(None).await.unwrap().entries, 1);
}

/// Concurrent openings share a batch. Each key opens one run, whatever else is in the statement.
pub async fn requests_that_come_together_open_a_run_each(place: &Place) {
    let store = place.open().await;
    let tasks: Vec<_> = (0..100)
        .map(|n| {
            let store = store.clone();
            let (run, key) = (format!("run-{n}"), format!("trigger {}", n % 50));
            let new = NewRun { run: run.clone(), key: key.clone(), first: entry("opened"), wake: true };
            tokio::spawn(async move {
                let opened = match store.open_run(new).await.unwrap() {
                    Opened::New => run,
                    Opened::Existing { run } => run,
                };
                (key, opened)
            })
        })
        .collect();
    let mut opened = BTreeMap::new();
    for task in tasks {
        let (key, run) = task.await.unwrap();
        assert_eq!(*opened.entry(key).or_insert(run.clone()), run, "two runs for one request");
    }
    assert_eq!(opened.len(), 50);
    for (key, run) in &opened {
        assert_eq!(store.run(run).await.unwrap().unwrap().key, *key);
        assert_eq!(store.entries(run).await.unwrap().len(), 1);
    }
    assert_eq!(store.verify(None).await.unwrap().entries, 50);
}

pub async fn a_part_of_an_id_finds_its_runs(place: &Place) {
    let store = place.open().await;
    let ids = [
        "01a22b0e-0438-7587-8f82-176a680e8a9b",
        "01a22b0e-0438-7587-8f82-276a680e8a9b",
        "01a22b0f-0438-7587-8f82-176a680e8a9c",
        "x",
    ];
    for (second, id) in ids.iter().enumerate() {
        let first = NewEntry { at: at(i64::try_from(second).unwrap()), ..entry("opened") };
        let new = NewRun { run: (*id).to_owned(), key: (*id).to_owned(), first, wake: false };
        store.open_run(new).await.unwrap();
    }
    let [one, two, three, _] = ids;
    let found = async |part: &str| store.runs_with_part(part, 5).await.unwrap();
    assert_eq!(found(one).await, [one]);
    assert_eq!(found("8a9b").await, [two, one], "the newest first");
    assert_eq!(found("01a22b0").await, [three, two, one]);
    assert_eq!(found("176a680e8a9b").await, [one]);
    assert_eq!(found("01a22b0f-").await, [three]);
    for none in ["7587", "8A9B", "8a9%", "____", "dead"] {
        assert!(found(none).await.is_empty(), "{none}");
    }
    assert_eq!(store.runs_with_part("01a22b0", 2).await.unwrap(), [three, two]);
}

/// More runs than one page has, many of them with the same time, and in an order that is not that of their ids.
pub async fn every_run_since_a_time_is_read_once(place: &Place) {
    let store = place.open().await;
    let mut expected = Vec::new();
    for n in 0..1_203_i64 {
        let kind = if n % 7 == 0 { "sweep-opened" } else { "opened" };
        let run = format!("{:04}-{n}", (n * 7_919) % 1_203);
        let first = NewEntry { at: at(n / 400), ..entry(kind) };
        store.open_run(NewRun { run: run.clone(), key: run.clone(), first, wake: false }).await.unwrap();
        if n >= 400 && n % 7 != 0 {
            expected.push(run);
        }
    }
    let read = async |since| {
        let (mut pages, mut all, mut count) = (store.runs_since(since, "opened"), Vec::new(), 0);
        while let Some(page) = pages.next_page().await.unwrap() {
            assert!(page.len() <= 500, "{} runs at once", page.len());
            all.extend(page);
            count += 1;
        }
        (all, count)
    };
    assert_eq!(read(at(1)).await, (expected.clone(), 2));
    assert_eq!(read(at(0)).await.0.len(), 1_203 - 172);
    let last: Vec<String> = expected
        .into_iter()
        .filter(|run| run.ends_with("-1200") || run.ends_with("-1201") || run.ends_with("-1202"))
        .collect();
    assert_eq!(read(at(3)).await.0, last, "the time itself is included");
    assert_eq!(read(at(4)).await, (Vec::new(), 0));
}

pub async fn the_last_runs_that_have_ended_are_found(place: &Place) {
    let store = place.open().await;
    let end = || AppendOptions { end: true, ..AppendOptions::default() };
    for (n, kind) in (0_i64..).zip(["opened", "opened", "sweep-opened", "opened", "opened"]) {
        // The ids are in the reverse order, and two runs were opened at the same time.
        let run = format!("run-{}", 9 - n);
        let first = NewEntry { at: at(n / 2), ..entry(kind) };
        store.open_run(NewRun { run: run.clone(), key: run.clone(), first, wake: false }).await.unwrap();
        if n != 3 {
            appended(&store, &run, "ended", end()).await;
        }
    }
    let found = async |most| store.last_ended_runs("opened", most).await.unwrap();
    assert_eq!(found(9).await, ["run-5", "run-8", "run-9"], "run-6 is open, and run-7 is a sweep");
    assert_eq!(found(2).await, ["run-5", "run-8"]);
}

pub async fn history_is_newest_first(place: &Place) {
    let store = place.open().await;
    let (one, two) = (opened(&store).await, opened(&store).await);
    appended(
        &store,
        &one,
        "ended",
        AppendOptions { claim: vec!["account:1".into()], end: true, ..AppendOptions::default() },
    )
    .await;
    appended(
        &store,
        &two,
        "diagnosed",
        AppendOptions { about: vec!["account:1".into()], ..AppendOptions::default() },
    )
    .await;
    let history: Vec<_> =
        store.runs_for_identity("account:1").await.unwrap().into_iter().map(|row| row.run).collect();
    assert_eq!(history, [two.clone(), one.clone()]);
    assert!(store.runs_for_identity("account:2").await.unwrap().is_empty());
    let recent: Vec<_> = store.recent_runs(1).await.unwrap().into_iter().map(|row| row.run).collect();
    assert_eq!(recent, std::slice::from_ref(&two));
    let open: Vec<_> = store.open_runs().await.unwrap().into_iter().map(|row| row.run).collect();
    assert_eq!(open, std::slice::from_ref(&two));
    let three = opened(&store).await;
    assert_eq!(store.oldest_open_runs(1).await.unwrap(), (vec![two.clone()], 2));
    assert_eq!(store.oldest_open_runs(9).await.unwrap(), (vec![two, three], 2));
}

pub async fn a_change_is_known_by_whom_it_is_about(place: &Place) {
    let store = place.open().await;
    let run = opened(&store).await;
    appended(
        &store,
        &run,
        "planned",
        AppendOptions { about: vec!["account:1".into()], ..AppendOptions::default() },
    )
    .await;
    let changed = async |identity: &str, since| {
        let names = ["account:0".to_owned(), identity.to_owned()];
        store.is_changed(&names, since).await.unwrap()
    };
    let first = store.entries(&run).await.unwrap()[0].at;
    assert!(!changed("account:1", first).await, "a plan changes nothing");
    appended(&store, &run, "confirmed", AppendOptions::default()).await;
    let at = store.entries(&run).await.unwrap()[2].at;
    let later = at.checked_add(Duration::from_millis(1)).unwrap();
    assert!(changed("account:1", first).await && changed("account:1", at).await);
    assert!(!changed("account:1", later).await, "it was so already");
    assert!(!changed("account:2", first).await, "somebody else");
}

pub async fn an_event_is_new_once(place: &Place) {
    let stores = [place.open().await, place.open().await];
    let tasks: Vec<_> = (0..10)
        .map(|n| {
            let store = stores[n % 2].clone();
            tokio::spawn(async move { store.mark_seen("Ev1", at(0)).await.unwrap() })
        })
        .collect();
    let mut first = 0;
    for task in tasks {
        first += u32::from(task.await.unwrap());
    }
    assert_eq!(first, 1);
    assert!(!stores[0].mark_seen("Ev1", at(24 * 3600)).await.unwrap());
    // After two days the next event deletes the key.
    assert!(stores[0].mark_seen("Ev2", at(3 * 24 * 3600)).await.unwrap());
    assert!(stores[0].mark_seen("Ev1", at(3 * 24 * 3600)).await.unwrap());
}

/// Runs opened in the same millisecond keep the order in which they were opened, whatever their ids are.
pub async fn order_is_not_that_of_names(place: &Place) {
    let store = place.open().await;
    let names = ["b", "A", "a-b", "B", "ab"];
    for name in names {
        store.open_run(awake(name, name)).await.unwrap();
        appended(
            &store,
            name,
            "diagnosed",
            AppendOptions { about: vec!["account:1".into()], ..AppendOptions::default() },
        )
        .await;
    }
    let of = |rows: Vec<super::super::RunRow>| rows.into_iter().map(|row| row.run).collect::<Vec<_>>();
    let mut newest = names;
    newest.reverse();
    assert_eq!(of(store.open_runs().await.unwrap()), names);
    assert_eq!(of(store.recent_runs(5).await.unwrap()), newest);
    assert_eq!(of(store.runs_for_identity("account:1").await.unwrap()), newest);
    assert_eq!(store.oldest_open_runs(2).await.unwrap().0, ["b", "A"]);
    assert_eq!(store.open_run_on("account:1").await.unwrap().as_deref(), Some("b"));
    let roles = ["b", "B", "a-c", "ab"];
    for role in roles {
        let at = MessageRef { channel: "C0ADMINS".into(), ts: role.into() };
        let card =
            PostedMessage { run: "b".into(), role: role.into(), at, rendered_seq: 1, fingerprint: "".into() };
        store.set_card(card, None).await.unwrap();
    }
    let cards: Vec<_> =
        store.cards("b").await.unwrap().into_iter().map(|card| card.role.to_string()).collect();
    assert_eq!(cards, ["B", "a-c", "ab", "b"]);
}

/// An operator ends a run that nothing else can end. It releases what it holds, and the chain records this.
pub async fn a_released_run_holds_nothing(place: &Place) {
    let store = place.open().await;
    let (run, other) = (opened(&store).await, opened(&store).await);
    let also = AppendOptions {
        claim: vec!["account:1".into()],
        tenant: Some(Tenant::Exclusive),
        wake: true,
        ..AppendOptions::default()
    };
    appended(&store, &run, "planned", also).await;
    let lease = store.claim(&run, "me", Duration::from_secs(600)).await.unwrap().unwrap();
    let note = || NewEntry { facts: "{\"by\":\"cli\"}".into(), ..entry("run-released") };
    assert_eq!(store.release_run(&run, 1, note()).await.unwrap(), Released::MovedOn);
    assert_eq!(store.claimed_by("account:1").await.unwrap(), Some(run.clone()));
    let head = store.head().await.unwrap();
    let Released::Yes(released) = store.release_run(&run, 2, note()).await.unwrap() else {
        panic!("it stays")
    };
    assert_eq!((released.position, store.head().await.unwrap()), (head.position + 1, released));
    assert!(store.run(&run).await.unwrap().unwrap().ended());
    assert!(!store.renew(&lease, Duration::from_secs(600)).await.unwrap());
    assert_eq!(store.next_wake().await.unwrap(), None);
    assert_eq!(store.claimed_by("account:1").await.unwrap(), None);
    let also = AppendOptions {
        claim: vec!["account:1".into()],
        tenant: Some(Tenant::Exclusive),
        ..AppendOptions::default()
    };
    appended(&store, &other, "planned", also).await;
    assert_eq!(store.release_run(&run, 2, note()).await.unwrap(), Released::Ended);
    let nowhere = store.release_run("none", 1, note()).await;
    assert!(matches!(nowhere, Err(StoreError::UnknownRun(_))), "{nowhere:?}");
    assert!(!store.stale_cards(10).await.unwrap().contains(&run), "its card cannot be drawn");
    store.verify(None).await.unwrap();
}
