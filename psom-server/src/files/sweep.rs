use std::{fs, io, path::Path};

use crate::shared::private_files;

/// Removes the uploads that an earlier run did not finish, and the empty directories of meetings.
///
/// It touches only what this crate creates: `<id>/tmp` and `<id>/files` below `root`.
pub(super) fn sweep(root: &Path) -> io::Result<()> {
    private_files::create_directory(root)?;
    for entry in fs::read_dir(root)? {
        let entry = entry?;
        // Symbolic links are skipped, because they can lead out of the data directory.
        if !entry.file_type()?.is_dir() {
            continue;
        }
        let home = entry.path();
        match fs::remove_dir_all(home.join("tmp")) {
            Err(error) if !is_absence(&error) => return Err(error),
            _ => {}
        }
        // These fail while the directories contain files.
        let _ = fs::remove_dir(home.join("files"));
        let _ = fs::remove_dir(home);
    }
    Ok(())
}

fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
