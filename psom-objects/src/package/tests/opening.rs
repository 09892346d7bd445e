//! Rejected packages. For each rule there is an archive that violates it.

use std::io::{self, Cursor, Read as _, Write};

use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{SAMPLE, find, open, sample_with, zip};
use crate::package::*;

#[track_caller]
fn refused(bytes: Cursor<Vec<u8>>, message: &str) {
    refused_by(&PackageLimits::default(), bytes, message);
}

#[track_caller]
fn refused_by(limits: &PackageLimits, bytes: Cursor<Vec<u8>>, message: &str) {
    let error = Package::open(bytes, limits).unwrap_err().to_string();
    assert!(error.contains(message), "`{error}` lacks `{message}`");
}

#[test]
fn files_and_references_must_agree() {
    refused(zip(&[("native.file", b"1")]), "has no OcpManifest.xml");
    refused(zip(&[]), "has no OcpManifest.xml");
    refused(sample_with(&[]), "refers to the file `native.file`");
    refused(sample_with(&[("native.file", b""), ("more", b"")]), "has the file `more`");
    refused(zip(&[(MANIFEST_NAME, b"<ocp/>")]), "the manifest is not valid: the root element");
}

#[test]
fn entry_names_must_be_plain() {
    for name in [
        "/etc/passwd",
        "../up",
        "a/../b",
        "dir/file",
        "dir/",
        "a\\b",
        "C:\\x",
        "C:x",
        "a\nb",
        "..",
        "_rels/x",
        "_rels/a/b.rels",
        "_rels/../x.rels",
        "_rels/%2e%2e%2fx.rels",
        "%2fx",
        "..%5cx",
        "word/_rels/.rels",
    ] {
        let error = open(sample_with(&[("native.file", b""), (name, b"")])).unwrap_err();
        assert!(matches!(error, PackageError::EntryName { .. }), "{name}: {error}");
    }
    for (one, two) in [("native.file", "Native.FILE"), ("_rels/.rels", "_RELS/.rels")] {
        refused(sample_with(&[(one, b""), (two, b"")]), "more than one entry named");
    }
    refused(sample_with(&[("ocpmanifest.xml", b"")]), "more than one entry named");
    refused(sample_with(&[("native%2Efile", b""), ("native.file", b"")]), "more than one entry");
}

#[test]
fn duplicate_names_are_rejected() {
    let mut bytes = sample_with(&[("native.file", b"1"), ("native.fil2", b"2")]).into_inner();
    while let Some(at) = bytes.windows(11).position(|window| window == b"native.fil2") {
        bytes[at..at + 11].copy_from_slice(b"native.file");
    }
    refused(Cursor::new(bytes), "the same name more than once");
}

#[test]
fn declared_sizes_above_the_limits_are_rejected() {
    let package = || sample_with(&[("native.file", &[0; 2000])]);
    let limits = PackageLimits::default();
    refused_by(&PackageLimits { entries: 1, ..limits }, package(), "has 2 entries, and at most 1");
    refused_by(&PackageLimits { directory_bytes: 9, ..limits }, package(), "directory has");
    refused_by(&PackageLimits { manifest_bytes: 9, ..limits }, package(), "`OcpManifest.xml` has");
    refused_by(
        &PackageLimits { file_bytes: 1999, ..limits },
        package(),
        "`native.file` has 2000 bytes",
    );
    refused_by(
        &PackageLimits { total_bytes: 2100, ..limits },
        package(),
        "bytes unpacked, and at most 2100",
    );
    let generous = PackageLimits { manifest_bytes: u64::MAX, ..limits };
    let huge = [(MANIFEST_NAME, vec![b' '; Manifest::MAX_BYTES + 1])];
    let huge: Vec<(&str, &[u8])> = huge.iter().map(|(name, bytes)| (*name, &bytes[..])).collect();
    refused_by(&generous, zip(&huge), "`OcpManifest.xml` has 1048577 bytes");
    let zeros = vec![0; 4 << 20];
    refused(sample_with(&[("native.file", &zeros)]), "unpacks to more than 250 times");
    assert!(open(sample_with(&[("native.file", &zeros[..1 << 20])])).is_ok());
}

#[test]
fn encrypted_linked_and_unknown_entries_are_rejected() {
    let flagged = |offset: usize, local: usize, value: [u8; 2]| {
        let mut bytes = sample_with(&[("native.file", b"1")]).into_inner();
        let header = find(&bytes, b"native.file", 0) - 30;
        bytes[header + local..][..2].copy_from_slice(&value);
        let entry = find(&bytes, b"native.file", header + 42) - 46;
        bytes[entry + offset..][..2].copy_from_slice(&value);
        Cursor::new(bytes)
    };
    refused(flagged(8, 6, [1, 0]), "`native.file` is encrypted");
    refused(flagged(10, 8, [12, 0]), "is packed by");
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_symlink("native.file", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    refused(zip.finish().unwrap(), "symbolic link");
}

#[test]
fn ambiguous_archives_are_rejected() {
    let good = || sample_with(&[("native.file", b"1")]).into_inner();
    let end = |bytes: &[u8]| bytes.len() - 22;
    refused(Cursor::new([good(), b"x".to_vec()].concat()), "does not end with the end record");
    refused(Cursor::new([b"x".to_vec(), good()].concat()), "not at its declared position");
    refused(Cursor::new(Vec::new()), "shorter than the shortest archive");
    let edit = |at: usize, value: &[u8]| {
        let mut bytes = good();
        let at = end(&bytes) + at;
        bytes[at..at + value.len()].copy_from_slice(value);
        Cursor::new(bytes)
    };
    refused(edit(20, &[1, 0]), "without comment");
    refused(edit(4, &[1, 0]), "split archive");
    refused(edit(10, &[3, 0]), "split archive");
    refused(edit(8, &[0, 1, 0, 1]), "too short for its entries");
    // The values that indicate zip64, but no such record. The numbers are used as they are.
    refused(edit(8, &[0xff; 4]), "and at most 4096 are allowed");
    refused(edit(12, &[0xff; 4]), "directory has 4294967295 bytes");
    refused(edit(16, &[0xff; 4]), "not at its declared position");
}

#[test]
fn ambiguous_zip64_archives_are_rejected() {
    let good = sample_with(&[("native.file", b"1")]).into_inner();
    let (rest, end) = good.split_at(good.len() - 22);
    let number = |at: usize| u64::from(u32::from_le_bytes(end[at..at + 4].try_into().unwrap()));
    let zip64 = |entries: u64, locator: u64| {
        let mut bytes = [rest, b"PK\x06\x06"].concat();
        bytes.extend(44u64.to_le_bytes());
        bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        for value in [entries, entries, number(12), number(16)] {
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend(locator.to_le_bytes());
        bytes.extend([1, 0, 0, 0]);
        bytes.extend([&end[..8], &[0xff; 12], &end[20..]].concat());
        Cursor::new(bytes)
    };
    let at = rest.len() as u64;
    assert_eq!(open(zip64(2, at)).unwrap().copy_to("native.file", &mut io::sink()).unwrap(), 1);
    refused(zip64(3, at), "too short for its entries");
    refused(zip64(2, at - 1), "zip64 end record is not at its declared position");
    refused(zip64(2, u64::MAX), "zip64 end record is not at its declared position");
}

#[test]
fn declared_directory_size_allocates_nothing() {
    // A zip64 end record that declares a quarter of a billion entries.
    let count: u64 = 1 << 28;
    let mut bytes = b"PK\x06\x06".to_vec();
    bytes.extend(44u64.to_le_bytes());
    bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for value in [count, count, count * 46, 0] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(b"PK\x06\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0");
    bytes.extend(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0");
    refused(Cursor::new(bytes.clone()), "has 268435456 entries");
    let limits =
        PackageLimits { entries: u64::MAX, directory_bytes: u64::MAX, ..PackageLimits::default() };
    refused_by(&limits, Cursor::new(bytes), "not at its declared position");
}

/// Returns an archive that declares a size of `size` bytes for its `native.file`.
fn declaring(real: &[u8], size: u32, method: CompressionMethod) -> Cursor<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in [(MANIFEST_NAME, SAMPLE.as_bytes()), ("native.file", real)] {
        zip.start_file(name, options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    let mut bytes = zip.finish().unwrap().into_inner();
    // The bytes before the name distinguish the headers from other occurrences of the name.
    for (mark, name_at, size_at) in [(b"PK\x03\x04", 30, 22), (b"PK\x01\x02", 46, 24)] {
        let header = (0..bytes.len() - name_at)
            .rfind(|at| {
                bytes[*at..].starts_with(mark) && bytes[at + name_at..].starts_with(b"native.file")
            })
            .unwrap();
        bytes[header + size_at..][..4].copy_from_slice(&size.to_le_bytes());
    }
    Cursor::new(bytes)
}

/// A writer that counts bytes.
#[derive(Default)]
struct Counter(u64);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn unpacking_stops_at_the_declared_size() {
    let bomb = vec![0; 8 << 20];
    for declared in [0, 1, 1000, 70_000] {
        let mut package = open(declaring(&bomb, declared, CompressionMethod::Deflated)).unwrap();
        assert!(package.total_size() < 80_000);
        let mut written = Counter::default();
        let error = package.copy_to("native.file", &mut written).unwrap_err();
        assert!(matches!(error, PackageError::Damaged { .. }), "{error}");
        assert!(written.0 <= u64::from(declared));
        let mut read = Vec::new();
        assert!(package.file("native.file").unwrap().read_to_end(&mut read).is_err());
        assert!(read.len() <= declared as usize);
    }
    // The true size is declared and exceeds the limit.
    let honest = declaring(&bomb, 8 << 20, CompressionMethod::Deflated);
    refused(honest, "unpacks to more than 250 times");
}

#[test]
fn short_and_damaged_files_are_rejected() {
    for method in [CompressionMethod::Stored, CompressionMethod::Deflated] {
        let mut package = open(declaring(b"12345", 6, method)).unwrap();
        let error = package.copy_to("native.file", &mut io::sink()).unwrap_err();
        assert!(error.to_string().contains("less than its declared size"), "{error}");
    }
    let mut bytes = declaring(b"12345", 5, CompressionMethod::Stored).into_inner();
    let at = find(&bytes, b"12345", 0);
    bytes[at] = b'9';
    let error = open(Cursor::new(bytes)).unwrap().copy_to("native.file", &mut io::sink());
    assert!(error.unwrap_err().to_string().contains("Invalid checksum"));
}

#[test]
fn entries_that_share_bytes_are_rejected() {
    let manifest = SAMPLE.replace("<title>", "<title>b.file ");
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(MANIFEST_NAME, SimpleFileOptions::default()).unwrap();
    zip.write_all(manifest.as_bytes()).unwrap();
    zip.start_file("native.file", SimpleFileOptions::default()).unwrap();
    zip.write_all(b"12345").unwrap();
    zip.shallow_copy_file("native.file", "b.file").unwrap();
    refused(zip.finish().unwrap(), "not an intact zip archive");
}
