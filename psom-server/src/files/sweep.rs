//! What an earlier run has left.

use std::{fs, io, path::Path};

use crate::private;

/// Removes packages that were on their way, and files that no meeting has: what was uploaded but
/// never became a content, or was about to be removed.
///
/// Only what the store itself makes is touched: `<id>/tmp` and `<id>/files` below `root`.
pub(crate) fn sweep(root: &Path, is_known: impl Fn(&str) -> bool) -> io::Result<()> {
    private::create_directory(root)?;
    for entry in fs::read_dir(root)? {
        let home = entry?.path();
        match fs::remove_dir_all(home.join("tmp")) {
            Err(error) if is_serious(&error) => return Err(error),
            _ => {}
        }
        let files = home.join("files");
        match fs::read_dir(&files) {
            Err(error) if is_serious(&error) => return Err(error),
            Err(_) => {}
            Ok(entries) => {
                for entry in entries {
                    let entry = entry?;
                    if !entry.file_name().to_str().is_some_and(&is_known) {
                        fs::remove_file(entry.path())?;
                    }
                }
            }
        }
        // Not to be removed while something is in it.
        let _ = fs::remove_dir(files);
        let _ = fs::remove_dir(home);
    }
    Ok(())
}

fn is_serious(error: &io::Error) -> bool {
    !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
