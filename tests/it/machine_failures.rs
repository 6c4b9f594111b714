//! Machine failures in the middle of a step: the disk is full, the database is unreachable for half a minute, the clock
//! jumps by an hour. Nothing is done that could not be written to the journal first. After the failure, the run comes
//! to the same end as without it.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use reinstate_sandbox::scenarios::find;
use reinstate_sandbox::tenant::ADMINS;
use sqlx::{Connection, Executor};
use tempfile::TempDir;

use super::crash::{Kill, Point, deaths, gate, step, tell};
use super::place::{On, Place};
use super::process::Bot;
use super::story::{End, Story, changes, is_one_shot};
use reinstate_testing::postgres::Server;
use reinstate_testing::skip::{cannot, skipped};

/// A scenario with an irreversible step, an approval, and provisioning.
pub const STORY: &str = "email-held";
/// As long as a failover of a database may take.
const DEATH_TIMEOUT: Duration = Duration::from_secs(30);

/// A separate file system of a given size, which can be filled.
pub struct Disk(TempDir);

impl Disk {
    /// None if this user may not mount file systems. A message then says so.
    pub fn new(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={megabytes}m,mode=0777");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "none"]).arg(folder.path()).output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self(folder));
        }
        cannot("a full or read-only disk needs the right to mount a small file system");
        None
    }

    fn filler(&self) -> PathBuf {
        self.0.path().join("filler")
    }

    /// The address of a SQLite database on it.
    pub fn store_url(&self) -> String {
        format!("sqlite:{}", self.0.path().join("journal.db").display())
    }

    /// Makes the file system read-only.
    pub fn turn_read_only(&self) {
        let done = Command::new("mount").args(["-o", "remount,ro"]).arg(self.0.path()).status().unwrap();
        assert!(done.success(), "the file system could not be made read-only");
    }

    /// Fills the file system to the last byte.
    pub fn fill(&self) {
        let mut file = File::create(self.filler()).unwrap();
        let block = vec![1; 1 << 16];
        while file.write_all(&block).is_ok() {}
        while file.write_all(&[1]).is_ok() {}
    }

    fn free(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(self.0.path()).status().ok();
    }
}

/// Runs the scenario without a failure, and finds its irreversible step at this point.
pub async fn plain(point: Point) -> (End, Kill) {
    reinstate::upstream::install_tls();
    let plain = tell(On::Sqlite, find(STORY).unwrap(), None).await.unwrap();
    let kill = deaths(&plain)
        .into_iter()
        .find(|kill| kill.point == point && is_one_shot(step(&plain, kill.step)))
        .unwrap();
    (plain, kill)
}

/// Runs the scenario on this database until the process has reached the point. Causes `trouble`, and runs the scenario
/// to its end. The end must be the same as without the failure.
async fn told(
    point: Point,
    place: Place,
    change: &[(&str, &Path)],
    trouble: impl AsyncFnOnce(&mut Story),
) -> End {
    let (plain, kill) = plain(point).await;
    let mut story = Story::at(place, find(STORY).unwrap()).await;
    let gate = gate(&story, kill);
    let mut env = story.env(story.port);
    env.extend(change.iter().map(|(key, value)| ((*key).to_owned(), value.display().to_string())));
    let bot = Bot::start(&env, story.port).await;
    story.asks().await;
    loop {
        story.must_not_hang(&format!("{kill:?}: the gate was never reached, and it"));
        tokio::select! {
            () = gate.reached() => break,
            () = tokio::time::sleep(Duration::from_millis(50)) => story.people_act().await,
        }
    }
    let opening = async {
        // The call at the gate goes on while the failure lasts.
        tokio::time::sleep(Duration::from_secs(1)).await;
        gate.open();
    };
    tokio::join!(opening, trouble(&mut story));
    story.goes_on("after the trouble").await;
    bot.kill().await;
    let end = story.end("after the trouble").await;
    assert_eq!((end.outcome, &end.tenant), (plain.outcome, &plain.tenant));
    assert!(end.one_shots() <= plain.one_shots() + usize::from(end.asked_person));
    end
}

/// While nothing can be written, nothing is started, and the requester is told so.
async fn nothing_is_started(story: &Story) {
    let before = story.sandbox.wire.calls().iter().filter(|call| changes(call)).count();
    let ack = story.people.command("U0ADA", ADMINS, "repair vera@acme.example").await.unwrap();
    assert!(ack.body.contains("Nothing was started"), "{}", ack.body);
    let after = story.sandbox.wire.calls().iter().filter(|call| changes(call)).count();
    assert_eq!(before, after, "nothing is sent that could not be written down");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "waits for real time to pass: cargo test --test it -- --ignored machine_failures::"]
async fn a_full_disk_stops_a_run_and_loses_nothing() {
    let Some(disk) = Disk::new(16) else { return };
    let place = Place::at(disk.store_url());
    told(Point::BeforeBegin, place, &[], async |story| {
        disk.fill();
        nothing_is_started(story).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        nothing_is_started(story).await;
        disk.free();
    })
    .await;
}

/// Fills the space that PostgreSQL has reserved for its log. On a full disk, the next write then fails.
async fn use_up_the_log(url: &str) {
    for _ in 0..32 {
        let Ok(mut conn) = sqlx::PgConnection::connect(url).await else { return };
        if conn.execute("SELECT pg_logical_emit_message(false, 'test', repeat('x', 500000))").await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "waits for real time to pass: cargo test --test it -- --ignored machine_failures::"]
async fn a_full_disk_under_postgres_stops_a_run_and_loses_nothing() {
    let Some(disk) = Disk::new(96) else { return };
    let folder = tempfile::tempdir_in(disk.0.path()).unwrap();
    let Some(server) = Server::private(folder) else { return };
    let url = server.database().await;
    let place = Place::at(url.clone());
    told(Point::BeforeBegin, place, &[], async |story| {
        disk.fill();
        // Without space for its log, PostgreSQL stops. The test starts it again when there is space.
        use_up_the_log(&url).await;
        nothing_is_started(story).await;
        disk.free();
        server.stop();
        server.start();
    })
    .await;
}

/// PostgreSQL is unreachable for half a minute while the process is at this point.
async fn gone_at(point: Point) {
    let Some(server) = Server::private(tempfile::tempdir().unwrap()) else { return };
    let place = Place::at(server.database().await);
    told(point, place, &[], async |story| {
        server.stop();
        nothing_is_started(story).await;
        tokio::time::sleep(DEATH_TIMEOUT).await;
        nothing_is_started(story).await;
        server.start();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_is_gone_for_half_a_minute_loses_nothing() {
    gone_at(Point::AfterAct).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "waits for real time to pass: cargo test --test it -- --ignored machine_failures::"]
async fn a_postgres_that_is_gone_before_a_step_begins_loses_nothing() {
    gone_at(Point::BeforeBegin).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "waits for real time to pass: cargo test --test it -- --ignored machine_failures::"]
async fn a_sqlite_that_is_locked_for_longer_than_it_waits_loses_nothing() {
    let place = On::Sqlite.place().await.unwrap();
    let file = place.url.clone();
    told(Point::AfterAct, place, &[], async |story| {
        let mut other = sqlx::SqliteConnection::connect(&file).await.unwrap();
        other.execute("BEGIN IMMEDIATE").await.unwrap();
        nothing_is_started(story).await;
        tokio::time::sleep(DEATH_TIMEOUT + Duration::from_secs(5)).await;
        other.execute("ROLLBACK").await.unwrap();
    })
    .await;
}

/// Debian's libfaketime, which gives one process another time. None if it is not installed.
fn faketime() -> Option<PathBuf> {
    let found = ["x86_64-linux-gnu", "aarch64-linux-gnu"]
        .map(|machine| PathBuf::from(format!("/usr/lib/{machine}/faketime/libfaketime.so.1")));
    let found = found.into_iter().find(|path| path.exists());
    if found.is_none() {
        skipped("libfaketime is not installed, so no clock was moved");
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "waits for real time to pass: cargo test --test it -- --ignored machine_failures::"]
async fn a_clock_that_jumps_an_hour_and_back_holds_nobody_up() {
    let Some(library) = faketime() else { return };
    for (first, then) in [("+3600", "+0"), ("-3600", "+0")] {
        let folder = tempfile::tempdir().unwrap();
        let clock = folder.path().join("clock");
        std::fs::write(&clock, "+0").unwrap();
        let change: [(&str, &Path); 4] = [
            ("LD_PRELOAD", &library),
            ("FAKETIME_TIMESTAMP_FILE", &clock),
            ("FAKETIME_NO_CACHE", Path::new("1")),
            ("FAKETIME_DONT_FAKE_MONOTONIC", Path::new("1")),
        ];
        let place = On::Sqlite.place().await.unwrap();
        let end = told(Point::AfterAct, place, &change, async |story| {
            std::fs::write(&clock, first).unwrap();
            // For this process, a current request is an hour too old or too new, and is refused. This shows that the
            // clock has jumped.
            let stamp = loop {
                story.must_not_hang("until the clock has jumped");
                let ack = story.people.command("U0VERA", ADMINS, "help").await.unwrap();
                if ack.status != 200 {
                    break ack.status;
                }
            };
            assert_eq!(stamp, 401);
            tokio::time::sleep(Duration::from_secs(5)).await;
            std::fs::write(&clock, then).unwrap();
        })
        .await;
        println!("{first}: {:?}", end.shape());
    }
}
