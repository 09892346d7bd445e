//! Files that are nobody else's business.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

/// Creates a file that only its owner can read (mode 0600), and that was not there.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Creates a file like [`create_new`], for whoever owns another: a server does not run as root where
/// root mends what it keeps.
pub(crate) fn create_new_for(path: &Path, owned: &Path) -> io::Result<File> {
    let file = create_new(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let (own, other) = (file.metadata()?, fs::metadata(owned)?);
        if own.uid() != other.uid() {
            // Only root can, and only root has to.
            let _ = fchown(&file, Some(other.uid()), Some(other.gid()));
        }
    }
    #[cfg(not(unix))]
    let _ = owned;
    Ok(file)
}

/// Sees to it that the disk has the names in a directory.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    // Elsewhere a directory is no file.
    if cfg!(not(unix)) {
        return Ok(());
    }
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    match File::open(path) {
        // It can be written, but not looked at.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        directory => directory?.sync_all(),
    }
}

/// Puts a file in its place in one step: whoever looks sees the old one or all of the new one, also
/// after the machine has failed. It is for whoever owns the directory.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    // From an earlier run that was stopped here.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = create_new_for(&temporary, directory)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&temporary, path)?;
    sync_directory(directory)
}

/// Creates a directory that only its owner can enter, unless it is there.
pub(crate) fn create_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let new: Vec<&Path> = path.ancestors().take_while(|path| !path.exists()).collect();
    builder.create(path)?;
    new.into_iter().filter_map(Path::parent).try_for_each(sync_directory)
}
