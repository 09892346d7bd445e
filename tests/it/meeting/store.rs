//! What the tests know of a file store in memory.

pub use psom_objects::testing::MemoryStore;

/// Whether this is what is needed to read a file, and not another's.
pub fn belongs(name: &str, key: &[u8], iv: &[u8], hash: &[u8]) -> bool {
    let number = name.rsplit('-').next().and_then(|number| number.parse::<u64>().ok());
    let number = number.expect("a file of the store") as u8;
    [(key, 32), (iv, 16), (hash, 20)]
        .into_iter()
        .all(|(bytes, length)| bytes == vec![number; length])
}
