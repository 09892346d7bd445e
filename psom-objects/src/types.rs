//! The enumerations of the protocol, and the users and files of a meeting.

use std::{fmt, str::FromStr};

use bytes::Bytes;
use psom::PsomType;
use serde::{Deserialize, Serialize, Serializer};

/// The outcome of a title reservation (section 3.1.4.1.4).
#[derive(PsomType, Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum TitleReservationStatus {
    /// The title is reserved.
    ReservedForCreation = 1,
    /// The title is reserved for an upgrade.
    ReservedForUpgrade = 2,
    /// Another user has reserved the title, or a content has it.
    FailedReservedForCreation = 3,
    /// Another user has reserved the title for an upgrade.
    FailedReservedForUpgrade = 4,
    /// Another user has reserved the external identifier.
    FailedExternalIdLockedForCreate = 5,
    /// Another user has reserved the external identifier for an upgrade.
    FailedExternalIdLockedForUpgrade = 6,
    /// The user has reached the limit of reservations.
    FailedReservationMaxExceeded = 7,
    /// The client has a reservation with this cookie.
    FailedCookieInUse = 8,
    /// The user may not reserve titles.
    FailedNotAuthorized = 9,
    /// The server does not accept files with this extension.
    FailedInvalidExtension = 10,
    /// The title is empty, too long, or has characters that are invalid in a file name.
    FailedInvalidTitle = 11,
    /// A status that this version does not define.
    #[other]
    Other(i32),
}

impl fmt::Display for TitleReservationStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ReservedForCreation | Self::ReservedForUpgrade => "the title is reserved",
            Self::FailedReservedForCreation => "the title is in use",
            Self::FailedReservedForUpgrade => "the title is reserved for an upgrade",
            Self::FailedExternalIdLockedForCreate => "the external identifier is in use",
            Self::FailedExternalIdLockedForUpgrade => {
                "the external identifier is reserved for an upgrade"
            }
            Self::FailedReservationMaxExceeded => "the user has too many reservations",
            Self::FailedCookieInUse => "the client has a reservation with this cookie",
            Self::FailedNotAuthorized => "the user may not share",
            Self::FailedInvalidExtension => "the server does not accept files with this extension",
            Self::FailedInvalidTitle => "the title is empty, too long, or has invalid characters",
            Self::Other(number) => return number.fmt(f),
        })
    }
}

/// The outcome of a change of title (section 3.1.4.1.5).
#[derive(PsomType, Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum SetTitleStatus {
    /// The content has the new title.
    Success = 0,
    /// Another content has the title.
    FailedTitleExists = 1,
    /// A user has reserved the title.
    FailedReservedForCreation = 2,
    /// The user may not rename the content.
    UserNotAuthorized = 3,
    /// The server does not accept files with this extension.
    FailedInvalidExtension = 4,
    /// The title is empty, too long, or has characters that are invalid in a file name.
    FailedInvalidTitle = 5,
    /// A status that this version does not define.
    #[other]
    Other(i32),
}

/// The users who see a content (section 3.1.4.1.5).
///
/// [`Display`](fmt::Display), [`FromStr`] and serde use the names `organizer`, `presenters` and
/// `everyone`.
#[derive(PsomType, Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum ContentVisibility {
    /// Only the organizer.
    MeetingOrganizer = 0,
    /// The organizer and the presenters.
    Presenters = 1,
    /// All users.
    Everyone = 2,
    /// A visibility that this version does not define. No role sees such a content.
    #[other]
    Other(i32),
}

/// The reason why an upload was rejected, or its outcome (section 3.2.4.1.4).
#[derive(PsomType, Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum UploadFinishReason {
    /// The content was created.
    Ok = 0,
    /// The client cancelled the upload.
    UserCancel = 1,
    /// The package is larger than the limit or than the client announced.
    MaxPackageSizeExceeded = 2,
    /// There is not enough disk space.
    CapacityExceeded = 3,
    /// Any other reason.
    UnknownFailure = 4,
    /// The client has an upload with this cookie.
    AlreadyUploading = 5,
    /// The package is malformed or differs from what the client announced.
    VerifyFailed = 6,
    /// The virus scan timed out.
    VirusScanTimeout = 7,
    /// The client has no upload with this cookie.
    NotUploading = 8,
    /// The user has reached the limit of simultaneous uploads.
    TooManyUploads = 9,
    /// The server could not archive the package.
    ArchiveFailed = 10,
    /// The meeting has reached its limit of contents.
    TooManyContents = 11,
    /// The presentation has more slides than the limit.
    TooManySlides = 12,
    /// A reason that this version does not define.
    #[other]
    Other(i32),
}

/// Writes the reason as a phrase for logs, or the number of an unknown reason.
impl fmt::Display for UploadFinishReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "the content was created",
            Self::UserCancel => "the client cancelled the upload",
            Self::MaxPackageSizeExceeded => "the package is too large",
            Self::CapacityExceeded => "there is not enough disk space",
            Self::UnknownFailure => "the server could not handle the upload",
            Self::AlreadyUploading => "the client has an upload with this cookie",
            Self::VerifyFailed => "the package is malformed",
            Self::VirusScanTimeout => "the virus scan timed out",
            Self::NotUploading => "the client has no upload with this cookie",
            Self::TooManyUploads => "the user has too many uploads",
            Self::ArchiveFailed => "the package could not be archived",
            Self::TooManyContents => "the meeting has too many contents",
            Self::TooManySlides => "the presentation has too many slides",
            Self::Other(number) => return number.fmt(f),
        })
    }
}

/// The reason why a download by a browser was rejected (section 3.2.4.1.4.1).
#[derive(PsomType, Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum DownloadFinishReason {
    /// Reserved.
    Ok = 0,
    /// The user may not download the file.
    NotAuthorized = 1,
    /// The file does not exist.
    NotFound = 2,
    /// The server does not serve decrypted files.
    NotSupported = 3,
    /// Any other reason.
    UnknownFailure = 4,
    /// A reason that this version does not define.
    #[other]
    Other(i32),
}

/// Writes the reason as a phrase for logs, or the number of an unknown reason.
impl fmt::Display for DownloadFinishReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "none",
            Self::NotAuthorized => "the user may not download the file",
            Self::NotFound => "the file does not exist",
            Self::NotSupported => "the server does not serve decrypted files",
            Self::UnknownFailure => "the server could not handle the download",
            Self::Other(number) => return number.fmt(f),
        })
    }
}

/// The state of questions and answers (section 3.1.4.1.16).
#[derive(PsomType, Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum QnaOpenState {
    /// Not initialized.
    None = 0,
    /// Users can ask and answer.
    Open = 1,
    /// Users can only read.
    Suspended = 2,
    /// A state that this version does not define.
    #[other]
    Other(i32),
}

/// Writes `none`, `open` or `suspended`, or the number of an unknown state.
impl fmt::Display for QnaOpenState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.pad("none"),
            Self::Open => f.pad("open"),
            Self::Suspended => f.pad("suspended"),
            Self::Other(number) => number.fmt(f),
        }
    }
}

/// The formats of a presentation's resources (section 3.1.4.1.11).
#[derive(PsomType, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum ResourceFormat {
    /// No format.
    None = 0,
    /// A presentation with some of the slides.
    PartialPpt = 1,
    /// A presentation with all slides.
    FullPpt = 2,
    /// The original file, for download.
    NativeFile = 3,
    /// Deprecated.
    PartialDhtmlDeprecated = 4,
    /// Deprecated.
    FullDhtmlDeprecated = 5,
    /// Some of the slides as images.
    PartialJpeg = 6,
    /// All slides as images.
    FullJpeg = 7,
    /// A thumbnail of the presentation.
    PreviewThumbnail = 8,
    /// Thumbnails of the slides.
    SlideThumbnails = 9,
    /// The speaker's notes.
    Notes = 10,
    /// Slides as dynamic HTML.
    Dhtml = 11,
    /// A format that this version does not define.
    #[other]
    Other(i32),
}

/// The reason why a resource of a presentation is missing (section 3.1.4.1.11).
#[derive(PsomType, Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum ResourceErrorCode {
    /// The client failed to convert it.
    ClientConversionFailed = 1,
    /// The client failed to upload it.
    ClientUploadFailed = 2,
    /// The client failed to provide a resource that it depends on.
    ClientDependentResourceFailed = 3,
    /// The uploader disconnected before the upload was complete.
    UploaderClientDisconnected = 100,
    /// The uploader was demoted before the upload was complete.
    UploaderClientDemoted = 101,
    /// The server does not support the format.
    UnsupportedResourceFormat = 102,
    /// A reason that this version does not define.
    #[other]
    Other(i32),
}

/// A visibility or a role has no such name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is none of {expected}")]
pub struct UnknownName {
    /// The rejected name.
    pub name: String,
    /// The accepted names.
    pub expected: &'static str,
}

impl ContentVisibility {
    /// The visibilities that this version defines, from the fewest users to the most.
    pub const ALL: [Self; 3] = [Self::MeetingOrganizer, Self::Presenters, Self::Everyone];
}

impl fmt::Display for ContentVisibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MeetingOrganizer => f.pad("organizer"),
            Self::Presenters => f.pad("presenters"),
            Self::Everyone => f.pad("everyone"),
            Self::Other(number) => number.fmt(f),
        }
    }
}

impl FromStr for ContentVisibility {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|visibility| visibility.to_string() == name);
        let expected = "organizer, presenters, everyone";
        found.ok_or_else(|| UnknownName { name: name.to_owned(), expected })
    }
}

impl Serialize for ContentVisibility {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The role of a user in a meeting, from the fewest rights to the most.
///
/// [`Display`](fmt::Display), [`FromStr`] and serde use the names `attendee`, `presenter` and
/// `organizer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Sees contents, votes and asks questions.
    Attendee,
    /// Shares, presents and annotates contents.
    Presenter,
    /// A presenter who owns the meeting.
    Organizer,
}

impl Role {
    /// All roles, from the fewest rights to the most.
    pub const ALL: [Self; 3] = [Self::Attendee, Self::Presenter, Self::Organizer];

    /// Returns the name of the role.
    pub fn name(self) -> &'static str {
        match self {
            Self::Attendee => "attendee",
            Self::Presenter => "presenter",
            Self::Organizer => "organizer",
        }
    }

    /// Reports whether users with this role see contents with this visibility.
    pub fn sees(self, visibility: ContentVisibility) -> bool {
        match visibility {
            ContentVisibility::MeetingOrganizer => self == Self::Organizer,
            ContentVisibility::Presenters => self >= Self::Presenter,
            ContentVisibility::Everyone => true,
            ContentVisibility::Other(_) => false,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Role {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|role| role.name() == name);
        let expected = "attendee, presenter, organizer";
        found.ok_or_else(|| UnknownName { name: name.to_owned(), expected })
    }
}

/// The properties of a user that the meeting needs: the data of a [`psom::User`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// The user's address, the same on every connection: `sip:ada@example.com`.
    pub uri: String,
    /// The user's role when they join.
    pub role: Role,
}

impl Participant {
    /// Returns the user that a server's authenticator admits. Users with the same `uri` must have
    /// the same `id` within a meeting.
    pub fn user(self, id: i64, display_name: &str) -> psom::User {
        psom::User::with_data(id, display_name, self)
    }
}

/// An encrypted file on the file server, with the secrets that decrypt and verify it.
///
/// As an argument, it is flattened into the parameters `url`, `key`, `iv` and `hash`. It is encrypted
/// with AES-256 in CBC mode.
#[derive(PsomType, Clone, Default, PartialEq, Eq)]
pub struct EncryptedFile {
    /// The file's URL, or its name, which is appended to the URL base.
    pub url: String,
    /// The AES-256 key.
    pub key: Bytes,
    /// The initialization vector.
    pub iv: Bytes,
    /// The SHA-1 hash of the plaintext bytes.
    pub hash: Bytes,
}

impl EncryptedFile {
    /// Returns the secrets, for a call in which the URL is a separate parameter.
    pub fn secrets(&self) -> FileSecrets {
        FileSecrets { key: self.key.clone(), iv: self.iv.clone(), hash: self.hash.clone() }
    }
}

/// Omits the key, so that it does not reach a log.
impl fmt::Debug for EncryptedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptedFile").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The secrets that decrypt and verify an encrypted file whose URL is a separate parameter.
///
/// As an argument, it is flattened into the parameters `key`, `iv` and `hash`.
#[derive(PsomType, Clone, Default, PartialEq, Eq)]
pub struct FileSecrets {
    /// The AES-256 key.
    pub key: Bytes,
    /// The initialization vector.
    pub iv: Bytes,
    /// The SHA-1 hash of the plaintext bytes.
    pub hash: Bytes,
}

impl FileSecrets {
    /// Returns the file at this URL with these secrets.
    pub fn with_url(self, url: String) -> EncryptedFile {
        EncryptedFile { url, key: self.key, iv: self.iv, hash: self.hash }
    }
}

/// Omits all fields, so that no secret reaches a log.
impl fmt::Debug for FileSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileSecrets").finish_non_exhaustive()
    }
}

/// The original file of a content: encrypted on the file server, with the secrets that decrypt and
/// verify it.
///
/// As an argument, it is flattened into the parameters `fileName`, `key`, `iv`, `hash` and
/// `fileSize`. Its JSON omits the key and the initialization vector, so that a log of events
/// does not reveal the file.
#[derive(PsomType, Clone, PartialEq, Eq, Serialize)]
pub struct NativeFile {
    /// The name, which is appended to the URL base.
    #[wire(name = "fileName")]
    pub name: String,
    /// The AES-256 key.
    #[serde(skip)]
    pub key: Bytes,
    /// The initialization vector.
    #[serde(skip)]
    pub iv: Bytes,
    /// The SHA-1 hash of the plaintext bytes.
    #[serde(rename = "sha1", serialize_with = "crate::hex::serialize")]
    pub hash: Bytes,
    /// The number of plaintext bytes.
    #[wire(name = "fileSize")]
    pub size: i64,
}

/// Omits the key, so that it does not reach a log.
impl fmt::Debug for NativeFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, size, .. } = self;
        f.debug_struct("NativeFile").field("name", name).field("size", size).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn roles_and_visibilities_parse_their_own_names() {
        for role in Role::ALL {
            assert_eq!(role.to_string().parse(), Ok(role));
            assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{role}\""));
        }
        for visibility in ContentVisibility::ALL {
            assert_eq!(visibility.to_string().parse(), Ok(visibility));
        }
        let error = "Organizer".parse::<Role>().unwrap_err();
        assert_eq!(error.to_string(), "`Organizer` is none of attendee, presenter, organizer");
        assert!("7".parse::<ContentVisibility>().is_err());
    }
}
