//! The database of a test: a SQLite file, or a database on the private PostgreSQL.

use std::sync::Arc;

use tempfile::TempDir;

use reinstate_testing::postgres::{Collation, Server};

/// The database engines for a journal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum On {
    Sqlite,
    Postgres,
    /// PostgreSQL with the ICU rules for comparing texts.
    PostgresIcu,
    /// PostgreSQL with the glibc rules for comparing texts.
    PostgresGlibc,
}

/// A separate database, which is deleted with this handle.
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
    /// The engine for the whole suite: SQLite, or the one that `REINSTATE_TEST_ON` names.
    pub fn chosen() -> Self {
        match std::env::var("REINSTATE_TEST_ON").as_deref() {
            Ok("postgres") => Self::Postgres,
            Ok("postgres-icu") => Self::PostgresIcu,
            Ok("postgres-glibc") => Self::PostgresGlibc,
            Ok(other) => panic!("REINSTATE_TEST_ON={other}: there is no such engine"),
            Err(_) => Self::Sqlite,
        }
    }

    /// Creates a database. None if the engine is not installed. A message then says so.
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
