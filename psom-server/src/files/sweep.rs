//! What an earlier run has left.

use std::{fs, io, path::Path};

use crate::private;

/// Removes packages and files of an earlier run. The keys of encrypted files were in that run's
/// memory only, so nobody can read them any more.
///
/// Only what the store itself makes is touched: `<id>/tmp` and `<id>/files` below `root`.
pub(crate) fn sweep(root: &Path) -> io::Result<()> {
    private::create_directory(root)?;
    for entry in fs::read_dir(root)? {
        let home = entry?.path();
        for directory in ["tmp", "files"] {
            match fs::remove_dir_all(home.join(directory)) {
                Err(error) if is_serious(&error) => return Err(error),
                _ => {}
            }
        }
        // Not ours to remove if something else is in it.
        let _ = fs::remove_dir(home);
    }
    Ok(())
}

fn is_serious(error: &io::Error) -> bool {
    !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
