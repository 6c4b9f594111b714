//! A private PostgreSQL for the tests: made by `initdb` in a temporary folder, stopped with the test.

use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::Connection;

use super::Place;

pub struct Server {
    process: Child,
    port: u16,
    databases: AtomicU32,
    _dir: tempfile::TempDir,
}

impl Server {
    /// None if PostgreSQL is not installed.
    pub fn start() -> Option<Self> {
        for program in ["initdb", "postgres"] {
            Command::new(program).arg("--version").stdout(Stdio::null()).status().ok()?;
        }
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        std::fs::create_dir(&data).unwrap();
        // PostgreSQL refuses to run as root, so that root becomes `nobody`.
        let other = (id() == 0).then_some(65534);
        if let Some(user) = other {
            std::os::unix::fs::chown(dir.path(), Some(user), Some(user)).unwrap();
            std::os::unix::fs::chown(&data, Some(user), Some(user)).unwrap();
        }
        let made = command("initdb", other)
            .args(["--auth=trust", "--username=bot", "--encoding=UTF8", "--no-sync", "-D"])
            .arg(&data)
            .current_dir(dir.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = command("postgres", other)
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"])
            .args(["-c", "max_connections=200", "-p", &port.to_string(), "-D"])
            .arg(&data)
            .current_dir(dir.path())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self { process, port, databases: AtomicU32::new(0), _dir: dir })
    }

    /// A new database.
    pub async fn place(&self) -> Place {
        sqlx::any::install_default_drivers();
        let base = format!("postgres://bot@127.0.0.1:{}", self.port);
        let mut conn = None;
        for _ in 0..600 {
            match sqlx::AnyConnection::connect(&format!("{base}/postgres")).await {
                Ok(open) => {
                    conn = Some(open);
                    break;
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        let mut conn = conn.expect("PostgreSQL does not come up");
        let name = format!("place{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        Place { url: format!("{base}/{name}"), _dir: None }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGQUIT ends it at once and cleans up its shared memory, which SIGKILL does not.
        let asked = Command::new("kill").args(["-QUIT", &self.process.id().to_string()]).status();
        if !asked.is_ok_and(|status| status.success()) {
            self.process.kill().ok();
        }
        self.process.wait().ok();
    }
}

fn command(program: &str, user: Option<u32>) -> Command {
    let mut command = Command::new(program);
    if let Some(user) = user {
        command.uid(user).gid(user);
    }
    command
}

fn id() -> u32 {
    let out = Command::new("id").arg("-u").output().unwrap();
    String::from_utf8_lossy(&out.stdout).trim().parse().unwrap()
}
