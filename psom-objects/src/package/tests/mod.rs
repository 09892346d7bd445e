//! Helpers for the tests of the package module.
#![allow(
    clippy::cast_possible_truncation,
    clippy::panic,
    clippy::string_add,
    clippy::unwrap_used,
    reason = "tests"
)]

mod archive;
mod garbled;
mod manifest;
mod opc;
mod opening;
mod raw;
mod refusals;

use std::io::{Cursor, Write as _};

use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;

/// The sample of section 7, unchanged.
const SAMPLE: &str = r#"<ocp xmlns="http://schemas.microsoft.com/2008/12/ocp">
    <createContent>
        <common>
            <title>Ryan’s Fun Day.jpg</title>
            <nativeFile>native.file</nativeFile>
        </common>
        <contentDetail type="Content.NativeFileOnly">
            <nativeFileOnlyContent xmlns="http://schemas.microsoft.com/2008/12/ocp-content-detail">
                <nativeFileOnlyType>empty</nativeFileOnlyType>
            </nativeFileOnlyContent>
        </contentDetail>
    </createContent>
</ocp>
"#;

/// Returns the value of [`SAMPLE`].
fn sample() -> Manifest {
    CreateContent::new("Ryan’s Fun Day.jpg", ContentDetail::NativeFileOnly)
        .with_native_file("native.file")
        .into()
}

type Bytes = Cursor<Vec<u8>>;

/// Returns an archive with these entries.
fn zip(entries: &[(&str, &[u8])]) -> Bytes {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    Cursor::new(zip.finish().unwrap().into_inner())
}

/// Returns a package with the manifest of the sample and these entries.
fn sample_with(entries: &[(&str, &[u8])]) -> Bytes {
    let mut all: Vec<(&str, &[u8])> = vec![(MANIFEST_NAME, SAMPLE.as_bytes())];
    all.extend(entries);
    zip(&all)
}

fn open(bytes: Bytes) -> Result<Package<Bytes>, PackageError> {
    Package::open(bytes, &PackageLimits::default())
}

/// Returns the position of the first `needle` at or after `from`.
fn find(bytes: &[u8], needle: &[u8], from: usize) -> usize {
    from + bytes[from..].windows(needle.len()).position(|window| window == needle).unwrap()
}
