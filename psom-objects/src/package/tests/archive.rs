//! Writing packages and reading them back.

use std::io::{self, Cursor, Read, Write as _};

use crate::package::*;

use super::{SAMPLE, open, sample, sample_with, zip};

#[test]
fn written_package_is_read_again() {
    let content = vec![7; 100_000];
    let mut writer = PackageWriter::new(Cursor::new(Vec::new()), &sample()).unwrap();
    assert_eq!(writer.add_file("native.file", &mut content.as_slice()).unwrap(), 100_000);
    let mut package = open(writer.finish().unwrap()).unwrap();
    assert_eq!(package.manifest(), &sample());
    assert_eq!(package.files().collect::<Vec<_>>(), [("native.file", 100_000)]);
    assert!(package.total_size() > 100_000);
    let mut copy = Vec::new();
    assert_eq!(package.copy_to("Native.File", &mut copy).unwrap(), 100_000);
    assert_eq!(copy, content);
    let mut read = Vec::new();
    let mut file = package.file("native.file").unwrap();
    assert_eq!(file.size(), 100_000);
    file.read_to_end(&mut read).unwrap();
    drop(file);
    assert_eq!(read, content);
    assert!(matches!(package.file("x"), Err(PackageError::NoSuchFile { .. })));
    assert!(matches!(package.file(MANIFEST_NAME), Err(PackageError::NoSuchFile { .. })));
}

#[test]
fn escaped_part_names_are_found_again() {
    let name = "Ryan’s Fun & Day 50%.jpg";
    let manifest = CreateContent::new("x", ContentDetail::NativeFileOnly).with_native_file(name);
    let mut writer = PackageWriter::new(Cursor::new(Vec::new()), &manifest.into()).unwrap();
    writer.add_large_file(name, &mut b"x".as_slice()).unwrap();
    let bytes = writer.finish().unwrap();
    let part = "Ryan%E2%80%99s%20Fun%20&%20Day%2050%25.jpg";
    let mut archive = zip::ZipArchive::new(bytes.clone()).unwrap();
    assert!(archive.index_for_name(part).is_some());
    let mut types = String::new();
    archive.by_name("[Content_Types].xml").unwrap().read_to_string(&mut types).unwrap();
    assert!(types.contains(&format!("\"/{}\"", part.replace('&', "&amp;"))), "{types}");
    let mut package = open(bytes).unwrap();
    assert_eq!(package.copy_to(name, &mut io::sink()).unwrap(), 1);
    assert_eq!(package.files().next(), Some((name, 1)));
}

#[test]
fn plain_names_and_metadata_of_other_producers_are_read() {
    let manifest = SAMPLE.replace("native.file", "my file.jpg");
    for name in ["my file.jpg", "My%20File.jpg"] {
        let package = zip(&[
            (name, b"1"),
            ("_rels/.rels", b"<Relationships/>"),
            ("_rels/my%20file.jpg.rels", b""),
            ("[Content_Types].xml", b""),
            ("ocpmanifest.xml", manifest.as_bytes()),
        ]);
        assert_eq!(open(package).unwrap().copy_to("my file.jpg", &mut io::sink()).unwrap(), 1);
    }
}

#[test]
fn streamed_archive_is_read() {
    let mut zip = zip::ZipWriter::new_stream(Vec::new());
    for (name, bytes) in [(MANIFEST_NAME, SAMPLE.as_bytes()), ("native.file", b"12345")] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    let bytes = Cursor::new(zip.finish().unwrap().into_inner());
    let mut copy = Vec::new();
    open(bytes).unwrap().copy_to("native.file", &mut copy).unwrap();
    assert_eq!(copy, b"12345");
}

#[test]
fn writer_accepts_exactly_the_files_of_its_manifest() {
    let writer = || PackageWriter::new(Cursor::new(Vec::new()), &sample()).unwrap();
    let nothing = &mut io::empty();
    assert!(matches!(writer().finish(), Err(PackageError::MissingFile { .. })));
    let mut one = writer();
    assert!(matches!(one.add_file("other", nothing), Err(PackageError::Unreferenced { .. })));
    assert!(matches!(one.add_file("../x", nothing), Err(PackageError::Unreferenced { .. })));
    one.add_file("native.file", nothing).unwrap();
    assert!(matches!(one.add_file("NATIVE.file", nothing), Err(PackageError::Duplicate { .. })));
    assert_eq!(open(one.finish().unwrap()).unwrap().files().next(), Some(("native.file", 0)));
    let bad = CreateContent::new("\0", ContentDetail::Qna).into();
    assert!(matches!(
        PackageWriter::new(Cursor::new(Vec::new()), &bad),
        Err(PackageError::Manifest(_))
    ));
}

/// A reader that returns some bytes and then fails.
struct Failing(bool);

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if std::mem::take(&mut self.0) { Ok(buffer.len()) } else { Err(io::Error::other("gone")) }
    }
}

#[test]
fn failed_file_prevents_completion_of_the_package() {
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = PackageWriter::new(&mut bytes, &sample()).unwrap();
    let failed = writer.add_file("native.file", &mut Failing(true));
    assert!(matches!(failed, Err(PackageError::Copy { .. })));
    let again = writer.add_file("native.file", &mut io::empty());
    assert!(matches!(again, Err(PackageError::Failed)));
    assert!(matches!(writer.finish(), Err(PackageError::Failed)));
    assert!(open(bytes).is_err());
}

#[test]
fn failing_target_is_no_fault_of_the_package() {
    let mut package = open(sample_with(&[("native.file", b"12345")])).unwrap();
    let error = package.copy_to("native.file", &mut [0; 2].as_mut_slice()).unwrap_err();
    assert!(matches!(error, PackageError::Copy { .. }), "{error}");
}

#[test]
fn large_files_have_zip64_fields() {
    let mut writer = PackageWriter::new(Cursor::new(Vec::new()), &sample()).unwrap();
    writer.add_large_file("native.file", &mut b"12".as_slice()).unwrap();
    let bytes = writer.finish().unwrap();
    assert_eq!(open(bytes).unwrap().copy_to("native.file", &mut io::sink()).unwrap(), 2);
}
