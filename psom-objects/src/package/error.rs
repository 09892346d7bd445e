//! The faults of a manifest and of a package.

use std::io;

use thiserror::Error;
use zip::result::ZipError;

/// The result of reading or writing a document.
pub(super) type Result<T> = std::result::Result<T, ManifestError>;

/// A document (a manifest, a location, or a fragment of one) was rejected.
///
/// `at` is the path of element names from the root, such as `ocp/createContent/common`. Quoted
/// texts of the document are truncated to 60 characters.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The document exceeds [`Manifest::MAX_BYTES`](super::Manifest::MAX_BYTES).
    #[error("the document has {size} bytes, and at most {limit} are allowed")]
    TooLarge {
        /// Bytes of the document.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Elements are nested more deeply than the parser allows.
    #[error("in {at}, elements nest more than {limit} deep")]
    TooDeep {
        /// The place in the document.
        at: String,
        /// The deepest level allowed.
        limit: usize,
    },
    /// The document is not well-formed XML with namespaces.
    #[error("the document is not well-formed at byte {offset}: {reason}")]
    Malformed {
        /// The position in bytes from the start.
        offset: u64,
        /// The fault.
        reason: String,
    },
    /// The document has a DOCTYPE, with which it could define entities.
    #[error("the document has a document type declaration at byte {offset}, which is not allowed")]
    Doctype {
        /// The position in bytes from the start.
        offset: u64,
    },
    /// The encoding of the document is, or is declared as, neither UTF-8 nor UTF-16.
    #[error("the document's encoding is {found}, and only UTF-8 and UTF-16 are read")]
    Encoding {
        /// The encoding found.
        found: String,
    },
    /// The root element is not the expected one.
    #[error("the root element is `{found}` in the namespace `{namespace}`, not {expected}")]
    Root {
        /// The root's local name.
        found: String,
        /// The root's namespace; empty for none.
        namespace: String,
        /// The expected element with its namespace.
        expected: String,
    },
    /// A required element is absent.
    #[error("{at} ends without its element {expected}")]
    Missing {
        /// The parent.
        at: String,
        /// The expected item.
        expected: String,
    },
    /// The schema requires another item or none in the position of an element.
    #[error("{at} has the element `{found}`, but the schema requires {expected}")]
    Unexpected {
        /// The parent.
        at: String,
        /// The element found.
        found: String,
        /// The expected item.
        expected: String,
    },
    /// An element of a third party has no namespace.
    #[error(
        "in {at}, the element `{name}` has no namespace; give it one of your own: xmlns=\"...\""
    )]
    NoNamespace {
        /// The parent.
        at: String,
        /// The element.
        name: String,
    },
    /// An element has the right name, but not the schema's namespace.
    #[error("{at} has the element `{name}` in the namespace `{found}`, not in the schema's")]
    Namespace {
        /// The parent.
        at: String,
        /// The element.
        name: String,
        /// Its namespace; empty for none.
        found: String,
    },
    /// Text is between elements.
    #[error("{at} has text between its elements")]
    Text {
        /// The parent.
        at: String,
    },
    /// An attribute that the schema does not have.
    #[error("{at} has the attribute `{name}`, which the schema does not define")]
    Attribute {
        /// The element.
        at: String,
        /// The attribute.
        name: String,
    },
    /// A value does not have the type that the schema requires.
    #[error("{at} is `{value}`, not {expected}")]
    Value {
        /// The element or the attribute.
        at: String,
        /// The value found.
        value: String,
        /// The expected item.
        expected: &'static str,
    },
    /// A name is not valid for a file at the root of a package.
    #[error("{at} names the file `{name}`, which {reason}")]
    FileName {
        /// The element or the attribute.
        at: String,
        /// The name.
        name: String,
        /// The fault.
        reason: &'static str,
    },
    /// The detail does not belong to the content's type.
    #[error("a content of type {content_type} cannot have the detail `{found}`")]
    Mismatch {
        /// The `type` attribute.
        content_type: String,
        /// The element found.
        found: String,
    },
    /// `contentDetail` has no type, and its element does not determine one.
    #[error("{at} has no type, and its element does not determine one")]
    NoType {
        /// The element.
        at: String,
    },
    /// The schema has no document for a value.
    #[error("this value cannot be written as a document, because it would be read as another one")]
    Unwritable,
}

/// A package was rejected, or could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PackageError {
    /// The bytes are not a zip archive, or the archive is damaged.
    #[error("the package is not an intact zip archive: {reason}")]
    Archive {
        /// The fault.
        reason: String,
    },
    /// Reading failed, although the package may be intact.
    #[error("the package could not be read")]
    Io(#[source] io::Error),
    /// The manifest is not valid.
    #[error("the manifest is not valid: {0}")]
    Manifest(#[from] ManifestError),
    /// There is no `OcpManifest.xml` at the root.
    #[error("the package has no OcpManifest.xml at its root")]
    NoManifest,
    /// The archive's directory has too many entries.
    #[error("the package has {count} entries, and at most {limit} are allowed")]
    TooManyEntries {
        /// Entries declared.
        count: u64,
        /// Entries allowed.
        limit: u64,
    },
    /// The archive's directory is too long.
    #[error("the package's directory has {size} bytes, and at most {limit} are allowed")]
    DirectoryTooLarge {
        /// Bytes declared.
        size: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// An entry is larger than allowed.
    #[error("the file `{name}` has {size} bytes unpacked, and at most {limit} are allowed")]
    FileTooLarge {
        /// The entry.
        name: String,
        /// Bytes declared.
        size: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// All entries together are larger than allowed.
    #[error("the package has {size} bytes unpacked, and at most {limit} are allowed")]
    TotalTooLarge {
        /// Bytes declared.
        size: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// The compression ratio of an entry is larger than allowed.
    #[error("the file `{name}` unpacks to more than {limit} times its packed size")]
    Ratio {
        /// The entry.
        name: String,
        /// The ratio allowed.
        limit: u64,
    },
    /// The name of an entry is not valid for a file at the root.
    #[error("the package has an entry `{name}`, which {reason}")]
    EntryName {
        /// The entry, as printable text.
        name: String,
        /// The fault.
        reason: &'static str,
    },
    /// The names of two entries differ at most in case.
    #[error("the package has more than one entry named `{name}`")]
    Duplicate {
        /// The name.
        name: String,
    },
    /// An entry is encrypted.
    #[error("the file `{name}` is encrypted inside the package, which is not allowed")]
    Encrypted {
        /// The entry.
        name: String,
    },
    /// The compression method of an entry is neither "stored" nor "deflate".
    #[error("the file `{name}` is packed by {method}, but only deflate and stored are supported")]
    Compression {
        /// The entry.
        name: String,
        /// The method found.
        method: String,
    },
    /// The manifest names a file that the package does not have.
    #[error("the manifest refers to the file `{name}`, which the package lacks")]
    MissingFile {
        /// The file.
        name: String,
    },
    /// The package has a file that the manifest does not name.
    #[error("the package has the file `{name}`, to which its manifest does not refer")]
    Unreferenced {
        /// The file.
        name: String,
    },
    /// The caller requested a file that the package does not have.
    #[error("the package has no file `{name}`")]
    NoSuchFile {
        /// The file.
        name: String,
    },
    /// An unpacked file differs from its entry in the directory.
    #[error("the file `{name}` is damaged: {reason}")]
    Damaged {
        /// The file.
        name: String,
        /// The fault.
        reason: String,
    },
    /// The bytes of a file could not be read from their source or written to their target.
    #[error("copying the file `{name}` failed")]
    Copy {
        /// The file.
        name: String,
        /// The error of the source or the target.
        source: io::Error,
    },
    /// A file has 4 GiB or more, but was not added as a large file.
    #[error("the file `{name}` has 4 GiB or more; add it with `add_large_file`")]
    NeedsZip64 {
        /// The file.
        name: String,
    },
    /// An earlier file could not be added, so the package cannot be completed.
    #[error("the package cannot be completed, because adding a file failed")]
    Failed,
}

impl From<ZipError> for PackageError {
    fn from(error: ZipError) -> Self {
        match error {
            // A premature end and invalid data are faults of the archive.
            ZipError::Io(error) if is_fault_of_data(&error) => {
                Self::Archive { reason: error.to_string() }
            }
            ZipError::Io(error) => Self::Io(error),
            other => Self::Archive { reason: other.to_string() },
        }
    }
}

/// Reports whether a read error is a fault of the bytes and not of their source.
pub(super) fn is_fault_of_data(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput
    )
}

/// Returns an untrusted text, truncated and with printable characters only, for an error message.
pub(super) fn shown(text: &str) -> String {
    const MAX_CHARS: usize = 60;
    let mut shown: String =
        text.chars().take(MAX_CHARS).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(MAX_CHARS).is_some() {
        shown.push('…');
    }
    shown
}
