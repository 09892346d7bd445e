//! OPC files other than OC packages.

use std::io::{Cursor, Read as _};

use crate::package::*;

use super::{Bytes, zip};

const LIMIT: u64 = 1000;

fn written(parts: &[(&str, &'static str, &[u8])]) -> Vec<u8> {
    let mut writer = OpcWriter::new(Cursor::new(Vec::new()));
    for (name, content_type, bytes) in parts {
        assert_eq!(
            writer.add_part(name, content_type, &mut &bytes[..]).unwrap(),
            bytes.len() as u64
        );
    }
    writer.finish().unwrap().into_inner()
}

fn open(bytes: Bytes) -> Result<OpcReader<Bytes>, PackageError> {
    OpcReader::open(bytes, &PackageLimits::default())
}

#[test]
fn written_parts_are_read_again() {
    let bytes = written(&[
        ("slide1.jpg", "image/jpeg", b"one"),
        ("slide2.jpg", "image/jpeg", b"two"),
        ("Notes & more.txt", "text/plain", "größer".as_bytes()),
    ]);
    assert_eq!(read_part(&bytes, "slide1.jpg", LIMIT).unwrap(), b"one");
    assert_eq!(read_part(&bytes, "SLIDE2.jpg", LIMIT).unwrap(), b"two");
    assert_eq!(read_part(&bytes, "Notes & more.txt", LIMIT).unwrap(), "größer".as_bytes());
}

#[test]
fn each_part_has_a_content_type() {
    let bytes = written(&[("slide1.jpg", "image/jpeg", b"1"), ("a&b.txt", "text/plain", b"2")]);
    let text = |name: &str| String::from_utf8(read_part(&bytes, name, LIMIT).unwrap()).unwrap();
    let types = text("[Content_Types].xml");
    for part in [
        r#"<Override PartName="/slide1.jpg" ContentType="image/jpeg"/>"#,
        r#"<Override PartName="/a&amp;b.txt" ContentType="text/plain"/>"#,
        r#"<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>"#,
    ] {
        assert!(types.contains(part), "{types}");
    }
    assert!(text("_rels/.rels").contains("package/2006/relationships"));
    let mut archive = zip::ZipArchive::new(Cursor::new(&bytes)).unwrap();
    let mut first = String::new();
    archive.by_name("slide1.jpg").unwrap().read_to_string(&mut first).unwrap();
    assert_eq!(first, "1");
}

#[test]
fn invalid_and_duplicate_part_names_are_rejected() {
    let mut writer = OpcWriter::new(Cursor::new(Vec::new()));
    for bad in ["", "../a", "a/b", "[Content_Types].xml", "_rels"] {
        let refused = writer.add_part(bad, "text/plain", &mut &b"x"[..]);
        assert!(matches!(refused, Err(PackageError::EntryName { .. })), "{bad}: {refused:?}");
    }
    writer.add_part("a.txt", "text/plain", &mut &b"x"[..]).unwrap();
    let refused = writer.add_part("A.TXT", "text/plain", &mut &b"y"[..]);
    assert!(matches!(refused, Err(PackageError::Duplicate { .. })), "{refused:?}");
    let bytes = writer.finish().unwrap().into_inner();
    assert_eq!(read_part(&bytes, "a.txt", LIMIT).unwrap(), b"x");
}

#[test]
fn parts_in_folders_are_read() {
    let mut file = open(zip(&[("ppt/slides/slide1.xml", b"<sld/>")])).unwrap();
    assert_eq!(file.part("ppt/slides/slide1.xml", LIMIT).unwrap(), b"<sld/>");
    assert!(matches!(file.part("slide1.xml", LIMIT), Err(PackageError::NoSuchFile { .. })));
    assert!(matches!(file.part("/", LIMIT), Err(PackageError::NoSuchFile { .. })));
}

#[test]
fn part_above_a_limit_is_not_unpacked() {
    let mut file = open(zip(&[("a", &[1; 1001]), ("bomb", &vec![0; 2 << 20])])).unwrap();
    assert!(matches!(file.part("a", LIMIT), Err(PackageError::FileTooLarge { size: 1001, .. })));
    assert_eq!(file.part("a", 1001).unwrap(), [1; 1001]);
    assert!(matches!(file.part("bomb", u64::MAX), Err(PackageError::Ratio { .. })));
}

#[test]
fn files_other_than_opc_are_rejected() {
    let ambiguous = open(zip(&[("a", b"1"), ("A", b"2")]));
    assert!(matches!(ambiguous, Err(PackageError::Duplicate { .. })));
    for bytes in [Vec::new(), b"no archive".to_vec(), vec![0; 1000], zip(&[]).into_inner()] {
        let refused = open(Cursor::new(bytes));
        assert!(matches!(refused, Err(PackageError::Archive { .. })), "{refused:?}");
    }
}

#[test]
fn damaged_part_is_rejected() {
    let mut bytes = written(&[("a.txt", "text/plain", b"The quick brown fox")]);
    let at = super::find(&bytes, b"quick", 0);
    bytes[at] = b'Q';
    let damaged = read_part(&bytes, "a.txt", LIMIT);
    assert!(matches!(damaged, Err(PackageError::Damaged { .. })), "{damaged:?}");
}
