//! Files that the user names, and those on their way to them.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use tempfile::{NamedTempFile, TempDir};

use crate::failure::{Failure, Result, While};

/// Reads a file of at most `limit` bytes, as it is known to be or turns out to be.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let shown = path.display();
    let reading = format!("read {shown}");
    // To open a pipe would wait for whoever writes into it.
    if !fs::metadata(path).or_cannot(&reading)?.is_file() {
        return Err(Failure::new(format!("{shown} is no file; name a file")));
    }
    at_most(limit, File::open(path).or_cannot(&reading)?, &shown.to_string())
}

/// Reads the bytes of a capture or a text from wherever they come: a file, a pipe, or standard
/// input where that is called `-`.
pub fn read_input(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let name = name_of(path);
    if path.as_os_str() == "-" {
        return at_most(limit, io::stdin().lock(), &name);
    }
    at_most(limit, File::open(path).or_cannot(format_args!("read {name}"))?, &name)
}

/// A file as it is called in messages.
pub fn name_of(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".into() } else { path.display().to_string() }
}

/// A temporary directory that no other user reads.
pub fn own_directory(prefix: &str) -> Result<TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir().or_cannot("make a temporary directory")
}

/// A file that is to stay in this directory once it is whole, and has its name then: with the
/// permissions that any new file of this user has.
pub fn draft(directory: &Path) -> Result<NamedTempFile> {
    let shown = directory.display();
    if !directory.is_dir() {
        return Err(Failure::new(format!("there is no directory {shown}; make it first")));
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".psom-");
    // What the user's umask takes away is taken away here, too.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(directory).or_cannot(format_args!("write to {shown}"))
}

/// The directory that a file is in or goes into.
pub fn directory_of(file: &Path) -> &Path {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty());
    directory.unwrap_or(Path::new("."))
}

fn at_most(limit: u64, source: impl Read, name: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(limit + 1).read_to_end(&mut bytes).or_cannot(format_args!("read {name}"))?;
    match bytes.len() as u64 > limit {
        true => Err(Failure::new(format!("{name} is too large; at most {limit} bytes are read"))),
        false => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn said(result: Result<Vec<u8>>) -> String {
        match result {
            Err(Failure::Said(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn no_more_is_read_than_the_limit() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("four");
        fs::write(&path, "four").unwrap();
        for read in [read, read_input] {
            assert_eq!(read(&path, 4).unwrap(), b"four");
            assert!(said(read(&path, 3)).ends_with("four is too large; at most 3 bytes are read"));
        }
        assert!(said(read(directory.path(), 4)).ends_with(" is no file; name a file"));
    }

    #[cfg(unix)]
    #[test]
    fn what_never_ends_is_not_read_to_its_end() {
        let zeros = Path::new("/dev/zero");
        assert_eq!(said(read(zeros, 9)), "/dev/zero is no file; name a file");
        assert_eq!(said(read_input(zeros, 9)), "/dev/zero is too large; at most 9 bytes are read");
    }
}
