use super::model::{
    board::BoardEvent,
    meeting::{NativeFile, User},
    notes::NotesEvent,
    poll::PollEvent,
    qna::QnaEvent,
    slides::SlidesEvent,
};
use crate::types::{
    ContentVisibility, DownloadFinishReason, SetTitleStatus, TitleReservationStatus,
    UploadFinishReason,
};

/// Something that has changed, or an answer to an action. Users and contents go by their numbers.
///
/// [`to_json`](Self::to_json) is for programs, [`line`](Self::line) for people.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are those of the model, by the same names")]
pub enum Event {
    /// The time on the server.
    ServerTime { time: String },
    /// What the names of files are appended to.
    UrlBase { url: String },
    /// The meeting's state has been told; that of its contents follows.
    Ready,
    /// The connection is over. Nothing comes after it.
    Ended,

    /// A number means this user.
    UserAdded { id: i64, user: User },
    /// A number means nobody any more.
    UserRemoved { id: i64 },

    /// A content is there.
    ContentAdded { id: i64, kind: String },
    /// A content is not there any more, for this client at least.
    ContentRemoved { id: i64 },
    /// A content's whole state has been told.
    ContentReady { id: i64 },
    /// All that is special about a content of its type has been told, as far as this client
    /// follows it.
    ExtendedReady { id: i64 },
    /// Something has changed on the board of a content.
    Board { id: i64, event: BoardEvent },
    /// Something has changed in a presentation.
    Slides { id: i64, event: SlidesEvent },
    /// Something has changed in a poll.
    Poll { id: i64, event: PollEvent },
    /// Something has changed with shared notes.
    Notes { id: i64, event: NotesEvent },
    /// Something has changed in questions and answers.
    Qna { id: i64, event: QnaEvent },
    /// A content has this title.
    Titled { id: i64, title: String },
    /// Who created a content.
    Owner { id: i64, owner: i64 },
    /// Who sees a content.
    Visibility { id: i64, visibility: ContentVisibility },
    /// When a content was created.
    CreationTime { id: i64, time: String },
    /// When a content was last presented.
    LastUsedTime { id: i64, time: String },
    /// A content went on the stage, or off.
    Presented { id: i64, presented: bool, presenter: Option<i64> },
    /// A content's place in the order of what is presented.
    PresentationOrder { id: i64, order: i64 },
    /// The file behind a content.
    NativeFile { id: i64, file: NativeFile },
    /// Where the original of a content is.
    OriginalFileUrl { id: i64, url: String },
    /// Where a content can be viewed.
    ViewingUrl { id: i64, url: String },
    /// Where a recording of a content is.
    RecordingUrl { id: i64, url: String },

    /// Who is on the stage.
    ActivePresenter { id: Option<i64> },
    /// Which content is on the stage.
    ActiveContent { id: Option<i64> },

    /// What became of `set_title`.
    TitleAnswered { id: i64, status: SetTitleStatus, title: String },
    /// What became of `reserve_title`. Where it failed, `content` or `owner` may say whose the
    /// title is.
    TitleReservation {
        cookie: i32,
        status: TitleReservationStatus,
        content: Option<i64>,
        owner: Option<i64>,
    },
    /// A reservation is over.
    TitleReleased { cookie: i32 },
    /// An upload may begin.
    UploadAccepted { cookie: i32 },
    /// An upload may not begin.
    UploadRejected { cookie: i32, reason: UploadFinishReason },
    /// So many bytes of an upload have arrived, in all.
    UploadProgress { cookie: i32, received: u64 },
    /// What became of an upload.
    UploadFinished { cookie: i32, reason: UploadFinishReason },
    /// Where a browser may send a file to, once; then
    /// [`finish_upload`](super::Conference::finish_upload).
    WebUploadAccepted { cookie: i32, url: String },
    /// Where a browser may download a decrypted file, once.
    WebDownloadAccepted { cookie: i32, url: String },
    /// A decrypted file may not be downloaded.
    WebDownloadRejected { cookie: i32, reason: DownloadFinishReason },
    /// What this client uploaded is this content.
    ContentCreated { id: i64, cookie: i32 },
    /// An action could not be sent.
    NotSent { action: &'static str, reason: String },
}

impl Event {
    /// The content that the event is about; for that on the stage, see the event itself.
    pub fn content(&self) -> Option<i64> {
        match self {
            Self::ContentAdded { id, .. }
            | Self::ContentRemoved { id }
            | Self::ContentReady { id }
            | Self::ExtendedReady { id }
            | Self::Board { id, .. }
            | Self::Slides { id, .. }
            | Self::Poll { id, .. }
            | Self::Notes { id, .. }
            | Self::Qna { id, .. }
            | Self::Titled { id, .. }
            | Self::Owner { id, .. }
            | Self::Visibility { id, .. }
            | Self::CreationTime { id, .. }
            | Self::LastUsedTime { id, .. }
            | Self::Presented { id, .. }
            | Self::PresentationOrder { id, .. }
            | Self::NativeFile { id, .. }
            | Self::OriginalFileUrl { id, .. }
            | Self::ViewingUrl { id, .. }
            | Self::RecordingUrl { id, .. }
            | Self::TitleAnswered { id, .. }
            | Self::ContentCreated { id, .. } => Some(*id),
            _ => None,
        }
    }
}
