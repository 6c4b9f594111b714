//! A database that version 1 wrote opens, verifies and folds: the sweep, the repair that the sweep began, and a repair
//! that was approved. The dump was made by version 1 and is never made again.

use reinstate::exec::{Journal, Loaded};
use reinstate_core::Outcome;
use reinstate_store::Store;
use sqlx::Connection as _;

const DUMP: &str = include_str!("data/version-1.sql");

#[tokio::test]
async fn a_database_of_version_1_opens_folds_and_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("version-1.db");
    std::fs::File::create(&file).unwrap();
    let url = format!("sqlite:{}", file.display());
    let mut old = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(DUMP).execute(&mut old).await.unwrap();
    old.close().await.unwrap();

    let journal = Journal::new(Store::open(&url).await.unwrap());
    let head = "29:a2bba799921123efa8a89ad90f4e2654dcd3912a7c4b9e40fbe71bde90c98761";
    assert!(journal.store().verify(Some(head)).await.unwrap().entries >= 29);
    let (mut runs, mut sweeps) = (Vec::new(), Vec::new());
    for row in journal.store().recent_runs(100).await.unwrap() {
        match journal.load(&row.run).await.unwrap() {
            Loaded::Run(run, entries) => {
                assert_eq!(entries.len(), usize::try_from(run.seq).unwrap());
                runs.push((row.run, *run));
            }
            Loaded::Sweep(sweep, _) => sweeps.push((row.run, *sweep)),
        }
    }
    let [(sweep_id, sweep)] = sweeps.as_slice() else { panic!("one sweep, and not {}", sweeps.len()) };
    assert!(sweep.ended.as_deref().unwrap().contains("1 of 1 account has its access back"), "{sweep:?}");
    assert_eq!((sweep.ended_by.as_deref(), sweep.requester().unwrap().by.id.as_str()), (None, "U0ADA"));
    assert_eq!(sweep.surveyed.as_ref().unwrap().list.repairs().len(), 1);
    let [(_, approved), (_, part)] = runs.as_slice() else { panic!("two runs, and not {}", runs.len()) };
    assert_eq!(part.part.as_ref().unwrap().sweep, *sweep_id);
    for run in [approved, part] {
        assert_eq!(run.ended.as_ref().unwrap().0, Outcome::Restored);
        assert!(!run.steps_done().is_empty());
    }
}
