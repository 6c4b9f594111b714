//! Backup and restore with the commands of `docs/how-to/backup.md`, in the middle of a repair that goes on after the
//! backup. The restored bot finds what its journal does not know by reading, and never sends an irreversible call
//! twice. Also a database that a newer program has changed in the meantime.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use reinstate::exec::Journal;
use reinstate_core::Outcome;
use reinstate_sandbox::scenarios::find;
use reinstate_store::Store;
use sqlx::{Connection as _, Executor as _};

use super::crash::{Point, gate};
use super::machine_failures::{STORY, plain};
use super::place::{On, Place};
use super::story::Story;
use reinstate_testing::postgres::Server;
use reinstate_testing::skip::skipped;

/// The commands of the document that start with this text.
fn command(begin: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/how-to/backup.md");
    let text = std::fs::read_to_string(path).unwrap();
    let line = text.lines().map(str::trim).find(|line| line.starts_with(begin));
    line.unwrap_or_else(|| panic!("the document has no command {begin}")).to_owned()
}

fn types(command: &str, folder: &Path, env: &BTreeMap<String, String>) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_reinstate")).parent().unwrap().display().to_string();
    let path = format!("{program}:{}", std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-ec", command]).current_dir(folder).envs(env).env("PATH", path);
    shell.output().unwrap()
}

fn succeeds(command: &str, folder: &Path, env: &BTreeMap<String, String>) {
    let done = types(command, folder, env);
    assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Whether this machine has a program that the document needs.
fn has(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        skipped(&format!("{program} is not installed, so no backup was made with it"));
    }
    there
}

/// The address of a database, the place of its copy, and the commands of the document that make and restore the copy.
struct Copies {
    folder: tempfile::TempDir,
    env: BTreeMap<String, String>,
    restored: String,
    commands: [String; 2],
}

impl Copies {
    fn sqlite(folder: tempfile::TempDir) -> Option<(Self, Place)> {
        let file = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
        let (place, restored) = (Place::at(file("reinstate.db")), file("restored.db"));
        let commands = [command("sqlite3"), command("cp backup.db")];
        has("sqlite3").then_some((Self { folder, env: BTreeMap::new(), restored, commands }, place))
    }

    async fn postgres(server: &Server) -> Option<(Self, Place)> {
        let (url, restored) = (server.database().await, server.database().await);
        let urls = [("DATABASE_URL", &url), ("RESTORED_URL", &restored)];
        let env = urls.map(|(name, url)| (name.to_owned(), url.clone())).into();
        let commands = [command("pg_dump"), command("pg_restore")];
        let folder = tempfile::tempdir().unwrap();
        (has("pg_dump") && has("pg_restore"))
            .then_some((Self { folder, env, restored, commands }, Place::at(url)))
    }

    fn back_up(&self) {
        succeeds(&self.commands[0], self.folder.path(), &self.env);
    }

    fn restore(&self) {
        succeeds(&self.commands[1], self.folder.path(), &self.env);
    }

    fn verify(&self, head: Option<&str>) -> Output {
        let mut verify = command("reinstate audit verify");
        if let Some(head) = head {
            verify += &format!(" --head {head}");
        }
        let env = BTreeMap::from([("REINSTATE_STORE__URL".to_owned(), self.restored.clone())]);
        types(&verify, self.folder.path(), &env)
    }
}

/// Makes a backup when an irreversible call has reached this point. The repair goes on to its end. Then the backup is
/// restored, and a new process starts on it.
async fn restored(copies: Copies, place: Place, point: Point) {
    let (plain, kill) = plain(point).await;
    let mut story = Story::at(place, find(STORY).unwrap()).await;
    let gate = gate(&story, kill);
    let bot = story.bot().await;
    story.asks().await;
    loop {
        story.must_not_hang(&format!("{kill:?}: the gate was never reached, and it"));
        tokio::select! {
            () = gate.reached() => break,
            () = tokio::time::sleep(Duration::from_millis(50)) => story.people_act().await,
        }
    }
    copies.back_up();
    gate.open();
    assert_eq!(story.goes_on("after the backup").await, Outcome::Restored);
    let head = story.ledger.store().head().await.unwrap().to_string();
    bot.kill().await;

    copies.restore();
    let whole = copies.verify(None);
    assert!(whole.status.success(), "{}", String::from_utf8_lossy(&whole.stderr));
    assert!(!copies.verify(Some(&head)).status.success(), "entries are missing, and that is not found");
    story.ledger = Journal::new(Store::open(&copies.restored).await.unwrap());
    assert_eq!(story.outcome().await, None, "the backup knows nothing of the end");
    let _old = std::mem::replace(&mut story.place, Place::at(copies.restored.clone()));
    let bot = story.bot().await;
    story.goes_on("after the restore").await;
    bot.kill().await;
    let end = story.end("after the restore").await;
    assert!(matches!(end.outcome, Outcome::Restored | Outcome::Healthy), "{:?}", end.journal);
    assert!(!end.asked_person, "{:?}", end.journal);
    assert_eq!(end.tenant, plain.tenant);
    assert_eq!(end.one_shots(), plain.one_shots(), "an irreversible call was sent again: {:?}", end.sent());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_sqlite_repeats_nothing_that_was_done_after_the_backup() {
    for point in [Point::BeforeBegin, Point::AfterAct] {
        let Some((copies, place)) = Copies::sqlite(tempfile::tempdir().unwrap()) else { return };
        restored(copies, place, point).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_postgres_repeats_nothing_that_was_done_after_the_backup() {
    let Some(server) = Server::shared() else { return };
    for point in [Point::BeforeBegin, Point::AfterAct] {
        let Some((copies, place)) = Copies::postgres(&server).await else { return };
        restored(copies, place, point).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_goes_on_when_a_newer_one_adds_to_its_database_and_does_not_start_on_it_again() {
    reinstate::upstream::install_tls();
    let place = On::Sqlite.place().await.unwrap();
    let url = place.url.clone();
    let mut story = Story::at(place, find(STORY).unwrap()).await;
    let bot = story.bot().await;
    let mut newer = sqlx::SqliteConnection::connect(&url).await.unwrap();
    for change in [
        "ALTER TABLE runs ADD COLUMN of_tomorrow TEXT",
        "ALTER TABLE entries ADD COLUMN of_tomorrow BIGINT NOT NULL DEFAULT 0",
        "CREATE TABLE of_tomorrow (id TEXT NOT NULL PRIMARY KEY)",
        "INSERT INTO schema_version (version) VALUES (999)",
    ] {
        newer.execute(change).await.unwrap();
    }
    newer.close().await.unwrap();
    story.asks().await;
    assert_eq!(story.goes_on("beside a newer program").await, Outcome::Restored);
    bot.kill().await;
    let env = story.env(story.port);
    let said = types("reinstate serve", &std::env::temp_dir(), &env);
    assert_eq!(said.status.code(), Some(1));
    let words = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(words.contains("schema version 999") && words.contains("restore a backup"), "{words}");
    story.end("beside a newer program").await;
}
