//! Where a test keeps its journal: a SQLite file, or a database on the private PostgreSQL.

use std::sync::Arc;

use tempfile::TempDir;

use reinstate_testing::postgres::{Collation, Server};

/// The engines a journal may stand on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum On {
    Sqlite,
    Postgres,
    /// PostgreSQL, texts compared by the rules of ICU.
    PostgresIcu,
    /// PostgreSQL, texts compared by the rules of glibc.
    PostgresGlibc,
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
    /// The engine that the suite runs on: SQLite, or what `REINSTATE_TEST_ON` says.
    pub fn chosen() -> Self {
        match std::env::var("REINSTATE_TEST_ON").as_deref() {
            Ok("postgres") => Self::Postgres,
            Ok("postgres-icu") => Self::PostgresIcu,
            Ok("postgres-glibc") => Self::PostgresGlibc,
            Ok(other) => panic!("REINSTATE_TEST_ON={other}: there is no such engine"),
            Err(_) => Self::Sqlite,
        }
    }

    /// A new database. None where the engine is not installed; then that was said.
    pub async fn place(self) -> Option<Place> {
        let collation = match self {
            Self::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let url = format!("sqlite:{}", folder.path().join("journal.db").display());
                return Some(Place { url, _folder: Some(folder), _server: None });
            }
            Self::Postgres => Collation::C,
            Self::PostgresIcu => Collation::Icu,
            Self::PostgresGlibc => Collation::Glibc,
        };
        let server = Server::shared()?;
        Some(Place { url: server.database_with(collation).await?, _folder: None, _server: Some(server) })
    }
}
