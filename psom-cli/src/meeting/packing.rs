//! Packages that are packed while they are sent. Nothing is copied to the disk.

use std::{
    error::Error,
    fs::{self, File},
    io::{self, BufWriter, Read, Write},
    path::PathBuf,
};

use bytes::{Buf as _, Bytes};
use psom_objects::{
    client::{PackageReader, ReadFuture},
    package::{Manifest, PackageError, PackageWriter},
};
use tokio::sync::mpsc;

use crate::error::{OrCannot as _, Result};

/// The size of one piece of a package.
const PIECE_BYTES: usize = 64 << 10;

/// The number of pieces that are packed ahead of the upload.
const MAX_PIECES_AHEAD: usize = 8;

/// The length from which a file in a package is written in the form for large files (ZIP64).
const LARGE_FILE_BYTES: u64 = u32::MAX as u64;

/// The length of a package from which the size of its end depends on the lengths of the files (ZIP64).
const LARGE_PACKAGE_BYTES: u64 = 3 << 30;

/// The source of a file in a package.
pub(crate) enum Source {
    /// A file on the disk.
    File(PathBuf),
    /// Bytes in memory.
    Bytes(Vec<u8>),
}

impl Source {
    /// Returns the length in bytes.
    pub(crate) fn length(&self) -> Result<u64> {
        match self {
            Self::File(path) => {
                let about =
                    fs::metadata(path).or_cannot(format_args!("read {}", path.display()))?;
                Ok(about.len())
            }
            Self::Bytes(bytes) => Ok(bytes.len() as u64),
        }
    }
}

/// A file that is packed.
pub(crate) struct PackedFile {
    pub name: String,
    pub source: Source,
    /// The length when the upload was prepared. The file must keep it.
    pub length: u64,
}

impl PackedFile {
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(match &self.source {
            Source::File(path) => Box::new(File::open(path)?),
            Source::Bytes(bytes) => Box::new(&bytes[..]),
        })
    }
}

/// Returns the length that a package will have. Blocks.
pub(crate) fn packed_length(manifest: &Manifest, files: &[PackedFile]) -> Result<u64> {
    let total: u64 = files.iter().map(|file| file.length).sum();
    let is_large = total >= LARGE_PACKAGE_BYTES;
    let mut counter = Counter(0);
    let written = write(&mut counter, manifest, files, |file| {
        Ok(Box::new(io::repeat(0).take(if is_large { file.length } else { 0 })))
    });
    written.or_cannot("pack the file")?;
    Ok(if is_large { counter.0 } else { counter.0 + total })
}

/// Counts bytes.
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.0 += data.len() as u64;
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a package with the files that `open` returns.
fn write<'a>(
    output: impl Write,
    manifest: &Manifest,
    files: &'a [PackedFile],
    open: impl Fn(&'a PackedFile) -> io::Result<Box<dyn Read + 'a>>,
) -> std::result::Result<(), PackageError> {
    let mut package = PackageWriter::stream(output, manifest)?;
    for file in files {
        let mut source = open(file).map_err(PackageError::Io)?;
        if file.length >= LARGE_FILE_BYTES {
            package.add_large_file(&file.name, &mut source)?;
        } else {
            package.add_file(&file.name, &mut source)?;
        }
    }
    package.finish()?.flush().map_err(PackageError::Io)
}

/// Returns the text of an error with those of its sources.
fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// Reads a package while a thread packs it.
pub(crate) struct PackedReader {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    /// The rest of the last piece.
    rest: Bytes,
}

impl PackedReader {
    /// Starts to pack. Dropping the reader ends the thread.
    pub(crate) fn start(manifest: Manifest, files: Vec<PackedFile>) -> Self {
        let (sender, pieces) = mpsc::channel(MAX_PIECES_AHEAD);
        tokio::task::spawn_blocking(move || {
            let output = BufWriter::with_capacity(PIECE_BYTES, Pieces(sender.clone()));
            let packed = write(output, &manifest, &files, |file| {
                let (file, left) = (file.open()?, file.length);
                Ok(Box::new(Unchanged { file, left, receiver: sender.clone() }))
            });
            if let Err(error) = packed {
                // The receiver is gone if the upload has ended.
                let _ = sender.blocking_send(Err(io::Error::other(with_sources(&error))));
            }
        });
        Self { pieces, rest: Bytes::new() }
    }
}

impl PackageReader for PackedReader {
    fn read(&mut self, max_bytes: usize) -> ReadFuture<'_> {
        Box::pin(async move {
            if self.rest.is_empty() {
                self.rest = self.pieces.recv().await.transpose()?.unwrap_or_default();
            }
            let length = self.rest.remaining().min(max_bytes);
            Ok(self.rest.split_to(length))
        })
    }
}

/// Sends the written bytes in pieces.
struct Pieces(mpsc::Sender<io::Result<Bytes>>);

impl Write for Pieces {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        // If a write failed, the archive would report that on standard error. So bytes without a reader
        // are dropped. Reading the next file then ends the packing.
        let _ = self.0.blocking_send(Ok(Bytes::copy_from_slice(data)));
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads a file that must keep its length.
struct Unchanged<R> {
    file: R,
    left: u64,
    /// Reading ends when its receiver is gone.
    receiver: mpsc::Sender<io::Result<Bytes>>,
}

impl<R: Read> Read for Unchanged<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.receiver.is_closed() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let count = self.file.read(buffer)?;
        let changed =
            || io::Error::other("the file has changed while it was shared; share it again");
        self.left = self.left.checked_sub(count as u64).ok_or_else(changed)?;
        if count == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(changed());
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::io::Cursor;

    use psom_objects::package::{ContentDetail, CreateContent, Package};

    use super::*;

    fn manifest() -> Manifest {
        CreateContent::new("Plan", ContentDetail::NativeFileOnly)
            .with_native_file("file.bin")
            .into()
    }

    fn files(source: Source, length: u64) -> Vec<PackedFile> {
        vec![PackedFile { name: "file.bin".to_owned(), source, length }]
    }

    /// Reads a package in pieces of at most 1,000 bytes.
    async fn read_all(mut reader: PackedReader) -> io::Result<Vec<u8>> {
        let mut package = Vec::new();
        loop {
            let piece = reader.read(1000).await?;
            assert!(piece.len() <= 1000);
            if piece.is_empty() {
                return Ok(package);
            }
            package.extend(piece);
        }
    }

    #[tokio::test]
    async fn a_package_has_the_announced_length() {
        for length in [0, 1, 64 << 10, 1_000_003usize] {
            let data: Vec<u8> =
                (0..length).map(|index| u8::try_from(index % 251).unwrap()).collect();
            let files = files(Source::Bytes(data.clone()), length as u64);
            let announced = packed_length(&manifest(), &files).unwrap();
            let package = read_all(PackedReader::start(manifest(), files)).await.unwrap();
            assert_eq!(package.len() as u64, announced);
            let mut package = Package::open(Cursor::new(package), &Default::default()).unwrap();
            let mut unpacked = Vec::new();
            package.file("file.bin").unwrap().read_to_end(&mut unpacked).unwrap();
            assert!(unpacked == data);
        }
    }

    #[tokio::test]
    async fn a_file_that_changes_is_not_sent() {
        for length in [4, 6] {
            let files = files(Source::Bytes(b"12345".to_vec()), length);
            let error = read_all(PackedReader::start(manifest(), files)).await.unwrap_err();
            assert!(error.to_string().contains("the file has changed"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_missing_file_is_reported() {
        let files = files(Source::File("/nonexistent/file".into()), 5);
        assert!(read_all(PackedReader::start(manifest(), files)).await.is_err());
    }

    #[test]
    fn large_packages_are_measured() {
        let file = |length| files(Source::Bytes(Vec::new()), length);
        let length = |bytes| packed_length(&manifest(), &file(bytes)).unwrap();
        let overhead = length(1) - 1;
        assert_eq!(length((3 << 30) - 1), (3 << 30) - 1 + overhead);
    }
}
