//! The named numbers of the conference's methods, and who its users are.

use bytes::Bytes;
use psom::PsomType;

/// What became of a title reservation (section 3.1.4.1.4).
#[derive(PsomType, Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum TitleReservationStatus {
    /// The title is reserved.
    ReservedForCreation = 1,
    /// The title is reserved for an upgrade.
    ReservedForUpgrade = 2,
    /// Somebody else has reserved the title, or a content has it.
    FailedReservedForCreation = 3,
    /// Somebody else has reserved the title for an upgrade.
    FailedReservedForUpgrade = 4,
    /// Somebody else has reserved the external identifier.
    FailedExternalIdLockedForCreate = 5,
    /// Somebody else has reserved the external identifier for an upgrade.
    FailedExternalIdLockedForUpgrade = 6,
    /// The user has as many reservations as are allowed.
    FailedReservationMaxExceeded = 7,
    /// A reservation with this cookie exists.
    FailedCookieInUse = 8,
    /// The user may not reserve titles.
    FailedNotAuthorized = 9,
    /// Files with this extension are not taken.
    FailedInvalidExtension = 10,
    /// The title is too long, empty, or has characters that no file name has.
    FailedInvalidTitle = 11,
    /// A status of another version.
    #[other]
    Other(i32),
}

/// What became of a new title (section 3.1.4.1.5).
#[derive(PsomType, Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum SetTitleStatus {
    /// The content has the title.
    Success = 0,
    /// Another content has it.
    FailedTitleExists = 1,
    /// Somebody has reserved it.
    FailedReservedForCreation = 2,
    /// The user may not rename the content.
    UserNotAuthorized = 3,
    /// Files with this extension are not taken.
    FailedInvalidExtension = 4,
    /// The title is too long, empty, or has characters that no file name has.
    FailedInvalidTitle = 5,
    /// A status of another version.
    #[other]
    Other(i32),
}

/// Who sees a content (section 3.1.4.1.5).
#[derive(PsomType, Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum ContentVisibility {
    /// The organizer alone.
    MeetingOrganizer = 0,
    /// Organizer and presenters.
    Presenters = 1,
    /// Everybody.
    Everyone = 2,
    /// A visibility of another version.
    #[other]
    Other(i32),
}

/// Why an upload was refused or how it ended (section 3.2.4.1.4).
#[derive(PsomType, Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum UploadFinishReason {
    /// The content was created.
    Ok = 0,
    /// The client cancelled.
    UserCancel = 1,
    /// The package is larger than is taken, or than was announced.
    MaxPackageSizeExceeded = 2,
    /// There is no room for it.
    CapacityExceeded = 3,
    /// Something else.
    UnknownFailure = 4,
    /// The client is uploading something with this cookie already.
    AlreadyUploading = 5,
    /// The package is malformed, or is not what was announced.
    VerifyFailed = 6,
    /// The virus scanner took too long.
    VirusScanTimeout = 7,
    /// Nothing is being uploaded with this cookie.
    NotUploading = 8,
    /// The user is uploading as much at once as is allowed.
    TooManyUploads = 9,
    /// What has to be archived could not be.
    ArchiveFailed = 10,
    /// The meeting has as many contents as are allowed.
    TooManyContents = 11,
    /// The presentation has more slides than are allowed.
    TooManySlides = 12,
    /// A reason of another version.
    #[other]
    Other(i32),
}

/// Why a download on the web was refused (section 3.2.4.1.4.1).
#[derive(PsomType, Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum DownloadFinishReason {
    /// Reserved.
    Ok = 0,
    /// The user may not download the file.
    NotAuthorized = 1,
    /// There is no such file.
    NotFound = 2,
    /// This conference does not serve decrypted files.
    NotSupported = 3,
    /// Something else.
    UnknownFailure = 4,
    /// A reason of another version.
    #[other]
    Other(i32),
}

/// Whether questions can be asked and answered (section 3.1.4.1.16).
#[derive(PsomType, Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum QnaOpenState {
    /// The questions and answers were not initialized.
    None = 0,
    /// Everybody can ask and answer.
    Open = 1,
    /// They are there to be read.
    Suspended = 2,
    /// A state of another version.
    #[other]
    Other(i32),
}

/// The forms of a presentation's resources (section 3.1.4.1.11).
#[derive(PsomType, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum ResourceFormat {
    /// No form at all.
    None = 0,
    /// A presentation with some of the slides.
    PartialPpt = 1,
    /// A presentation with all slides.
    FullPpt = 2,
    /// The file that participants may download as it is.
    NativeFile = 3,
    /// Deprecated.
    PartialDhtmlDeprecated = 4,
    /// Deprecated.
    FullDhtmlDeprecated = 5,
    /// Some of the slides as pictures.
    PartialJpeg = 6,
    /// All slides as pictures.
    FullJpeg = 7,
    /// A small picture of the presentation.
    PreviewThumbnail = 8,
    /// Small pictures of the slides.
    SlideThumbnails = 9,
    /// The speaker's notes.
    Notes = 10,
    /// Slides as dynamic HTML.
    Dhtml = 11,
    /// A form of another version.
    #[other]
    Other(i32),
}

/// Why a resource of a presentation is not there (section 3.1.4.1.11).
#[derive(PsomType, Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum ResourceErrorCode {
    /// The client could not convert it.
    ClientConversionFailed = 1,
    /// The client could not upload it.
    ClientUploadFailed = 2,
    /// Another resource that it depends on failed on the client.
    ClientDependentResourceFailed = 3,
    /// The client was disconnected before it had uploaded everything.
    UploaderClientDisconnected = 100,
    /// The client was demoted before it had uploaded everything.
    UploaderClientDemoted = 101,
    /// There is no such form.
    UnsupportedResourceFormat = 102,
    /// A reason of another version.
    #[other]
    Other(i32),
}

/// What a user is in a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sees, votes and asks.
    Attendee,
    /// Shares, presents, annotates.
    Presenter,
    /// A presenter to whom the meeting belongs.
    Organizer,
}

impl Role {
    /// Whether a user of this role sees a content of that visibility.
    pub fn sees(self, visibility: ContentVisibility) -> bool {
        match visibility {
            ContentVisibility::MeetingOrganizer => self == Self::Organizer,
            ContentVisibility::Presenters => self >= Self::Presenter,
            ContentVisibility::Everyone => true,
            ContentVisibility::Other(_) => false,
        }
    }
}

/// What a server has to know of a user who joins: the data of a [`psom::User`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Participant {
    /// The user's address, the same on every connection: `sip:ada@example.com`.
    pub uri: String,
    /// What the user is to be at first.
    pub role: Role,
}

impl Participant {
    /// The user that a server's authenticator admits. The same `uri` has the same number in a
    /// meeting.
    pub fn user(self, id: i64, display_name: &str) -> psom::User {
        psom::User::with_data(id, display_name, self)
    }
}

/// A file on the file server, encrypted, with what is needed to read it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EncryptedFile {
    /// Where it is; a name is to be appended to the URL base.
    pub url: String,
    /// The AES-256 key.
    pub key: Bytes,
    /// The initialization vector.
    pub iv: Bytes,
    /// The SHA-1 of the plain bytes.
    pub hash: Bytes,
}

/// Without the key, so that it does not get into a log.
impl std::fmt::Debug for EncryptedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncryptedFile").field("url", &self.url).finish_non_exhaustive()
    }
}
