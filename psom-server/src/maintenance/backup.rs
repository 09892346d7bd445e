use std::{
    fs::{self, File},
    io,
    path::Path,
};

use crate::{
    files::FilesRecord,
    server_file::ServerFile,
    shared::private_files,
    store::{Error, blocking, database_file, missing_database, schema},
};

/// The files of a data directory that belong to a running server, or that the backup gets in another way.
const LEFT_OUT: [&str; 5] =
    ["lock", ServerFile::NAME, "meetings.db", "meetings.db-wal", "meetings.db-shm"];

/// The result of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Backup {
    /// The number of copied files of meetings.
    pub files: usize,
    /// The object store with the files of the meetings, which are not part of the backup; `None` if the
    /// files are in the data directory.
    pub files_at: Option<String>,
}

/// Copies a data directory, also while a server runs on it: the database as it is at one moment, the files
/// of the meetings, and the certificates and keys. A server can start on the copy.
///
/// # Errors
/// The copy's directory is not empty, there is no store in the data directory, or a file cannot be
/// read or written.
pub async fn backup(data: &Path, to: &Path) -> Result<Backup, Error> {
    let (data, to) = (data.to_owned(), to.to_owned());
    blocking(move || back_up(&data, &to)).await
}

fn back_up(data: &Path, to: &Path) -> Result<Backup, Error> {
    let is_used = fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some());
    if is_used {
        return Err(Error::BackupExists(to.into()));
    }
    let database = database_file(data);
    if !database.exists() {
        return Err(missing_database::error(database));
    }
    let connection = schema::open_read_only(&database)?;
    private_files::create_directory(to).map_err(|source| Error::io("create", to, source))?;
    copy_settings(data, to)?;
    let (from, meetings) = (data.join("meetings"), to.join("meetings"));
    // The first pass copies the files that could be deleted after the database is copied.
    let mut files = copy_meetings(&from, &meetings)?;
    let copy = database_file(to);
    private_files::create_new(&copy).map_err(|source| Error::io("create", &copy, source))?;
    let name = copy.to_string_lossy().into_owned();
    let copying = connection.execute("VACUUM INTO ?", [name]);
    copying.map_err(|source| schema::error(&copy, source))?;
    drop(connection);
    sync(&copy)?;
    // The second pass copies the files that were added between the first pass and the copy of the
    // database.
    files += copy_meetings(&from, &meetings)?;
    let record = FilesRecord::read(data)?;
    let files_at = record.location.filter(|location| location.contains("://"));
    Ok(Backup { files, files_at })
}

/// Copies the certificates, the keys and the other files beside the database.
fn copy_settings(data: &Path, to: &Path) -> Result<(), Error> {
    for entry in entries(data)? {
        let name = entry.file_name();
        let is_left_out = LEFT_OUT.iter().any(|left_out| name == *left_out);
        if !is_left_out && entry.path().is_file() {
            copy(&entry.path(), &to.join(name))?;
        }
    }
    Ok(())
}

/// Copies the files of all meetings that are not copied yet, and returns their number.
fn copy_meetings(from: &Path, to: &Path) -> Result<usize, Error> {
    let mut count = 0;
    for meeting in entries(from)? {
        let files = to.join(meeting.file_name()).join("files");
        for file in entries(&meeting.path().join("files"))? {
            private_files::create_directory(&files)
                .map_err(|source| Error::io("create", &files, source))?;
            count += usize::from(copy(&file.path(), &files.join(file.file_name()))?);
        }
    }
    Ok(count)
}

/// Returns the entries of a directory; none if it does not exist.
fn entries(directory: &Path) -> Result<Vec<fs::DirEntry>, Error> {
    let failed = |source| Error::io("read", directory, source);
    match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries.and_then(Iterator::collect).map_err(failed),
    }
}

/// Copies a file that does not exist yet, with its permissions. Returns `false` if the copy exists, or if
/// the file was deleted meanwhile. Files of meetings never change.
fn copy(from: &Path, to: &Path) -> Result<bool, Error> {
    if to.exists() {
        return Ok(false);
    }
    match fs::copy(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(Error::io("copy", from, source)),
        Ok(_) => sync(to).map(|()| true),
    }
}

/// Waits until a file is safe from a power failure.
fn sync(path: &Path) -> Result<(), Error> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|source| Error::io("write", path, source))
}
