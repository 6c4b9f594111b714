//! Where a test keeps its journal: a SQLite file, or a database on the private PostgreSQL.

use std::sync::Arc;

use tempfile::TempDir;

use super::postgres::Server;

/// The two engines a journal may stand on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum On {
    Sqlite,
    Postgres,
}

/// A database of its own, gone with the handle.
pub struct Place {
    pub url: String,
    _folder: Option<TempDir>,
    _server: Option<Arc<Server>>,
}

impl Place {
    /// A database that the caller keeps.
    pub fn at(url: String) -> Self {
        Self { url, _folder: None, _server: None }
    }
}

impl On {
    /// The engine that the suite runs on: SQLite, or PostgreSQL where `REINSTATE_TEST_ON` says `postgres`.
    pub fn chosen() -> Self {
        match std::env::var("REINSTATE_TEST_ON").as_deref() {
            Ok("postgres") => Self::Postgres,
            Ok(other) => panic!("REINSTATE_TEST_ON={other}: there is no such engine"),
            Err(_) => Self::Sqlite,
        }
    }

    /// A new database. None where the engine is not installed; then that was said.
    pub async fn place(self) -> Option<Place> {
        Some(match self {
            Self::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let url = format!("sqlite:{}", folder.path().join("journal.db").display());
                Place { url, _folder: Some(folder), _server: None }
            }
            Self::Postgres => {
                let server = Server::shared()?;
                Place { url: server.database().await, _folder: None, _server: Some(server) }
            }
        })
    }
}
