//! The chain against an attacker who can write to the database.

use sqlx::Row;

use super::super::sweeps::SweepRow;
use super::super::{AppendOptions, AuditError, Entry, Erased, Head, NewEntry, NewRun, Store, retention};
use super::{Place, about_jane, appended, at, entry, opened};

/// Six entries, the third with personal data.
async fn chain(place: &Place) -> (Store, String) {
    let store = place.open().await;
    let run = opened(&store).await;
    appended(
        &store,
        &run,
        "diagnosed",
        AppendOptions { claim: vec!["account:1".into()], ..AppendOptions::default() },
    )
    .await;
    store.append(&run, 2, None, &[about_jane("planned")], AppendOptions::default()).await.unwrap();
    store.append_global(entry("denied")).await.unwrap();
    appended(&store, &run, "began", AppendOptions::default()).await;
    appended(&store, &run, "confirmed", AppendOptions::default()).await;
    (store, run)
}

async fn tamper(store: &Store, sql: &'static str) {
    assert!(sqlx::raw_sql(sql).execute(&store.pool).await.unwrap().rows_affected() > 0, "{sql}");
}

/// The position at which the chain is broken.
async fn broken(store: &Store, head: Option<&str>) -> i64 {
    match store.verify(head).await {
        Err(AuditError::Broken { position, .. }) => position,
        other => panic!("{other:?}"),
    }
}

pub async fn a_whole_chain_verifies(place: &Place) {
    let store = place.open().await;
    assert_eq!(store.verify(None).await.unwrap().head, Head::start());
    let early = chain(place).await.0.head().await.unwrap();
    for _ in 0..520 {
        // More entries than one page, in fewer than 520 transactions.
        if store.head().await.unwrap().position > 500 {
            break;
        }
        let run = opened(&store).await;
        let many: Vec<_> = (0..200).map(|_| entry("step")).collect();
        store.append(&run, 1, None, &many, AppendOptions::default()).await.unwrap();
    }
    let verified = store.verify(Some(&early.hash)).await.unwrap();
    assert!(verified.entries > 500);
    assert_eq!(verified.head, store.head().await.unwrap());
    store.verify(Some(&early.to_string())).await.unwrap();
    let elsewhere = format!("5:{}", early.hash);
    assert_eq!(broken(&store, Some(&elsewhere)).await, 5);
    for bad in ["", "abc", "x:y"] {
        assert!(matches!(store.verify(Some(bad)).await, Err(AuditError::BadHead(_))));
    }
}

pub async fn a_changed_entry_is_found(place: &Place) {
    let (store, run) = chain(place).await;
    tamper(&store, "UPDATE entries SET facts = '{}' WHERE position = 2").await;
    assert_eq!(broken(&store, None).await, 2);
    let error = store.entries(&run).await.unwrap_err().to_string();
    assert!(error.contains("position 2"), "{error}");
}

pub async fn an_inserted_entry_is_found(place: &Place) {
    let (store, _) = chain(place).await;
    tamper(
        &store,
        "INSERT INTO entries (position, at, kind, facts, prev_hash, hash)
         SELECT 7, at, 'approved', facts, hash, hash FROM entries WHERE position = 6",
    )
    .await;
    assert_eq!(broken(&store, None).await, 7);
}

pub async fn swapped_entries_are_found(place: &Place) {
    let (store, run) = chain(place).await;
    tamper(&store, "UPDATE entries SET position = -5 WHERE position = 5").await;
    tamper(&store, "UPDATE entries SET position = 5 WHERE position = 6").await;
    tamper(&store, "UPDATE entries SET position = 6 WHERE position = -5").await;
    assert_eq!(broken(&store, None).await, 5);
    assert!(store.entries(&run).await.is_err());
}

pub async fn a_removed_entry_is_found(place: &Place) {
    let (store, run) = chain(place).await;
    tamper(&store, "DELETE FROM entries WHERE position = 5").await;
    assert_eq!(broken(&store, None).await, 5);
    let error = store.entries(&run).await.unwrap_err().to_string();
    assert!(error.contains("position 6"), "{error}");
    tamper(&store, "DELETE FROM entries").await;
    let error = store.entries(&run).await.unwrap_err().to_string();
    assert!(error.contains("are missing"), "{error}");
}

pub async fn a_cut_end_is_found_with_a_kept_head(place: &Place) {
    let (store, run) = chain(place).await;
    let head = store.head().await.unwrap();
    tamper(&store, "DELETE FROM entries WHERE position = 6").await;
    // The head row reveals the change. If the head row is changed too, the run's own count reveals it. If both are
    // changed, the kept head reveals it.
    assert_eq!(broken(&store, None).await, 5);
    tamper(
        &store,
        "UPDATE head SET position = 5, hash = (SELECT entries.hash FROM entries WHERE entries.position = 5)",
    )
    .await;
    store.verify(None).await.unwrap();
    assert!(store.entries(&run).await.unwrap_err().to_string().contains("are missing"));
    assert_eq!(broken(&store, Some(&head.hash)).await, 6);
    assert_eq!(broken(&store, Some(&head.to_string())).await, 6);
}

pub async fn a_rewritten_chain_is_found_with_a_kept_head(place: &Place) {
    let (store, _) = chain(place).await;
    let kept = store.head().await.unwrap();
    // An attacker who knows the hash rules replaces the last entry.
    let before = &store.export(None).next_page().await.unwrap().unwrap()[4];
    let forged = before.head().next(None, &entry("approved"));
    sqlx::query("UPDATE entries SET run = NULL, run_seq = NULL, kind = $1, hash = $2 WHERE position = 6")
        .bind(&forged.kind)
        .bind(&forged.hash)
        .execute(&store.pool)
        .await
        .unwrap();
    sqlx::query("UPDATE head SET hash = $1").bind(&forged.hash).execute(&store.pool).await.unwrap();
    store.verify(None).await.unwrap();
    assert_eq!(broken(&store, Some(&kept.to_string())).await, 6);
}

pub async fn a_forged_link_is_found_at_the_next_one(place: &Place) {
    let (store, _) = chain(place).await;
    let entries = store.export(None).next_page().await.unwrap().unwrap();
    // The fourth entry is replaced and is valid by itself. Only the fifth entry reveals the change.
    let forged = entries[2].head().next(None, &entry("approved"));
    sqlx::query("UPDATE entries SET kind = $1, at = $2, facts = $3, hash = $4 WHERE position = 4")
        .bind(&forged.kind)
        .bind(forged.at.as_millisecond())
        .bind(&forged.facts)
        .bind(&forged.hash)
        .execute(&store.pool)
        .await
        .unwrap();
    forged.check().unwrap();
    assert_eq!(broken(&store, None).await, 5);
}

pub async fn changed_personal_data_is_found(place: &Place) {
    let (store, run) = chain(place).await;
    tamper(&store, "UPDATE entries SET personal = '{\"email\":\"eve@acme.example\"}' WHERE position = 3")
        .await;
    assert_eq!(broken(&store, None).await, 3);
    assert!(store.entries(&run).await.is_err());
    tamper(&store, "UPDATE entries SET personal = NULL WHERE position = 3").await;
    assert_eq!(broken(&store, None).await, 3);
    // When data and salt are both removed, the data is missing and no entry explains it.
    tamper(&store, "UPDATE entries SET personal_salt = NULL WHERE position = 3").await;
    assert_eq!(broken(&store, None).await, 3);
    // Personal data is added to an entry that never had any.
    tamper(&store, "UPDATE entries SET personal = '{}', personal_salt = 'x' WHERE position = 4").await;
    assert_eq!(broken(&store, None).await, 4);
}

pub async fn erased_personal_data_breaks_nothing(place: &Place) {
    let (store, run) = chain(place).await;
    store.append_global(about_jane("denied")).await.unwrap();
    let found = SweepRow { query: "jane@acme.example".into(), found: "{}".into() };
    store.keep_found(&run, vec![found]).await.unwrap();
    let head = store.head().await.unwrap();
    // The run is open, so it still needs its personal data.
    let erased = store.erase_personal(at(10)).await.unwrap();
    assert_eq!((erased.entries, erased.identities), (1, 0));
    assert_eq!(store.found_by(&run).await.unwrap().len(), 1);
    assert!(!store.entries(&run).await.unwrap()[2].erased());
    appended(&store, &run, "ended", AppendOptions { end: true, ..AppendOptions::default() }).await;
    assert_eq!(store.erase_personal(at(0)).await.unwrap().entries, 0);
    let erased = store.erase_personal(at(10)).await.unwrap();
    assert_eq!((erased.entries, erased.identities), (1, 1));
    let entries = store.entries(&run).await.unwrap();
    assert!(entries[2].erased() && entries[2].personal_salt.is_none());
    assert!(store.runs_for_identity("account:1").await.unwrap().is_empty());
    assert!(store.found_by(&run).await.unwrap().is_empty(), "what a sweep found names people");
    store.verify(Some(&head.to_string())).await.unwrap();
}

pub async fn the_export_is_the_chain(place: &Place) {
    let (store, _) = chain(place).await;
    let mut late = entry("late");
    late.at = at(100);
    store.append_global(late).await.unwrap();
    let mut export = store.export(None);
    let positions: Vec<_> =
        export.next_page().await.unwrap().unwrap().iter().map(|entry| entry.position).collect();
    assert_eq!(positions, [1, 2, 3, 4, 5, 6, 7]);
    assert!(export.next_page().await.unwrap().is_none());
    let since = store.export(Some(at(50))).next_page().await.unwrap().unwrap();
    assert_eq!(since.iter().map(|entry| entry.kind.as_str()).collect::<Vec<_>>(), ["late"]);
}

pub async fn many_entries_are_erased_bit_by_bit(place: &Place) {
    let store = place.open().await;
    let run = opened(&store).await;
    let many: Vec<_> = (0..1201).map(|_| about_jane("step")).collect();
    store
        .append(&run, 1, None, &many, AppendOptions { end: true, ..AppendOptions::default() })
        .await
        .unwrap();
    assert_eq!(store.erase_personal(at(10)).await.unwrap().entries, 1201);
    assert_eq!(store.erase_personal(at(10)).await.unwrap().entries, 0);
    assert!(store.stale_cards(1).await.unwrap().is_empty(), "nothing is left of it to be drawn");
    store.verify(None).await.unwrap();
}

pub async fn one_of_many_equal_notes_is_kept(place: &Place) {
    let stores = [place.open().await, place.open().await];
    let note = |facts: &'static str| {
        move |last: Option<Entry>| {
            let same = last.is_some_and(|last| last.facts == facts);
            (!same).then(|| NewEntry { facts: facts.to_owned(), ..entry("configured") })
        }
    };
    let starts = (0..16).map(|n| {
        let store = stores[n % 2].clone();
        tokio::spawn(
            async move { store.append_global_after("configured", note("1")).await.unwrap().is_some() },
        )
    });
    let starts: Vec<_> = starts.collect();
    let mut written = 0;
    for start in starts {
        written += usize::from(start.await.unwrap());
    }
    assert_eq!(written, 1);
    stores[0].append_global(entry("denied")).await.unwrap();
    assert!(stores[0].append_global_after("configured", note("2")).await.unwrap().is_some());
    assert!(stores[1].append_global_after("configured", note("1")).await.unwrap().is_some());
    assert_eq!(stores[1].verify(None).await.unwrap().entries, 4);
}

const HOLE: &str = "UPDATE entries SET personal = NULL, personal_salt = NULL WHERE position = 3";

/// The last entry, with its facts.
async fn last(store: &Store) -> (String, String) {
    let after = store.head().await.unwrap().position - 1;
    let mut export = store.export(None);
    let entries = export.next_page().await.unwrap().unwrap();
    let last = entries.into_iter().find(|entry| entry.position > after).unwrap();
    (last.kind, last.facts)
}

pub async fn a_hole_that_no_erasure_explains_is_found(place: &Place) {
    let (store, run) = chain(place).await;
    store.append_global(about_jane("denied")).await.unwrap();
    store.append_global(about_jane("denied")).await.unwrap();
    let kept = store.head().await.unwrap().to_string();
    assert_eq!(store.erase_personal(at(10)).await.unwrap().entries, 2);
    let erased = ("personal-erased".to_owned(), "{\"positions\":[[7,8]]}".to_owned());
    assert_eq!(last(&store).await, erased);
    store.verify(Some(&kept)).await.unwrap();
    // The run is open, so retention has not touched it. Somebody else removed the data.
    tamper(&store, HOLE).await;
    assert_eq!(broken(&store, None).await, 3);
    assert_eq!(broken(&store, Some(&kept)).await, 3);
    // A later erasure by retention does not explain it either.
    appended(&store, &run, "ended", AppendOptions { end: true, ..AppendOptions::default() }).await;
    store.append_global(about_jane("denied")).await.unwrap();
    assert_eq!(store.erase_personal(at(10)).await.unwrap().entries, 1);
    assert_eq!(broken(&store, Some(&kept)).await, 3);
}

pub async fn what_was_erased_before_there_were_erasures_is_written_down_once(place: &Place) {
    let (store, _) = chain(place).await;
    let kept = store.head().await.unwrap().to_string();
    tamper(&store, HOLE).await;
    super::starting::back_to_version_3(store).await;
    let store = place.open().await;
    let found = ("personal-erased".to_owned(), "{\"positions\":[[3,3]],\"found\":true}".to_owned());
    assert_eq!(last(&store).await, found);
    let verified = store.verify(Some(&kept)).await.unwrap();
    // From then on every other removal is found, including one after that entry.
    store.append_global(about_jane("denied")).await.unwrap();
    assert_eq!(place.open().await.verify(None).await.unwrap().entries, verified.entries + 1);
    tamper(&store, "UPDATE entries SET personal = NULL, personal_salt = NULL WHERE position = 8").await;
    assert_eq!(broken(&store, None).await, 8);
}

pub async fn a_key_names_nobody_when_its_run_is_forgotten(place: &Place) {
    let store = place.open().await;
    let child = |run: &str| NewRun {
        run: run.into(),
        key: format!("sweep s 712020:jane-{run}"),
        first: about_jane("opened"),
        wake: false,
    };
    for run in ["over", "open"] {
        store.open_child(child(run), "s").await.unwrap();
        store.keep_found(run, vec![SweepRow { query: "jane".into(), found: "{}".into() }]).await.unwrap();
    }
    appended(
        &store,
        "over",
        "ended",
        AppendOptions { end: true, about: vec!["a:1".into()], ..AppendOptions::default() },
    )
    .await;
    store.mark_seen("help U0JANE", at(0)).await.unwrap();
    let erased = store.erase_personal(at(10)).await.unwrap();
    assert_eq!((erased.entries, erased.identities), (1, 1));
    assert_eq!(store.run("over").await.unwrap().unwrap().key, "forgotten over");
    assert_eq!(store.run("open").await.unwrap().unwrap().key, "sweep s 712020:jane-open");
    assert!(store.found_by("over").await.unwrap().is_empty());
    assert_eq!(store.found_by("open").await.unwrap().len(), 1);
    assert!(store.mark_seen("help U0JANE", at(0)).await.unwrap(), "what was seen is forgotten, too");
    assert_eq!(store.erase_personal(at(10)).await.unwrap(), Erased::default());
    store.verify(None).await.unwrap();
}

/// The query plans of the statements that retention repeats, because the journal only grows.
pub async fn what_is_to_be_forgotten_is_found_by_an_index(place: &Place) {
    let store = place.open().await;
    let mut conn = store.writing.acquire().await.unwrap();
    let sqlite = place.url.starts_with("sqlite");
    if !sqlite {
        // The planner would read a small table as a whole.
        sqlx::raw_sql("SET enable_seqscan = off").execute(&mut *conn).await.unwrap();
    }
    let children = "SELECT run FROM runs WHERE runs.parent = $1";
    for (sql, index) in [
        (retention::TO_ERASE, "entries_to_forget"),
        (retention::TO_FORGET, "runs_to_forget"),
        (children, "runs_of_parent"),
    ] {
        let sql = sql.replace("$1", "'7'").replace("$2", "500");
        let explain = if sqlite { format!("EXPLAIN QUERY PLAN {sql}") } else { format!("EXPLAIN {sql}") };
        let rows = sqlx::query(sqlx::AssertSqlSafe(explain)).fetch_all(&mut *conn).await.unwrap();
        let column = if sqlite { "detail" } else { "QUERY PLAN" };
        let plan: Vec<String> = rows.iter().map(|row| row.try_get(column).unwrap()).collect();
        assert!(plan.iter().any(|line| line.contains(index)), "{index}: {plan:#?}");
    }
}
