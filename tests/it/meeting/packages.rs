//! OC packages as uploads of a meeting (section 3.2.4.1.4).

use std::io::Cursor;

use psom_objects::package::{
    ContentDetail, CreateContent, Manifest, Package, PackageLimits, PackageWriter,
};

use super::world::{pack, package};

fn native_file(name: &str) -> Manifest {
    let content = CreateContent::new("plan.txt", ContentDetail::NativeFileOnly);
    Manifest::CreateContent(content.with_native_file(name))
}

fn open(bytes: &[u8]) -> Result<Package<Cursor<&[u8]>>, String> {
    Package::open(Cursor::new(bytes), &PackageLimits::default()).map_err(|error| error.to_string())
}

#[test]
fn package_is_an_opc_file_with_a_root_manifest() {
    let bytes = package("plan.txt", b"hello");
    assert!(bytes.starts_with(b"PK"), "an OPC file is a zip archive");
    let has = |name: &[u8]| bytes.windows(name.len()).any(|window| window == name);
    assert!(has(b"OcpManifest.xml") && has(b"[Content_Types].xml"));
    let mut opened = open(&bytes).unwrap();
    assert_eq!(opened.manifest(), &native_file("native.file"));
    let mut plain = Vec::new();
    opened.copy_to("native.file", &mut plain).unwrap();
    assert_eq!(plain, b"hello");
    assert!(open(b"no archive").is_err());
}

#[test]
fn package_contains_exactly_the_manifest_files() {
    let nothing = PackageWriter::new(Cursor::new(Vec::new()), &native_file("a")).unwrap();
    assert!(nothing.finish().is_err(), "a file of the manifest is missing");
    let mut writer = PackageWriter::new(Cursor::new(Vec::new()), &native_file("a")).unwrap();
    assert!(writer.add_file("b", &mut &b"x"[..]).is_err(), "a file outside the manifest");
    assert!(open(&pack(&native_file("a"), &[("a", b"x")])).is_ok());
}

#[test]
fn document_type_declaration_is_refused() {
    let xml = "<!DOCTYPE x><ocp xmlns=\"http://schemas.microsoft.com/2008/12/ocp\"/>";
    assert!(Manifest::parse(xml).is_err());
}
