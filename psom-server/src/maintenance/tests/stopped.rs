//! A repair that is interrupted, or run by another user.

use std::fs;

use super::*;

#[tokio::test]
async fn interrupted_replacement_is_completed_first() {
    let new = Directory::new();
    let store = open(&new).await;
    store.create(stored("new")).await.unwrap();
    store.close().await.unwrap();
    for database_is_there in [true, false] {
        let old = Directory::new();
        let store = open(&old).await;
        store.create(stored("old")).await.unwrap();
        // The store stays open, so its log still exists.
        let log = beside(&database_file(&old), "-wal");
        assert!(log.metadata().unwrap().len() > 0);
        let stopped = Directory::new();
        if database_is_there {
            fs::copy(database_file(&old), database_file(&stopped)).unwrap();
            fs::copy(log, beside(&database_file(&stopped), "-wal")).unwrap();
        }
        let repaired = beside(&database_file(&stopped), ".repaired");
        fs::copy(database_file(&new), &repaired).unwrap();
        match database_is_there {
            true => drop(check(&stopped).await.unwrap()),
            false => drop(open(&stopped).await),
        }
        let meetings = open(&stopped).await.meetings().await.unwrap();
        assert_eq!(meetings, [stored("new")]);
        assert!(!repaired.exists());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn repair_by_root_keeps_the_owner() {
    use std::os::unix::fs::{MetadataExt as _, chown};

    const NOBODY: u32 = 65534;
    let directory = Directory::new();
    open(&directory).await.close().await.unwrap();
    change(&directory, "INSERT INTO state VALUES ('team', 'a', '1', 0)");
    for path in [&*directory, &database_file(&directory)] {
        // Only root can change the owner.
        if chown(path, Some(NOBODY), Some(NOBODY)).is_err() {
            return;
        }
    }
    repair(&directory).await.unwrap().kept.unwrap();
    for entry in fs::read_dir(&*directory).unwrap() {
        let (path, metadata) = entry.map(|entry| (entry.path(), entry.metadata())).unwrap();
        let metadata = metadata.unwrap();
        assert_eq!((metadata.uid(), metadata.gid()), (NOBODY, NOBODY), "{path:?}");
        assert_eq!(metadata.mode() & 0o077, 0, "{path:?}");
    }
}
