//! The location of the encrypted files, the keys of files there, and the errors of the location.

use std::{fmt, io, path::PathBuf};

/// The name of the object that marks the owner of an object store. It contains the server's name.
pub(super) const OWNER_MARK: &str = "psom-server";

/// The location of the encrypted files of the meetings.
#[derive(Clone, Default)]
pub enum BlobConfig {
    /// The data directory.
    #[default]
    Local,
    /// An object store: its URL, and options of its client by the names of environment variables
    /// (`AWS_REGION` and the like).
    ///
    /// `s3://bucket/prefix` needs the feature `s3`. `memory:///` needs the feature `object-store` and is for tests: its
    /// files are lost when the server ends. A bucket and prefix belong to one server, which at its start removes
    /// the files that no meeting knows. The server marks the location with its name, and other
    /// servers refuse a marked location. A location without a mark is refused if it has files and
    /// no meeting knows any of them.
    Url(String, Vec<(String, String)>),
}

impl fmt::Debug for BlobConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("Local"),
            // The options can contain secrets.
            Self::Url(url, _) => f.debug_tuple("Url").field(url).finish_non_exhaustive(),
        }
    }
}

/// The reason why the location of the files cannot be used. Its text is one line that says what to
/// change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// The URL is invalid, or of an unsupported kind.
    #[error(
        "files cannot be stored at {0:?}; write the location as s3://bucket/prefix, or leave --files out to store them in the data directory"
    )]
    Unsupported(String),
    /// The URL needs a feature that this program was built without.
    #[error(
        "files cannot be stored at {0:?}, because this program was built without S3; build it with --features s3, or leave --files out to store them in the data directory"
    )]
    NotBuilt(String),
    /// The object store has the mark of another server.
    #[error(
        "the files at {url:?} belong to another server, whose name is in the files.json of its data directory; choose another prefix, or start the server of that data directory. If that files.json is lost, remove {OWNER_MARK} below the prefix; if the files are not needed, remove everything below it"
    )]
    Owned {
        /// Its URL.
        url: String,
    },
    /// The object store has files and no mark, and no meeting of this server knows the files.
    #[error(
        "there are files at {url:?} already, and no meeting of this server knows any of them; choose an empty prefix"
    )]
    Occupied {
        /// Its URL.
        url: String,
    },
    /// The files are recorded at another location than the configured one.
    #[error(
        "the files of these meetings are in {location}, not at {url:?}; give --files as the server had it last, or leave it out"
    )]
    Elsewhere {
        /// The configured URL.
        url: String,
        /// The recorded location.
        location: String,
    },
    /// The object store has no mark, so it cannot be known whether files are missing there.
    #[error("there are no files of this server at {url:?}; correct --files or the AWS_ variables")]
    Unmarked {
        /// Its URL.
        url: String,
    },
    /// The object store cannot be used.
    #[cfg(any(test, feature = "object-store"))]
    #[error("cannot store files at {url:?}: {source}; correct --files or the AWS_ variables")]
    ObjectStore {
        /// Its URL.
        url: String,
        /// The error of its client.
        source: object_store::Error,
    },
    /// The directory cannot be used.
    #[error("cannot store files in {}: {source}; change its permissions", path.display())]
    Folder {
        /// The directory.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
}

/// The key of a file at its final location: `<meeting>/files/<name>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct BlobKey(String);

impl BlobKey {
    pub(crate) fn new(meeting: &str, name: &str) -> Self {
        Self(format!("{meeting}/files/{name}"))
    }

    /// Parses a key. Other objects in an object store have no key.
    #[cfg(any(test, feature = "object-store"))]
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let (_, files, name) = (parts.next()?, parts.next()?, parts.next()?);
        (files == "files" && !name.is_empty() && parts.next().is_none()).then(|| Self(text.into()))
    }

    /// Returns the name in the index.
    pub(super) fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Returns the key as a path relative to the location.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
