//! A private PostgreSQL for tests: made by `initdb` in a temporary folder, never run as root, one for each test
//! process and a database for each test, stopped when the last test lets go of it.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use sqlx::Connection;
use tempfile::TempDir;

use super::port::free_port;
use super::skip::skipped;

/// The server that the tests of this process share while any of them holds it.
static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());

/// PostgreSQL refuses to run as root, so that root becomes `nobody`.
const NOBODY_UID: u32 = 65534;

/// By which rules a database compares texts: nothing may depend on them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Collation {
    /// Byte by byte.
    C,
    /// The rules of ICU for English.
    Icu,
    /// The rules of glibc for English: what the official container image uses.
    Glibc,
}

pub struct Server {
    data: PathBuf,
    port: u16,
    user: Option<u32>,
    process: Mutex<Option<Child>>,
    databases: AtomicU32,
    _folder: TempDir,
}

impl Server {
    /// The shared server. None if PostgreSQL is not installed; then that was said.
    pub fn shared() -> Option<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return Some(server);
        }
        let server = Arc::new(Self::private(tempfile::tempdir().unwrap())?);
        *shared = Arc::downgrade(&server);
        Some(server)
    }

    /// A server of one's own in this folder, to be stopped and started at will.
    pub fn private(folder: TempDir) -> Option<Self> {
        for program in ["initdb", "postgres"] {
            if Command::new(program).arg("--version").stdout(Stdio::null()).status().is_err() {
                skipped("initdb and postgres are not in PATH");
                return None;
            }
        }
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let user = (uid() == 0).then_some(NOBODY_UID);
        if let Some(user) = user {
            for place in [folder.path(), &data] {
                std::os::unix::fs::chown(place, Some(user), Some(user)).unwrap();
            }
        }
        let made = command("initdb", user, folder.path())
            .args(["--auth=trust", "--username=bot", "--encoding=UTF8", "--no-sync", "--wal-segsize=1", "-D"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let (process, databases) = (Mutex::new(None), AtomicU32::new(0));
        let server = Self { data, port, user, process, databases, _folder: folder };
        server.start();
        Some(server)
    }

    /// Starts it; a client has to wait until it is up.
    pub fn start(&self) {
        let settings =
            ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "max_connections=400"];
        let mut command = command("postgres", self.user, self.data.parent().unwrap());
        for setting in settings {
            command.args(["-c", setting]);
        }
        command.args(["-c", "shared_buffers=32MB", "-c", "min_wal_size=2MB", "-c", "max_wal_size=8MB"]);
        command.args(["-p", &self.port.to_string(), "-D"]).arg(&self.data);
        *self.process() = Some(command.stderr(Stdio::null()).spawn().unwrap());
    }

    /// Stops it at once, as a machine that fails: nothing is written back, the log is replayed at the next start.
    pub fn stop(&self) {
        let Some(mut process) = self.process().take() else { return };
        // SIGQUIT ends it without a checkpoint and cleans up its shared memory, which SIGKILL does not.
        let asked = Command::new("kill").args(["-QUIT", &process.id().to_string()]).status();
        if !asked.is_ok_and(|status| status.success()) {
            process.kill().ok();
        }
        process.wait().ok();
    }

    /// The URL of a new database that compares texts byte by byte.
    #[allow(dead_code, reason = "the tests of the store name the rules themselves")]
    pub async fn database(&self) -> String {
        self.database_with(Collation::C).await.expect("every PostgreSQL has the locale C")
    }

    /// The URL of a new database with these rules. None if the machine lacks them; then that was said.
    pub async fn database_with(&self, collation: Collation) -> Option<String> {
        sqlx::any::install_default_drivers();
        let base = format!("postgres://bot@127.0.0.1:{}", self.port);
        let mut conn = self.connected(&format!("{base}/postgres")).await;
        let name = format!("place{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let rules = match collation {
            Collation::C => "LOCALE 'C'",
            Collation::Icu => "LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'",
            Collation::Glibc => "LOCALE 'en_US.UTF-8'",
        };
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name} TEMPLATE template0 {rules}"));
        let created = sqlx::raw_sql(create).execute(&mut conn).await;
        conn.close().await.unwrap();
        match created {
            Ok(_) => Some(format!("{base}/{name}")),
            Err(error) if collation != Collation::C => {
                skipped(&format!("PostgreSQL makes no database with {rules} ({error})"));
                None
            }
            Err(error) => panic!("{error}"),
        }
    }

    async fn connected(&self, url: &str) -> sqlx::AnyConnection {
        for _ in 0..1200 {
            if let Ok(conn) = sqlx::AnyConnection::connect(url).await {
                return conn;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("PostgreSQL does not come up");
    }

    fn process(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn command(program: &str, user: Option<u32>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    if let Some(user) = user {
        command.uid(user).gid(user);
    }
    command.current_dir(folder);
    command
}

fn uid() -> u32 {
    let out = Command::new("id").arg("-u").output().unwrap();
    String::from_utf8_lossy(&out.stdout).trim().parse().unwrap()
}
