//! Files and directories that only their owner can read.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

/// Creates a file that only its owner can read (mode 0600).
///
/// # Errors
/// The file exists, or the system refuses.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Creates a file like [`create_new`] and gives it to the owner of `owned`. A server does not run as
/// root, so files that root creates during a repair must belong to the server's user.
pub(crate) fn create_new_for(path: &Path, owned: &Path) -> io::Result<File> {
    let file = create_new(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, fchown};
        let (created, other) = (file.metadata()?, fs::metadata(owned)?);
        if created.uid() != other.uid() {
            // Only root can change the owner, and only root needs to.
            let _ = fchown(&file, Some(other.uid()), Some(other.gid()));
        }
    }
    #[cfg(not(unix))]
    let _ = owned;
    Ok(file)
}

/// Syncs a directory, so that the names in it are durable.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    // Other systems cannot open a directory as a file.
    if cfg!(not(unix)) {
        return Ok(());
    }
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    match File::open(path) {
        // A directory can be writable without being readable.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        directory => directory?.sync_all(),
    }
}

/// Replaces a file atomically: a reader sees either the old bytes or all of the new ones, even after
/// a crash of the machine. The new file belongs to the owner of the directory.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    // An earlier run can have stopped before it renamed this file.
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

/// Creates a directory that only its owner can enter, with its parents, unless it exists.
pub(crate) fn create_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    #[expect(
        clippy::needless_collect,
        reason = "the new directories are known only before the creation"
    )]
    let new: Vec<&Path> = path.ancestors().take_while(|path| !path.exists()).collect();
    builder.create(path)?;
    new.into_iter().filter_map(Path::parent).try_for_each(sync_directory)
}
