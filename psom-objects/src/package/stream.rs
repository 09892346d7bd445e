//! A file of a package, which is unpacked while it is read.

use std::io::{self, Read};

use zip::read::ZipFile;

/// A file of a package. It is unpacked while it is read, and only a small buffer is in memory.
///
/// Reading fails with [`io::ErrorKind::InvalidData`] as soon as the file is longer than declared,
/// and at its end if it is shorter or its checksum is wrong. So do not trust the bytes before the
/// end is reached without an error.
pub struct FileReader<'a, R: Read> {
    pub(super) inner: ZipFile<'a, R>,
    pub(super) size: u64,
    left: u64,
    ended: bool,
}

impl<'a, R: Read> FileReader<'a, R> {
    pub(super) fn new(inner: ZipFile<'a, R>, size: u64) -> Self {
        Self { inner, size, left: size, ended: false }
    }

    /// Returns the declared size of the file in bytes. It is verified while the file is read.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl<R: Read> Read for FileReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.ended {
            return Ok(0);
        }
        if self.left == 0 {
            // Reading beyond the declared size finds extra bytes and a wrong checksum.
            if self.inner.read(&mut [0])? != 0 {
                return Err(invalid("it unpacks to more than its declared size"));
            }
            self.ended = true;
            return Ok(0);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.inner.read(&mut buffer[..most])?;
        if count == 0 {
            return Err(invalid("it unpacks to less than its declared size"));
        }
        self.left -= count as u64;
        Ok(count)
    }
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
