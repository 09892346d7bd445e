//! The folder of an exported meeting.

use std::{
    collections::HashSet,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use crate::{
    error::{CommandError, OrCannot as _, Result},
    files::{self, file_name},
    meeting::download,
};

/// The longest name of a file in bytes. File systems take 255; a number, a suffix and the prefix of temporary
/// files must fit too.
const MAX_NAME_BYTES: usize = 200;

/// A folder with unique file names.
pub(super) struct Folder {
    path: PathBuf,
    force: bool,
    /// The names that were given, in lower case: not all file systems distinguish case.
    used: HashSet<String>,
}

impl Folder {
    /// Creates a folder, or takes an empty one. With `force`, it may have files.
    pub(super) fn create(path: &Path, force: bool) -> Result<Self> {
        let shown = path.display();
        fs::create_dir_all(path).or_cannot(format_args!("make {shown}"))?;
        let mut entries = fs::read_dir(path).or_cannot(format_args!("read {shown}"))?;
        if !force && entries.next().is_some() {
            return Err(CommandError::new(format!(
                "{shown} is not empty; choose another directory, or write into it with --force"
            )));
        }
        Ok(Self { path: path.to_owned(), force, used: HashSet::new() })
    }

    pub(super) fn force(&self) -> bool {
        self.force
    }

    /// Returns a file name for a title that no other content has. An extension stays at the end.
    pub(super) fn name(&mut self, title: &str) -> String {
        let mut name = file_name(title);
        while name.len() > MAX_NAME_BYTES {
            name.pop();
        }
        let (stem, extension) = match name.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() && extension.len() <= 8 => {
                (stem, format!(".{extension}"))
            }
            _ => (&*name, String::new()),
        };
        let mut unique = name.clone();
        for number in 2.. {
            if self.used.insert(unique.to_lowercase()) {
                break;
            }
            unique = format!("{stem} ({number}){extension}");
        }
        unique
    }

    /// Makes the directories of a path below the folder, and returns the whole path.
    pub(super) fn prepare(&self, path: &str) -> Result<PathBuf> {
        let target = self.path.join(path);
        let directory = files::directory_of(&target);
        fs::create_dir_all(directory).or_cannot(format_args!("make {}", directory.display()))?;
        download::check_free(&target, self.force)?;
        Ok(target)
    }

    /// Writes a file below the folder.
    pub(super) fn write(&self, path: &str, bytes: &[u8]) -> Result {
        let target = self.prepare(path)?;
        let mut temporary = files::temporary_in(files::directory_of(&target))?;
        temporary.write_all(bytes).or_cannot(format_args!("write {}", target.display()))?;
        download::save(temporary, &target, self.force)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn names_are_unique_and_stay_in_the_folder() {
        let directory = tempfile::tempdir().unwrap();
        let mut folder = Folder::create(directory.path(), false).unwrap();
        let names = ["Plan.pdf", "plan.PDF", "Plan.pdf", "../x", "a. very long extension", ""];
        let names = names.map(|title| folder.name(title));
        let expected =
            ["Plan.pdf", "plan (2).PDF", "Plan (3).pdf", "_._x", "a. very long extension", "_"];
        assert_eq!(names, expected);
        assert!(folder.name(&"\u{6f22}".repeat(255)).len() <= MAX_NAME_BYTES);
    }

    #[test]
    fn folder_with_files_needs_force() {
        let directory = tempfile::tempdir().unwrap();
        let folder = Folder::create(&directory.path().join("a/b"), false).unwrap();
        folder.write("boards/x.svg", b"x").unwrap();
        assert!(folder.write("boards/x.svg", b"y").is_err());
        assert!(Folder::create(&directory.path().join("a/b"), false).is_err());
        let folder = Folder::create(&directory.path().join("a/b"), true).unwrap();
        folder.write("boards/x.svg", b"y").unwrap();
        assert_eq!(fs::read(directory.path().join("a/b/boards/x.svg")).unwrap(), b"y");
    }
}
