//! What an earlier run has left on this machine's disk.

use std::{fs, io, path::Path};

use crate::private;

/// Removes what was on its way, and the directories of meetings in which nothing is.
///
/// Only what the store itself makes is touched: `<id>/tmp` and `<id>/files` below `root`.
pub(super) fn sweep(root: &Path) -> io::Result<()> {
    private::create_directory(root)?;
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        // What is behind a link is somewhere else.
        if !entry.file_type()?.is_dir() {
            continue;
        }
        let home = entry.path();
        match fs::remove_dir_all(home.join("tmp")) {
            Err(error) if is_serious(&error) => return Err(error),
            _ => {}
        }
        // Not to be removed while something is in it.
        let _ = fs::remove_dir(home.join("files"));
        let _ = fs::remove_dir(home);
    }
    Ok(())
}

fn is_serious(error: &io::Error) -> bool {
    !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
