//! The bytes that the commands read and print.

/// The largest file that is read (256 MiB): storage files have 4 MiB, but memory dumps have more.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// Writes bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
