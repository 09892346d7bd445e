//! The data hash XorHash0 (MS-FSSHTTPD 2.2.3.1).

/// The number of bytes of the hash and of a block.
const BYTES: usize = 20;
const BITS: usize = BYTES * 8;
/// Each block is rotated by this many bits more than the one before.
const SHIFT_BITS: usize = 11;

/// Returns the hash: block `i` of 20 bytes is rotated by `11 i` bits to the left and XORed; the
/// bytes of the result are reversed. The last block is filled with zeros.
pub fn xor_hash(bytes: &[u8]) -> [u8; BYTES] {
    let mut hash = [0; BYTES];
    for (place, block) in bytes.chunks(BYTES).enumerate() {
        let bits = place % BITS * SHIFT_BITS % BITS;
        let (shift_bytes, shift_bits) = (bits / 8, bits % 8);
        for (from, byte) in block.iter().enumerate() {
            // The bytes are a little-endian number of 160 bits.
            let [low, high] = (u16::from(*byte) << shift_bits).to_le_bytes();
            hash[(from + shift_bytes) % BYTES] ^= low;
            hash[(from + shift_bytes + 1) % BYTES] ^= high;
        }
    }
    hash.reverse();
    hash
}
