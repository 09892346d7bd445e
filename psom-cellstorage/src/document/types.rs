//! Users and revisions.

use std::time::SystemTime;

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use sha1::{Digest as _, Sha1};

/// A user.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The unique name, such as `ada@example.com`.
    pub login: String,
    /// The name for people.
    pub name: String,
    /// The email address.
    pub email: Option<String>,
    /// Whether the user is not known by name.
    pub anonymous: bool,
}

/// The user of a request and the user's rights.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: User,
    /// Whether the user may change the document.
    pub may_write: bool,
}

/// A stored revision of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The number; the first one is 1.
    pub number: u64,
    /// The number of bytes.
    pub size: u64,
    /// The SHA-1 of the bytes, in lower-case hexadecimal digits.
    pub sha1: String,
    /// The user who uploaded the revision.
    pub author: User,
    /// The time of the upload.
    pub time: SystemTime,
}

impl Revision {
    /// Describes a file as a revision.
    pub fn of(file: &[u8], number: u64, author: User, time: SystemTime) -> Self {
        let sha1 = HEXLOWER.encode(&Sha1::digest(file));
        Self { number, size: file.len() as u64, sha1, author, time }
    }
}
