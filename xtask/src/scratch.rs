//! The folder in which a run's services keep their data.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context, Result};
use tempfile::TempDir;

/// A new folder below the system's temporary one, removed with this value.
#[derive(Debug)]
pub struct Scratch {
    folder: TempDir,
}

impl Scratch {
    /// Makes the folder; `purpose` is a part of its name.
    pub fn new(purpose: &str) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix(&format!("auditstream-{purpose}-"))
            // Others may pass through, not look around: PostgreSQL may run as another user.
            .permissions(Permissions::from_mode(0o711))
            .tempdir()
            .context("cannot make a scratch folder")?;
        Ok(Self { folder })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}
