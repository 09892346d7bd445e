//! A directory that is taken away under a store, or shared with another.

use std::fs;

use super::*;

#[tokio::test]
async fn nothing_is_acknowledged_into_a_file_that_is_gone() {
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
fn a_directory_is_locked_whatever_becomes_of_the_file() {
    let directory = Directory::new();
    let first = DataDirectory::open(&directory).unwrap();
    fs::remove_file(directory.join("lock")).unwrap();
    let locked = || crate::data_directory::try_lock(&directory).unwrap().is_none();
    assert!(locked() && DataDirectory::open(&directory).is_err());
    drop(first);
    assert!(!locked());
}
