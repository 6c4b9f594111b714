//! Opening a database from its URL. This is the only place that sees the URL, and no error that leaves it holds
//! the URL's password.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, Connection as _};
use url::Url;

use super::batch::Batcher;
use super::timeouts::{self, ReadPool, Timeouts};
use super::write::writers;
use super::{Engine, Store, StoreError, migrations};

/// How long a request waits for a connection before it fails.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_CONNECTIONS: u32 = 8;

/// WAL lets readers read while one writes; FULL makes a commit survive a power cut, which the promise "written
/// before anything is sent" needs; `secure_delete` overwrites erased personal data. Waiting comes
/// first, because turning WAL on needs a lock too.
const SQLITE_SETTINGS: &str = "PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                      PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON";

/// For commands that only read.
const SQLITE_READ_SETTINGS: &str = "PRAGMA busy_timeout = 5000; PRAGMA query_only = ON";

/// How often the journal mode of a file is tried to be set while another program sets it, and the pause in between.
const MAX_ATTEMPTS: u32 = 100;
const ATTEMPT_PAUSE: Duration = Duration::from_millis(50);

impl Store {
    /// Opens `sqlite:FILE`, `sqlite::memory:` (for tests: gone with the last handle) or `postgres://…`. A missing
    /// file and its folder are created, and the tables are brought up to date.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::ReadOnly`], [`StoreError::NewerSchema`], and for all else
    /// [`StoreError::Open`], without the URL's password.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Self::open_with(url, Access::Create).await
    }

    /// Like [`Store::open`], but a missing file is an error: a person who asks for the journal of a mistyped file must
    /// not be shown a new, empty one.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_existing(url: &str) -> Result<Self, StoreError> {
        Self::open_with(url, Access::Existing).await
    }

    /// Like [`Store::open_existing`], but nothing is written, not even newer tables: a command that only reads may run
    /// beside a bot of another version.
    ///
    /// # Errors
    /// As [`Store::open`], and [`StoreError::Open`] for tables of an older version.
    pub async fn open_to_read(url: &str) -> Result<Self, StoreError> {
        Self::open_with(url, Access::Read).await
    }

    async fn open_with(url: &str, access: Access) -> Result<Self, StoreError> {
        let secret = password(url);
        Self::try_open(url, access).await.map_err(|error| match error {
            StoreError::Open(why) => StoreError::Open(hide(why, secret.as_deref())),
            StoreError::Database(cause) => StoreError::Open(hide(cause.to_string(), secret.as_deref())),
            other => other,
        })
    }

    async fn try_open(url: &str, access: Access) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let (engine, url, in_memory) = match url.strip_prefix("sqlite:") {
            Some(rest) => {
                let (url, in_memory) = sqlite_url(rest, access)?;
                (Engine::Sqlite, url, in_memory)
            }
            None if url.starts_with("postgres:") || url.starts_with("postgresql:") => {
                (Engine::Postgres, url.to_owned(), false)
            }
            None => {
                let why = "its URL must begin with sqlite: or postgres:; set store.url";
                return Err(StoreError::Open(why.to_owned()));
            }
        };
        let options = AnyConnectOptions::from_str(&url)?;
        if engine == Engine::Sqlite && !in_memory && access != Access::Read {
            // A pool tries again until its time is up and forgets why; a full disk is to be told at once.
            prepare_file(&options).await?;
        }
        let mut pool =
            AnyPoolOptions::new().max_connections(MAX_CONNECTIONS).acquire_timeout(ACQUIRE_TIMEOUT);
        if engine == Engine::Sqlite {
            // A file does not hang up: asking before each statement whether it is there costs as much as the statement.
            pool = pool.test_before_acquire(false);
        }
        let settings = match (engine, access) {
            (Engine::Sqlite, Access::Read) => SQLITE_READ_SETTINGS,
            (Engine::Sqlite, _) => SQLITE_SETTINGS,
            (Engine::Postgres, Access::Read) => timeouts::POSTGRES_READ_SETTINGS,
            (Engine::Postgres, _) => timeouts::POSTGRES_SETTINGS,
        };
        pool = pool.after_connect(move |conn: &mut AnyConnection, _| {
            Box::pin(async move { sqlx::raw_sql(settings).execute(conn).await.map(|_| ()) })
        });
        if in_memory {
            // Each connection would be a database of its own, and closing it would lose it.
            pool = pool.max_connections(1).min_connections(1).idle_timeout(None).max_lifetime(None);
        }
        let one = (engine == Engine::Sqlite && !in_memory && access != Access::Read)
            .then(|| pool.clone().max_connections(1));
        let pool = pool.connect_with(options.clone()).await?;
        let writing = match one {
            Some(one) => one.connect_with(options).await?,
            None => pool.clone(),
        };
        let writers = writers(engine, MAX_CONNECTIONS as usize);
        let (openings, appends) = (Batcher::default(), Batcher::default());
        let patience = Timeouts::default();
        let pool = ReadPool { pool, limit: patience.answer };
        let store = Self { pool, writing, engine, writers, patience, openings, appends };
        match access {
            Access::Read => migrations::check(&store).await?,
            Access::Create | Access::Existing => migrations::migrate(&store).await?,
        }
        Ok(store)
    }
}

/// Opens a SQLite file once and sets its journal mode. Several programs may do so at once, and SQLite refuses that change
/// without waiting for the other one, even with a busy timeout.
async fn prepare_file(options: &AnyConnectOptions) -> Result<(), StoreError> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let mut first = AnyConnection::connect_with(options).await?;
        let prepared = sqlx::raw_sql(SQLITE_SETTINGS).execute(&mut first).await.map_err(StoreError::from);
        first.close().await?;
        match prepared {
            Err(StoreError::Busy) if attempt < MAX_ATTEMPTS => tokio::time::sleep(ATTEMPT_PAUSE).await,
            prepared => return prepared.map(|_| ()),
        }
    }
}

/// What may be done to the database.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    /// A missing SQLite file is created.
    Create,
    /// A missing SQLite file is an error.
    Existing,
    /// Nothing is changed.
    Read,
}

/// The URL that sqlx shall open, with the mode added, and whether it is in memory.
fn sqlite_url(rest: &str, access: Access) -> Result<(String, bool), StoreError> {
    let (file, query) = match rest.split_once('?') {
        Some((file, query)) => (file, Some(query)),
        None => (rest, None),
    };
    // sqlx takes `sqlite:FILE` and `sqlite://FILE` as the same.
    let file = file.strip_prefix("//").unwrap_or(file);
    if file == ":memory:" {
        return Ok(("sqlite::memory:".to_owned(), true));
    }
    if file.is_empty() {
        return Err(StoreError::Open("store.url names no file; write sqlite:reinstate.db".to_owned()));
    }
    let path = percent_decode_str(file).decode_utf8_lossy().into_owned();
    if access != Access::Create && !Path::new(&path).exists() {
        return Err(StoreError::Open(format!("there is no file {path}; look at store.url")));
    }
    if let Some(parent) = Path::new(&path).parent()
        && !parent.as_os_str().is_empty()
    {
        std::fs::create_dir_all(parent)
            .map_err(|error| unusable(&error, &format!("its folder {} cannot be made", parent.display())))?;
    }
    if access == Access::Create && query.is_none() {
        // SQLite says only that it cannot open the file; the system says why.
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|error| unusable(&error, &format!("its file {path} cannot be opened to write")))?;
    }
    Ok(match query {
        Some(query) => (format!("sqlite:{file}?{query}"), false),
        None if access == Access::Read => (format!("sqlite:{file}?mode=rw"), false),
        None => (format!("sqlite:{file}?mode=rwc"), false),
    })
}

/// A file or folder that the system refuses.
fn unusable(error: &std::io::Error, what: &str) -> StoreError {
    match error.kind() {
        ErrorKind::StorageFull => StoreError::Full,
        ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly,
        _ => StoreError::Open(format!("{what}: {error}")),
    }
}

/// The password in a URL, as it stands there.
fn password(url: &str) -> Option<String> {
    Url::parse(url).ok()?.password().map(str::to_owned)
}

/// The drivers do not print passwords today; this keeps it so whatever they print tomorrow.
fn hide(text: String, secret: Option<&str>) -> String {
    let Some(secret) = secret.filter(|secret| !secret.is_empty()) else { return text };
    let plain = percent_decode_str(secret).decode_utf8_lossy();
    text.replace(secret, "***").replace(plain.as_ref(), "***")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_hidden_in_both_its_spellings() {
        let secret = password("postgres://bot:p%40ss@db.acme.example/reinstate");
        assert_eq!(hide("p%40ss and p@ss".to_owned(), secret.as_deref()), "*** and ***");
    }

    #[tokio::test]
    async fn an_unreachable_database_is_named_without_its_password() {
        let error = Store::open("postgres://bot:hunter2@127.0.0.1:notaport/x").await.unwrap_err();
        assert!(matches!(error, StoreError::Open(_)), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[tokio::test]
    async fn another_kind_of_database_is_refused_with_advice() {
        let error = Store::open("mysql://root:hunter2@db/x").await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "the database could not be opened: its URL must begin with sqlite: or postgres:; set store.url"
        );
    }

    #[tokio::test]
    async fn a_missing_folder_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a b/c/reinstate.db");
        let store = Store::open(&format!("sqlite:{}", file.display())).await.unwrap();
        store.ping().await.unwrap();
        assert!(file.exists());
    }

    #[tokio::test]
    async fn who_only_reads_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("x.db");
        let url = format!("sqlite:{}", file.display());
        let error = Store::open_to_read(&url).await.unwrap_err();
        assert!(matches!(error, StoreError::Open(_)) && !file.exists(), "{error:?}");

        let written = Store::open(&url).await.unwrap();
        let read = Store::open_to_read(&url).await.unwrap();
        assert!(read.runs_for_identity("jane").await.unwrap().is_empty());
        let refused = sqlx::query("DELETE FROM schema_version").execute(&read.pool.pool).await.unwrap_err();
        assert!(refused.to_string().contains("readonly"), "{refused}");

        sqlx::query("DELETE FROM schema_version WHERE version > 1").execute(&written.writing).await.unwrap();
        let older = Store::open_to_read(&url).await.unwrap_err();
        assert!(older.to_string().contains("reinstate migrate"), "{older}");
        let version: i64 = sqlx::query_scalar("SELECT MAX(version) FROM schema_version")
            .fetch_one(&written.pool)
            .await
            .unwrap();
        assert_eq!(version, 1);
    }

    #[tokio::test]
    async fn sqlite_is_set_up_to_survive_a_power_cut() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}/x.db", dir.path().display())).await.unwrap();
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&store.pool).await.unwrap();
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&store.pool).await.unwrap();
        let keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(&store.pool).await.unwrap();
        assert_eq!((mode.as_str(), synchronous, keys), ("wal", 2, 1));
    }
}
