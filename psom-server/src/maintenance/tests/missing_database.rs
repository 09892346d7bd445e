//! A database that is missing or incomplete although it existed before.

use std::fs;

use super::*;
use crate::files::FilesRecord;

/// Creates a data directory as a killed server leaves it at the end of its first run, with a
/// meeting that has a file. Its state is only in the log.
async fn killed(directory: &Path) {
    let running = Directory::new();
    let store = SqliteStore::open(&running, Durability::Full).await.unwrap();
    store.create(stored("team")).await.unwrap();
    store.journal("team").commit(vec![save("a", "1")]).await.unwrap();
    let mut record = FilesRecord::read(directory).unwrap();
    record.ensure_name(directory).unwrap();
    record.set_location(directory, &BlobConfig::Local).unwrap();
    for suffix in ["", "-wal"] {
        let [from, to] = [&*running, directory].map(|of| beside(&database_file(of), suffix));
        fs::copy(from, to).unwrap();
    }
    fs::create_dir_all(directory.join("meetings/team/files")).unwrap();
    fs::write(directory.join("meetings/team/files/0123"), "x").unwrap();
}

fn truncate(path: &Path) {
    fs::write(path, "").unwrap();
}

#[tokio::test]
async fn lost_database_is_not_a_first_start() {
    type Loss = fn(&Path, &Path);
    let losses: [Loss; 8] = [
        |database, _| fs::remove_file(database).unwrap(),
        |database, _| truncate(database),
        |database, log| {
            truncate(database);
            fs::remove_file(log).unwrap();
        },
        |_, log| fs::remove_file(log).unwrap(),
        |_, log| truncate(log),
        // If the record is lost, the files show that a database existed. If the files are lost too,
        // the log shows it.
        |database, _| {
            fs::remove_file(database).unwrap();
            fs::remove_file(database.with_file_name("files.json")).unwrap();
        },
        |database, _| {
            truncate(database);
            fs::remove_file(database.with_file_name("files.json")).unwrap();
            fs::remove_dir_all(database.with_file_name("meetings")).unwrap();
        },
        |_, log| {
            let mut bytes = fs::read(log).unwrap();
            bytes[..32].fill(0);
            fs::write(log, bytes).unwrap();
        },
    ];
    for (number, lose) in losses.iter().enumerate() {
        for durability in [Durability::Full, Durability::Process] {
            let directory = Directory::new();
            killed(&directory).await;
            let (database, log) =
                (database_file(&directory), beside(&database_file(&directory), "-wal"));
            lose(&database, &log);
            // SQLite can create an empty log.
            let left = || [&database, &log].map(|path| fs::read(path).unwrap_or_default());
            let before = left();
            let refused = SqliteStore::open(&directory, durability).await.unwrap_err();
            match number {
                7 => assert!(matches!(refused, Error::Log { at: 0, .. }), "{refused}"),
                _ => assert!(matches!(refused, Error::Gone { .. }), "{number}: {refused}"),
            }
            let checked = check(&directory).await.map(|report| report.problems);
            assert_ne!(checked, Ok(Vec::new()), "{number}");
            assert!(left() == before, "{number}: the remaining files are unchanged");
        }
    }
}

#[tokio::test]
async fn empty_database_is_kept_by_a_repair() {
    let directory = Directory::new();
    killed(&directory).await;
    let (database, log) = (database_file(&directory), beside(&database_file(&directory), "-wal"));
    let whole = [&database, &log].map(|path| fs::read(path).unwrap());
    truncate(&database);
    let repair = repair(&directory).await.unwrap();
    assert_eq!(repair.lost, ["No row could be read."]);
    let kept = repair.kept.unwrap();
    assert_eq!(kept_by_repair(&directory).unwrap().is_some(), kept.exists());
    assert_eq!(fs::read(beside(&kept, "-wal")).unwrap(), whole[1]);
    let empty = open(&directory).await;
    assert_eq!(empty.meetings().await.unwrap(), []);
    empty.close().await.unwrap();
    for (path, bytes) in [&database, &log].into_iter().zip(whole) {
        fs::write(path, bytes).unwrap();
    }
    assert_eq!(open(&directory).await.meetings().await.unwrap(), [stored("team")]);
}

#[tokio::test]
async fn interrupted_first_start_counts_as_a_first_start() {
    let directory = Directory::new();
    // The certificates, the server's name, an administrator's token, and an empty database.
    for name in ["ca.pem", "admin-token"] {
        fs::write(directory.join(name), "").unwrap();
    }
    FilesRecord::default().ensure_name(&directory).unwrap();
    truncate(&database_file(&directory));
    open(&directory).await.close().await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn an_unreadable_database_is_not_missing() {
    let directory = Directory::new();
    let database = database_file(&directory);
    // A link that leads to itself cannot be read, not even by root.
    std::os::unix::fs::symlink(&database, &database).unwrap();
    let opened = SqliteStore::open(&directory, Durability::Full).await.unwrap_err();
    let checked = check(&directory).await.unwrap_err();
    let repaired = repair(&directory).await.unwrap_err();
    for error in [opened, checked, repaired] {
        assert!(matches!(error, Error::Unreadable { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("run the command as the user who runs the server"), "{text}");
    }
}
