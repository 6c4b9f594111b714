//! A temporary folder for the sandbox and the bot's database. It is removed at the end. It must never contain data of
//! a real bot.

use std::path::PathBuf;

/// The folder. Dropping it removes it.
pub struct Folder(PathBuf);

impl Folder {
    /// Creates a new folder with a unique name.
    ///
    /// # Errors
    /// When the temporary folder is not writable.
    pub fn make() -> std::io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("reinstate-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    /// The URL of a SQLite database in it.
    #[must_use]
    pub fn store_url(&self) -> String {
        format!("sqlite:{}", self.0.join("sandbox.db").display())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}
