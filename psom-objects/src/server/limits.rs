/// How much a meeting holds.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// Titles that a user may reserve at a time: 20.
    pub reservations: usize,
    /// Packages that a user may upload at a time: 5.
    pub uploads: usize,
    /// Contents of the meeting: 50.
    pub contents: usize,
    /// Bytes of a package, packed or unpacked: 1 GiB.
    pub package_size: u64,
    /// Characters of a title: 255.
    pub title_length: usize,
    /// Slides of a presentation: 1,000.
    pub slides: usize,
    /// Choices of a poll: 7.
    pub choices: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            reservations: 20,
            uploads: 5,
            contents: 50,
            package_size: 1 << 30,
            title_length: 255,
            slides: 1000,
            choices: 7,
        }
    }
}
