//! A package on its way to the disk.
//!
//! A package that is written as it is, and whose file is encrypted afterwards, costs two writes and a read of
//! each byte. Most large packages have one file, which is not compressed and follows the manifest. Such a file
//! is encrypted while it arrives, and the package on the disk has a hole in its place.
//!
//! The directory at the end of a package decides what its files are. The import compares it with the bytes that
//! were encrypted early, and their checksum. If they differ, it fills the hole and imports the package like any
//! other.

use std::{
    fs::File,
    io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write},
    path::{Path, PathBuf},
};

use flate2::{Decompress, FlushDecompress, Status};
use psom_objects::package::{MANIFEST_NAME, Manifest, StoredRange, key_of_name};

use super::{
    crypto::Decryptor,
    encrypting_file::EncryptingFile,
    spool::{create_file, remove_file, run_blocking},
};
use crate::shared::identifiers::random_name;

/// The number of first bytes in which the file must begin: more than a manifest with one file has.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// The number of last bytes that are not encrypted early, because the file may end before them. The metadata and
/// the directory of a package with one file have less than 2 KiB.
const HELD_BYTES: usize = 64 << 10;

/// The number of bytes by which the buffer for the manifest grows: most manifests are smaller.
const INFLATE_BYTES: usize = 4 << 10;

/// The size of the fixed part of a local header (APPNOTE.TXT, section 4.3.7).
const HEADER_BYTES: usize = 30;

/// The possible sizes of a data descriptor: with or without a signature, and with sizes of 4 or 8 bytes.
const DESCRIPTOR_BYTES: [usize; 4] = [16, 24, 12, 20];

/// A package that is being written.
pub(super) struct ArrivingPackage {
    package: File,
    /// The folder for the encrypted file.
    folder: PathBuf,
    phase: Phase,
}

enum Phase {
    /// The first bytes, in which the file is searched. They are in the package, too.
    Head(Head),
    /// The following bytes belong to the file.
    Encrypting(Box<EarlyFile>),
    /// The package is written as it is.
    Whole,
}

/// The first bytes of a package.
#[derive(Default)]
struct Head {
    bytes: Vec<u8>,
    /// The number of bytes from which they are searched again. It doubles with each search, so that many small
    /// writes cost no more than a large one.
    search_at: usize,
}

/// The file of a package that is encrypted while the package arrives. Dropping it removes it.
pub(super) struct EarlyFile {
    name: String,
    path: PathBuf,
    /// `None` once it is kept or restored.
    writer: Option<EncryptingFile>,
    /// The offset of the file in the package.
    start: u64,
    /// The number of encrypted bytes, and their checksum.
    taken: u64,
    crc32: crc32fast::Hasher,
    /// The last bytes of the package.
    held: Vec<u8>,
}

/// The result of a search for the file.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// The file begins at this offset.
    At(usize),
    /// More bytes are necessary.
    Incomplete,
    /// The package has another form.
    Nothing,
}

impl ArrivingPackage {
    pub(super) fn new(package: File, folder: PathBuf) -> Self {
        Self { package, folder, phase: Phase::Head(Head::default()) }
    }

    /// Completes the package. Returns its file, and the file that was encrypted early, whose place in the
    /// package is a hole.
    pub(super) fn finish(mut self) -> io::Result<(File, Option<Box<EarlyFile>>)> {
        let Phase::Encrypting(early) = self.phase else { return Ok((self.package, None)) };
        self.package.seek(SeekFrom::Start(early.start + early.taken))?;
        self.package.write_all(&early.held)?;
        Ok((self.package, Some(early)))
    }
}

impl Write for ArrivingPackage {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        match &mut self.phase {
            Phase::Head(head) => {
                self.package.write_all(data)?;
                match head.search(data) {
                    Found::At(start) => {
                        let mut early = EarlyFile::create(&self.folder, start as u64)?;
                        early.take(&head.bytes[start..])?;
                        self.phase = Phase::Encrypting(Box::new(early));
                    }
                    Found::Incomplete => {}
                    Found::Nothing => self.phase = Phase::Whole,
                }
            }
            Phase::Encrypting(early) => early.take(data)?,
            Phase::Whole => self.package.write_all(data)?,
        }
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.package.flush()
    }
}

impl Head {
    /// Adds bytes, and searches the file in them.
    fn search(&mut self, data: &[u8]) -> Found {
        self.bytes.extend_from_slice(data);
        if self.bytes.len() < self.search_at {
            return Found::Incomplete;
        }
        self.search_at = 2 * self.bytes.len();
        match find_file(&self.bytes) {
            Found::Incomplete if self.bytes.len() >= MAX_HEAD_BYTES => Found::Nothing,
            found => found,
        }
    }
}

impl EarlyFile {
    fn create(folder: &Path, start: u64) -> io::Result<Self> {
        let name = random_name();
        let path = folder.join(&name);
        let writer = Some(EncryptingFile::from(create_file(&path)?));
        let (crc32, held) = (crc32fast::Hasher::new(), Vec::new());
        Ok(Self { name, path, writer, start, taken: 0, crc32, held })
    }

    /// Takes the next bytes of the package, and encrypts those that are certainly not the last ones.
    fn take(&mut self, data: &[u8]) -> io::Result<()> {
        self.held.extend_from_slice(data);
        // Wait until half of the bytes can be encrypted, because the others are moved.
        if self.held.len() < 2 * HELD_BYTES {
            Ok(())
        } else {
            self.encrypt(self.held.len() - HELD_BYTES)
        }
    }

    /// Encrypts the first of the held bytes.
    fn encrypt(&mut self, count: usize) -> io::Result<()> {
        let plain = &self.held[..count];
        self.crc32.update(plain);
        if let Some(writer) = &mut self.writer {
            writer.write_all(plain)?;
        }
        self.taken += count as u64;
        self.held.drain(..count);
        Ok(())
    }

    /// Encrypts the rest of the file. Returns `false` if the package declares another file than this one.
    pub(super) fn complete(&mut self, declared: StoredRange) -> io::Result<bool> {
        let rest =
            declared.length.checked_sub(self.taken).and_then(|rest| usize::try_from(rest).ok());
        let Some(rest) = rest.filter(|rest| *rest <= self.held.len()) else { return Ok(false) };
        if declared.start != self.start {
            return Ok(false);
        }
        self.encrypt(rest)?;
        Ok(self.crc32.clone().finalize() == declared.crc32)
    }

    /// Hands the file to the caller, with its name. The caller has to remove it.
    pub(super) fn keep(mut self) -> Option<(String, EncryptingFile)> {
        let writer = self.writer.take()?;
        Some((std::mem::take(&mut self.name), writer))
    }

    /// Writes the encrypted bytes back to their place in the package, and removes the file.
    pub(super) fn restore(mut self, mut package: File) -> io::Result<()> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        let restored = (|| {
            let mut decryptor = Decryptor::new(writer.key());
            writer.finish(String::new())?;
            package.seek(SeekFrom::Start(self.start))?;
            let mut encrypted = BufReader::with_capacity(HELD_BYTES, File::open(&self.path)?);
            let mut buffer = vec![0; HELD_BYTES];
            loop {
                match encrypted.read(&mut buffer)? {
                    0 => break,
                    count => package.write_all(decryptor.update(&buffer[..count]))?,
                }
            }
            let (last, _) = decryptor.finish().map_err(io::Error::other)?;
            package.write_all(&last)
        })();
        remove_file(&self.path);
        restored
    }
}

impl Drop for EarlyFile {
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            let path = std::mem::take(&mut self.path);
            run_blocking(move || {
                drop(writer);
                remove_file(&path);
            });
        }
    }
}

/// Searches for the only file of a package after the manifest.
fn find_file(head: &[u8]) -> Found {
    let manifest = match Header::read(head, 0) {
        Header::Complete(header) if key_of_name(header.name) == key_of_name(MANIFEST_NAME) => {
            header
        }
        Header::Incomplete => return Found::Incomplete,
        Header::Complete(_) | Header::Other => return Found::Nothing,
    };
    let (bytes, end) = match read_manifest(head, &manifest) {
        Ok(read) => read,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Found::Incomplete,
        Err(_) => return Found::Nothing,
    };
    let Ok(parsed) = Manifest::parse_bytes(&bytes) else { return Found::Nothing };
    let [name] = parsed.files()[..] else { return Found::Nothing };
    let skipped: &[usize] = if manifest.has_descriptor { &DESCRIPTOR_BYTES } else { &[0] };
    let mut found = Found::Nothing;
    for skip in skipped {
        match Header::read(head, end + skip) {
            Header::Complete(header) => {
                let is_file = header.is_stored && key_of_name(header.name) == key_of_name(name);
                return if is_file { Found::At(header.data) } else { Found::Nothing };
            }
            Header::Incomplete => found = Found::Incomplete,
            Header::Other => {}
        }
    }
    found
}

/// Returns the bytes of the manifest, and the offset after them in the package.
fn read_manifest(head: &[u8], header: &LocalHeader<'_>) -> io::Result<(Vec<u8>, usize)> {
    let data = head.get(header.data..).unwrap_or_default();
    if header.is_deflated {
        let (mut inflater, mut bytes, mut packed) = (Decompress::new(false), Vec::new(), 0);
        loop {
            bytes.reserve(INFLATE_BYTES);
            let status =
                inflater.decompress_vec(&data[packed..], &mut bytes, FlushDecompress::None)?;
            packed = usize::try_from(inflater.total_in()).map_err(io::Error::other)?;
            if status == Status::StreamEnd {
                return Ok((bytes, header.data + packed));
            }
            if bytes.len() > Manifest::MAX_BYTES {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if bytes.len() < bytes.capacity() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }
    if !header.is_stored || header.has_descriptor {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let bytes = data.get(..header.packed).ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok((bytes.to_vec(), header.data + header.packed))
}

/// The attempt to read a local header.
enum Header<'a> {
    Complete(LocalHeader<'a>),
    Incomplete,
    /// The bytes are no header, or that of an encrypted entry.
    Other,
}

struct LocalHeader<'a> {
    name: &'a str,
    is_stored: bool,
    is_deflated: bool,
    /// Whether the checksum and the sizes follow the data.
    has_descriptor: bool,
    /// The packed size, if no descriptor has it.
    packed: usize,
    /// The offset of the data.
    data: usize,
}

impl<'a> Header<'a> {
    fn read(bytes: &'a [u8], at: usize) -> Self {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(fixed) = rest.first_chunk::<HEADER_BYTES>() else {
            let signature = &b"PK\x03\x04"[..rest.len().min(4)];
            return if rest.starts_with(signature) { Self::Incomplete } else { Self::Other };
        };
        let u16_at = |at: usize| u16::from_le_bytes([fixed[at], fixed[at + 1]]);
        let (flags, method) = (u16_at(6), u16_at(8));
        if !fixed.starts_with(b"PK\x03\x04") || flags & 1 != 0 {
            return Self::Other;
        }
        let packed = u32::from_le_bytes([fixed[18], fixed[19], fixed[20], fixed[21]]);
        let name_end = HEADER_BYTES + usize::from(u16_at(26));
        let end = name_end + usize::from(u16_at(28));
        let Some(name) = rest.get(HEADER_BYTES..name_end).filter(|_| rest.len() >= end) else {
            return Self::Incomplete;
        };
        let (Ok(name), Ok(packed)) = (str::from_utf8(name), usize::try_from(packed)) else {
            return Self::Other;
        };
        Self::Complete(LocalHeader {
            name,
            is_stored: method == 0,
            is_deflated: method == 8,
            has_descriptor: flags & 8 != 0,
            packed,
            data: at + end,
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::{fs, io::Cursor};

    use psom_objects::package::{ContentDetail, CreateContent, PackageWriter};

    use super::*;
    use crate::testing::Directory;

    /// Returns the package of a file, once as written to a stream and once with sizes in the headers.
    fn packages(bytes: &[u8]) -> [Vec<u8>; 2] {
        let content = CreateContent::new("Title", ContentDetail::NativeFileOnly);
        let manifest = content.with_native_file("a b.bin").into();
        let mut streamed = Vec::new();
        let mut writer = PackageWriter::stream(&mut streamed, &manifest).unwrap();
        writer.add_file("a b.bin", &mut &*bytes).unwrap();
        writer.finish().unwrap();
        let mut package = PackageWriter::new(Cursor::new(Vec::new()), &manifest).unwrap();
        package.add_file("a b.bin", &mut &*bytes).unwrap();
        [streamed, package.finish().unwrap().into_inner()]
    }

    fn find(package: &[u8], bytes: &[u8]) -> usize {
        package.windows(bytes.len()).position(|window| window == bytes).unwrap()
    }

    #[test]
    fn file_is_found_when_its_header_is_complete() {
        let bytes = b"the bytes of the file";
        for package in packages(bytes) {
            let start = find(&package, bytes);
            for end in 0..start {
                assert_eq!(find_file(&package[..end]), Found::Incomplete, "{end} of {start}");
            }
            for end in [start, start + 5, package.len()] {
                assert_eq!(find_file(&package[..end]), Found::At(start));
            }
        }
    }

    #[test]
    fn packages_of_another_form_are_written_as_they_are() {
        let (mut board, manifest) =
            (Vec::new(), CreateContent::new("Board", ContentDetail::Whiteboard).into());
        PackageWriter::stream(&mut board, &manifest).unwrap().finish().unwrap();
        let [mut encrypted, mut other] = packages(b"bytes");
        let second = find(&other[4..], b"PK\x03\x04") + 4;
        (encrypted[6], other[second + 8]) = (1, 8);
        for package in [board, encrypted, other, vec![0; 100]] {
            assert_eq!(find_file(&package), Found::Nothing);
            let folder = Directory::new();
            let file = create_file(&folder.join("package")).unwrap();
            let mut arriving = ArrivingPackage::new(file, folder.to_path_buf());
            arriving.write_all(&package).unwrap();
            assert!(arriving.finish().unwrap().1.is_none());
            assert_eq!(fs::read(folder.join("package")).unwrap(), package);
        }
    }

    #[test]
    fn early_file_can_be_put_back() {
        let bytes: Vec<u8> = (0..1_000_000u32).flat_map(u32::to_le_bytes).collect();
        for package in packages(&bytes) {
            let folder = Directory::new();
            let path = folder.join("package");
            let mut arriving =
                ArrivingPackage::new(create_file(&path).unwrap(), folder.to_path_buf());
            package.chunks(10_007).for_each(|chunk| arriving.write_all(chunk).unwrap());
            let (file, early) = arriving.finish().unwrap();
            let early = early.unwrap();
            assert!(early.taken > 3_000_000 && early.taken < 4_000_000);
            assert_ne!(fs::read(&path).unwrap(), package, "there is a hole");
            early.restore(file).unwrap();
            assert!(fs::read(&path).unwrap() == package);
            assert_eq!(fs::read_dir(&*folder).unwrap().count(), 1);
        }
    }

    #[test]
    fn declared_file_must_be_the_early_one() {
        let bytes = vec![7; 500_000];
        let folder = Directory::new();
        let mut early = EarlyFile::create(&folder, 100).unwrap();
        early.take(&bytes).unwrap();
        early.take(b"the directory").unwrap();
        let right = StoredRange { start: 100, length: 500_000, crc32: crc32fast::hash(&bytes) };
        for wrong in [
            StoredRange { start: 101, ..right },
            StoredRange { length: 100_000, ..right },
            StoredRange { length: 500_014, ..right },
        ] {
            assert!(!early.complete(wrong).unwrap(), "{wrong:?}");
        }
        assert!(early.complete(right).unwrap());
        assert!(!early.complete(StoredRange { crc32: 0, ..right }).unwrap());
        drop(early);
        assert_eq!(fs::read_dir(&*folder).unwrap().count(), 0);
    }
}
