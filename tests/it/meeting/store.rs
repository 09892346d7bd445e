//! The file store of the tests, in memory.

pub use psom_objects::testing::MemoryStore;

/// Reports whether this is the key of the named file.
pub fn belongs(name: &str, key: &[u8], iv: &[u8], hash: &[u8]) -> bool {
    let number = name.rsplit('-').next().and_then(|number| number.parse::<u64>().ok());
    let number = number.expect("a file of the store") as u8;
    [(key, 32), (iv, 16), (hash, 20)]
        .into_iter()
        .all(|(bytes, length)| bytes == vec![number; length])
}
