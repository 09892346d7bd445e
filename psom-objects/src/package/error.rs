//! The faults of a manifest and of a package.

use std::io;

use thiserror::Error;
use zip::result::ZipError;

/// The result of reading or writing a document.
pub(super) type Result<T> = std::result::Result<T, ManifestError>;

/// Why a document (a manifest, a location, a fragment of either) was refused.
///
/// `at` is the path of element names from the root, such as `ocp/createContent/common`. Texts
/// that are quoted from the document are cut to a few dozen characters.
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
    /// Elements nest deeper than the parser follows.
    #[error("in {at}, elements nest more than {limit} deep")]
    TooDeep {
        /// The place in the document.
        at: String,
        /// The deepest level allowed.
        limit: usize,
    },
    /// It is not XML, or not XML with namespaces.
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
    /// The document is not in UTF-8 or UTF-16, or says so of itself.
    #[error("the document's encoding is {found}, and only UTF-8 and UTF-16 are read")]
    Encoding {
        /// The encoding found.
        found: String,
    },
    /// The root element is another one.
    #[error("the root element is `{found}` in the namespace `{namespace}`, not {expected}")]
    Root {
        /// The root's local name.
        found: String,
        /// The root's namespace; empty for none.
        namespace: String,
        /// The element that was due, with its namespace.
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
    /// An element stands where the schema has none or another one.
    #[error("{at} has the element `{found}` where {expected} is due")]
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
    /// Text stands where only elements may.
    #[error("{at} has text between its elements")]
    Text {
        /// The parent.
        at: String,
    },
    /// An attribute that the schema does not have.
    #[error("{at} has the attribute `{name}`, which the schema does not know")]
    Attribute {
        /// The element.
        at: String,
        /// The attribute.
        name: String,
    },
    /// A value is not of its type.
    #[error("{at} is `{value}`, not {expected}")]
    Value {
        /// The element or the attribute.
        at: String,
        /// The value found.
        value: String,
        /// The expected item.
        expected: &'static str,
    },
    /// A file name that cannot name a file at the root of a package.
    #[error("{at} names the file `{name}`, which {reason}")]
    FileName {
        /// The element or the attribute.
        at: String,
        /// The name.
        name: String,
        /// The fault.
        reason: &'static str,
    },
    /// The detail's element is not the one of the content's type.
    #[error("a content of type {content_type} cannot have the detail `{found}`")]
    Mismatch {
        /// The `type` attribute.
        content_type: String,
        /// The element found.
        found: String,
    },
    /// `contentDetail` does not say its type, and its element does not tell it either.
    #[error("{at} has no type, and its element does not tell it")]
    NoType {
        /// The element.
        at: String,
    },
    /// A value in memory that the schema has no document for.
    #[error("this value cannot be written as a document, since it would be read as another one")]
    Unwritable,
}

/// Why a package was refused, or could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PackageError {
    /// The bytes are no zip archive, or a damaged one.
    #[error("the package is no intact zip archive: {reason}")]
    Archive {
        /// The fault.
        reason: String,
    },
    /// Reading the package failed, not the package.
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
    /// An entry unpacks to suspiciously much.
    #[error("the file `{name}` unpacks to more than {limit} times its packed size")]
    Ratio {
        /// The entry.
        name: String,
        /// The ratio allowed.
        limit: u64,
    },
    /// An entry's name is no plain file name at the root.
    #[error("the package has an entry `{name}`, which {reason}")]
    EntryName {
        /// The entry, as printable text.
        name: String,
        /// The fault.
        reason: &'static str,
    },
    /// Two entries have one name, but for upper and lower case.
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
    /// An entry is packed by a method other than "stored" and "deflate".
    #[error("the file `{name}` is packed by {method}, and only deflate and stored are read")]
    Compression {
        /// The entry.
        name: String,
        /// The method found.
        method: String,
    },
    /// The manifest names a file that is not there.
    #[error("the manifest refers to the file `{name}`, which the package lacks")]
    MissingFile {
        /// The file.
        name: String,
    },
    /// A file is there that the manifest does not name.
    #[error("the package has the file `{name}`, to which its manifest does not refer")]
    Unreferenced {
        /// The file.
        name: String,
    },
    /// The caller asked for a file that is not there.
    #[error("the package has no file `{name}`")]
    NoSuchFile {
        /// The file.
        name: String,
    },
    /// A file does not unpack to what the directory declares of it.
    #[error("the file `{name}` is damaged: {reason}")]
    Damaged {
        /// The file.
        name: String,
        /// The fault.
        reason: String,
    },
    /// The bytes for a new file, or those of an unpacked one, could not be passed on.
    #[error("copying the file `{name}` failed")]
    Copy {
        /// The file.
        name: String,
        /// Why.
        source: io::Error,
    },
    /// A file has 4 GiB or more, but was not announced as large.
    #[error("the file `{name}` has 4 GiB or more; add it with `add_large_file`")]
    NeedsZip64 {
        /// The file.
        name: String,
    },
    /// An earlier file could not be added, so the package cannot be completed.
    #[error("the package cannot be completed, since adding a file failed before")]
    Failed,
}

impl From<ZipError> for PackageError {
    fn from(error: ZipError) -> Self {
        match error {
            // An end that comes too early, and data that make no sense, are the archive's fault.
            ZipError::Io(error) if blames_the_data(&error) => {
                Self::Archive { reason: error.to_string() }
            }
            ZipError::Io(error) => Self::Io(error),
            other => Self::Archive { reason: other.to_string() },
        }
    }
}

/// Reports whether a read error is a fault of the bytes and not of their source.
pub(super) fn blames_the_data(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput
    )
}

/// A text from outside, short and printable enough for an error message.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let mut shown: String =
        text.chars().take(MOST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}
