//! A temporary folder of our own.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// A folder of our own, gone with this value.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Makes it where temporary files go.
    pub(super) fn new() -> Result<Folder> {
        let path = std::env::temp_dir().join(format!("worldtape-{}", uuid::Uuid::new_v4()));
        let made = std::fs::create_dir(&path);
        made.with_context(|| format!("cannot make the folder {}", path.display()))?;
        Ok(Folder(path))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Its name is its own: nothing of anybody else is in it.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
