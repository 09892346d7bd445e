//! OC packages, which clients upload to create a content, an image annotation or resources of a
//! presentation (sections 3.2.4.1.4 and 7 of MS-PSOM).
//!
//! A package is an OPC file, that is, a zip archive. `OcpManifest.xml` at its root describes the
//! object to create, and the files that the manifest names are next to it. [`Manifest`] is that
//! document as plain types. [`Package`] reads an archive, and [`PackageWriter`] writes one.
//! [`OpcWriter`] and [`OpcReader`] are for other OPC files, such as those of slide thumbnails.
//! [`Location`], the displayed location of a presentation, uses the same XML parser.
//!
//! Packages are untrusted. [`Package::open`] rejects every irregular archive before it unpacks a
//! byte, a file is checked against its declared size while it is read, and memory is allocated only
//! in proportion to the bytes that have arrived.
//!
//! ```
//! # use psom_objects::package::{CreateContent, ContentDetail, PackageLimits, Manifest, Package, PackageError, PackageWriter};
//! # use std::io::Cursor;
//! # let manifest = CreateContent::new("plan.txt", ContentDetail::NativeFileOnly).with_native_file("plan.txt");
//! # let mut writer = PackageWriter::new(Cursor::new(Vec::new()), &manifest.into())?;
//! # writer.add_file("plan.txt", &mut &b"hello"[..])?;
//! # let file = writer.finish()?;
//! # let mut target = Vec::new();
//! let mut package = Package::open(file, &PackageLimits::default())?;
//! if let Manifest::CreateContent(content) = package.manifest()
//!     && let Some(name) = content.common.native_file.clone()
//! {
//!     package.copy_to(&name, &mut target)?;
//! }
//! # assert_eq!(target, b"hello");
//! # Ok::<(), PackageError>(())
//! ```
#![forbid(unsafe_code)]

mod detail;
mod directory;
mod error;
mod files;
mod limits;
mod location;
mod manifest;
mod names;
mod opc;
mod opc_writer;
mod open;
mod ppt;
mod raw;
mod stream;
#[cfg(test)]
mod tests;
mod values;
mod writer;
mod xml_chars;
mod xml_read;
mod xml_write;

pub use detail::{ContentDetail, OtherContent, PollDetail, SharedNotesDetail};
pub use error::{ManifestError, PackageError};
pub use limits::PackageLimits;
pub use location::{ForeignAttribute, INITIAL_LOCATION, Location};
pub use manifest::{
    Common, CreateAnnotation, CreateContent, CreatePptContentResource, Manifest, ResourceDetail,
    Upgrade,
};
pub use names::key_of_name;
pub use opc::{OpcReader, read_part};
pub use opc_writer::{OpcWriter, Streamed};
pub use open::{Package, StoredRange};
pub use ppt::{
    ChunkedPpt, JpegSlide, MarkupSlide, NotesPackage, NotesSlide, PptContentResource, PptResource,
    ThumbnailPackage, ThumbnailSlide,
};
pub use raw::RawXml;
pub use stream::FileReader;
pub use writer::PackageWriter;

/// The name of the manifest in a package (section 3.2.4.1.4).
pub const MANIFEST_NAME: &str = "OcpManifest.xml";
