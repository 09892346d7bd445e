//! The journal in one file.

use std::{fs, path::PathBuf, process::Command, sync::Arc};

use psom::{
    Journal as _, Write,
    error::OpenError,
    journal::{File, FileOptions},
};
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.journal");
    (folder, path)
}

fn save(key: &str, value: &str) -> Vec<Write> {
    vec![Write { key: key.to_owned(), value: Some(value.to_owned()) }]
}

#[tokio::test]
async fn committed_writes_are_restored() {
    let (_folder, path) = folder();
    let journal = File::open(&path).unwrap();
    assert!(journal.saved().is_empty());
    journal.commit(save("a/b", "1")).await.unwrap();
    journal.commit(save("c", "2")).await.unwrap();
    journal.commit(vec![Write { key: "a".to_owned(), value: None }]).await.unwrap();
    drop(journal);
    let journal = File::open(&path).unwrap();
    assert_eq!(journal.saved().iter().collect::<Vec<_>>(), [(&"c".to_owned(), &"2".to_owned())]);
}

#[tokio::test]
async fn commits_complete_in_order_of_their_calls() {
    let (_folder, path) = folder();
    let journal = File::open(&path).unwrap();
    // Not awaited one by one, so they are stored in groups.
    let commits: Vec<_> = (0..500).map(|i| journal.commit(save("n", &i.to_string()))).collect();
    for commit in commits {
        commit.await.unwrap();
    }
    drop(journal);
    assert_eq!(File::open(&path).unwrap().saved()["n"], "499");
}

#[tokio::test]
async fn commits_survive_even_if_nobody_waits_for_them() {
    let (_folder, path) = folder();
    let journal = File::open(&path).unwrap();
    drop(journal.commit(save("a", "1")));
    drop(journal);
    assert_eq!(File::open(&path).unwrap().saved()["a"], "1");
}

#[tokio::test]
async fn journal_is_compacted() {
    let (_folder, path) = folder();
    let journal = FileOptions::default().min_compaction_bytes(4096).open(&path).unwrap();
    for i in 0..300 {
        journal.commit(save(&format!("key/{}", i % 10), &"x".repeat(100))).await.unwrap();
    }
    drop(journal);
    let bytes = fs::metadata(&path).unwrap().len();
    assert!(bytes < 3 * 4096, "{bytes} bytes for ten values of 100 bytes");
    assert_eq!(File::open(&path).unwrap().saved().len(), 10);
    let left: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().flatten().collect();
    assert_eq!(left.len(), 2, "the journal and its lock: {left:?}");
}

#[tokio::test]
async fn torn_tail_is_removed_and_the_journal_continues() {
    let (_folder, path) = folder();
    let journal = File::open(&path).unwrap();
    journal.commit(save("a", "1")).await.unwrap();
    journal.commit(save("a", "2")).await.unwrap();
    drop(journal);
    let length = fs::metadata(&path).unwrap().len();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length - 1).unwrap();
    let journal = File::open(&path).unwrap();
    assert_eq!(journal.saved()["a"], "1");
    journal.commit(save("b", "3")).await.unwrap();
    drop(journal);
    assert_eq!(File::open(&path).unwrap().saved().len(), 2);
}

#[tokio::test]
async fn damage_in_the_middle_is_reported_with_its_offset() {
    let (_folder, path) = folder();
    let journal = File::open(&path).unwrap();
    let mut offsets = Vec::new();
    for value in ["1", "2", "3"] {
        offsets.push(fs::metadata(&path).unwrap().len());
        journal.commit(save("a", value)).await.unwrap();
    }
    drop(journal);
    let mut bytes = fs::read(&path).unwrap();
    let last_of_second = usize::try_from(offsets[2]).unwrap() - 1;
    bytes[last_of_second] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let error = File::open(&path).unwrap_err();
    assert!(matches!(error, OpenError::Damaged { offset, .. } if offset == offsets[1]), "{error}");
    assert_eq!(fs::read(&path).unwrap(), bytes, "a damaged journal is not changed");
}

#[test]
fn other_file_is_not_overwritten() {
    let (_folder, path) = folder();
    fs::write(&path, "important").unwrap();
    assert!(matches!(File::open(&path), Err(OpenError::Foreign(_))));
    assert_eq!(fs::read(&path).unwrap(), b"important");
}

#[test]
fn journal_is_opened_once() {
    let (_folder, path) = folder();
    let first = File::open(&path).unwrap();
    assert!(matches!(File::open(&path), Err(OpenError::InUse(_))));
    drop(first);
    File::open(&path).unwrap();
}

#[test]
fn missing_folder_is_an_error_with_the_path() {
    let (folder, _) = folder();
    let error = File::open(folder.path().join("none/test.journal")).unwrap_err();
    assert!(error.to_string().contains("none/test.journal"), "{error}");
}

#[tokio::test]
async fn too_large_value_is_rejected_before_it_is_written() {
    let (_folder, path) = folder();
    let journal = Arc::new(File::open(&path).unwrap());
    let large = save("a", &"x".repeat((256 << 20) + 1));
    journal.commit(large).await.unwrap_err();
    // A value that is too large is rejected before anything is written.
    journal.commit(save("a", "1")).await.unwrap();
}

#[test]
fn killed_program_loses_nothing_that_it_has_acknowledged() {
    let program = env!("CARGO_BIN_EXE_kill_journal");
    let output = Command::new(program).arg("5").output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}
