//! A folder of the sandbox's own below the system's temporary folder, for the bot's database. It is removed at the
//! end, and nothing of a real bot ever stands in it.

use std::path::PathBuf;

/// The folder, as long as it is held.
pub struct Folder(PathBuf);

impl Folder {
    /// Makes one that nobody else has.
    ///
    /// # Errors
    /// When the temporary folder cannot be written to.
    pub fn make() -> std::io::Result<Self> {
        let folder = std::env::temp_dir().join(format!("reinstate-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    /// The address of a SQLite database in it.
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
