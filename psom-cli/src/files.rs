//! Reading files that the user names, and writing temporary files that become such files.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use psom_objects::texts::{changes_direction, is_noncharacter};
use tempfile::{NamedTempFile, TempDir};

use crate::error::{CommandError, OrCannot as _, Result};

/// Reads a regular file of at most `limit` bytes.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    at_most(limit, open(path, limit)?, &path.display().to_string())
}

/// Opens a regular file of at most `limit` bytes.
pub(crate) fn open(path: &Path, limit: u64) -> Result<File> {
    let shown = path.display();
    let reading = format!("read {shown}");
    // Opening a pipe would block until another program writes to it.
    let about = fs::metadata(path).or_cannot(&reading)?;
    if !about.is_file() {
        return Err(CommandError::new(format!("{shown} is not a regular file; name a file")));
    }
    if about.len() > limit {
        return Err(too_large(&shown.to_string(), limit));
    }
    File::open(path).or_cannot(&reading)
}

/// Reads at most `limit` bytes from a file, a pipe, or standard input if the path is `-`.
pub(crate) fn read_input(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let name = name_of(path);
    if path.as_os_str() == "-" {
        return at_most(limit, io::stdin().lock(), &name);
    }
    at_most(limit, File::open(path).or_cannot(format_args!("read {name}"))?, &name)
}

/// Returns the name of a file for messages.
pub(crate) fn name_of(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".into() } else { path.display().to_string() }
}

/// Creates a temporary directory that no other user can read.
pub(crate) fn private_directory(prefix: &str) -> Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir().or_cannot("make a temporary directory")
}

/// Creates a temporary file that is renamed once it is complete. It has the permissions of any new
/// file of this user.
pub(crate) fn temporary_in(directory: &Path) -> Result<NamedTempFile> {
    let shown = directory.display();
    if !directory.is_dir() {
        return Err(CommandError::new(format!("there is no directory {shown}; create it first")));
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".psom-");
    // The user's umask applies to this mode, as to any new file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(directory).or_cannot(format_args!("write to {shown}"))
}

/// Returns the directory of a file.
pub(crate) fn directory_of(file: &Path) -> &Path {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    directory.unwrap_or_else(|| Path::new("."))
}

/// Returns the file name for a title, which comes from another user: it does not lead to another directory,
/// and names no hidden file, which programs may read as settings.
pub(crate) fn file_name(title: &str) -> String {
    let bad = |c: char| {
        c.is_control() || changes_direction(c) || is_noncharacter(c) || r#"\/:*?"<>|"#.contains(c)
    };
    let mut name: String = title.chars().map(|c| if bad(c) { '_' } else { c }).collect();
    // A name of dots would be a directory.
    if name.starts_with('.') {
        name.replace_range(..1, "_");
    }
    if name.trim().is_empty() {
        "_".clone_into(&mut name);
    }
    name
}

/// Returns the title that a file gets by default: its name.
pub(crate) fn title_from_name(path: &Path) -> Result<String> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned).ok_or_else(|| {
        let shown = path.display();
        CommandError::new(format!("{shown} has no name in Unicode; choose a title with --title"))
    })
}

fn at_most(limit: u64, source: impl Read, name: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(limit + 1).read_to_end(&mut bytes).or_cannot(format_args!("read {name}"))?;
    if bytes.len() as u64 > limit {
        return Err(too_large(name, limit));
    }
    Ok(bytes)
}

fn too_large(name: &str, limit: u64) -> CommandError {
    CommandError::new(format!("{name} is too large; the limit is {limit} bytes"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn message(result: Result<Vec<u8>>) -> String {
        match result {
            Err(CommandError::Message(why)) => why,
            other => unreachable!("{other:?}"),
        }
    }

    #[test]
    fn a_file_above_the_limit_is_rejected() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("four");
        fs::write(&path, "four").unwrap();
        for read in [read, read_input] {
            assert_eq!(read(&path, 4).unwrap(), b"four");
            assert!(message(read(&path, 3)).ends_with("four is too large; the limit is 3 bytes"));
        }
        assert!(
            message(read(directory.path(), 4)).ends_with(" is not a regular file; name a file")
        );
    }

    #[cfg(unix)]
    #[test]
    fn endless_files_are_rejected() {
        let zeros = Path::new("/dev/zero");
        assert_eq!(message(read(zeros, 9)), "/dev/zero is not a regular file; name a file");
        assert_eq!(message(read_input(zeros, 9)), "/dev/zero is too large; the limit is 9 bytes");
    }
}
