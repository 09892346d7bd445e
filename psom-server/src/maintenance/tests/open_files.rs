//! A directory that is removed while a store is open, or locked by another process.

use std::fs;

use super::*;

#[tokio::test]
async fn no_commit_is_confirmed_after_the_file_is_gone() {
    type Loss = fn(&Path);
    let losses: [(&str, Loss); 4] = [
        ("", |database| fs::remove_file(database).unwrap()),
        ("-wal", |database| fs::remove_file(beside(database, "-wal")).unwrap()),
        ("", |database| fs::remove_dir_all(database.parent().unwrap()).unwrap()),
        ("", |database| {
            fs::copy(database, beside(database, ".other")).unwrap();
            fs::rename(beside(database, ".other"), database).unwrap();
        }),
    ];
    for (suffix, lose) in losses {
        let directory = Directory::new();
        let data = directory.join("data");
        fs::create_dir(&data).unwrap();
        let store = open(&data).await;
        store.create(stored("team")).await.unwrap();
        lose(&database_file(&data));
        let taken = Error::Taken(beside(&database_file(&data), suffix));
        let refused = store.journal("team").commit(vec![save("a", "1")]).await.unwrap_err();
        assert_eq!(refused.to_string(), taken.to_string());
        assert_eq!(*store.health().borrow(), Health::Failed(taken));
    }
}

#[test]
fn directory_stays_locked_without_its_lock_file() {
    let directory = Directory::new();
    let first = DataDirectory::open(&directory).unwrap();
    fs::remove_file(directory.join("lock")).unwrap();
    let locked = || crate::data_directory::try_lock(&directory).unwrap().is_none();
    assert!(locked() && DataDirectory::open(&directory).is_err());
    drop(first);
    assert!(!locked());
}
