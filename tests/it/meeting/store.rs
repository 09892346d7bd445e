//! The file store of the tests, in memory.

pub(super) use psom_objects::testing::MemoryStore;

use psom_objects::types::FileSecrets;

/// Reports whether these are the secrets of the named file.
pub(super) fn has_secrets_of(name: &str, secrets: &FileSecrets) -> bool {
    let FileSecrets { key, iv, hash } = secrets;
    let number = name.rsplit('-').next().and_then(|number| number.parse::<u64>().ok());
    let number = number.expect("a file of the store") as u8;
    [(key, 32), (iv, 16), (hash, 20)]
        .into_iter()
        .all(|(bytes, length)| *bytes == vec![number; length])
}
