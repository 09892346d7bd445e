use std::{
    io,
    path::{Path, PathBuf},
};

/// Returns the path of the database in a data directory.
pub(crate) fn database_file(data: &Path) -> PathBuf {
    data.join("meetings.db")
}

/// Returns the path of a file beside the database, with a suffix after the database's name.
pub(crate) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Returns a damaged database that a repair has kept in a data directory, if it still exists.
pub(crate) fn kept_by_repair(data: &Path) -> io::Result<Option<PathBuf>> {
    let database = database_file(data);
    let name = database.file_name().unwrap_or_default().to_string_lossy();
    for entry in std::fs::read_dir(data)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&format!("{name}.damaged-")) {
            return Ok(Some(entry.path()));
        }
    }
    Ok(None)
}
