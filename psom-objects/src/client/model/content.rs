use serde::{Serialize, Serializer};

use super::{
    board::{BoardEvent, BoardModel},
    notes::{NotesEvent, NotesModel},
    poll::{PollEvent, PollModel},
    qna::{QnaEvent, QnaModel},
    set::set,
    slides::{SlidesEvent, SlidesModel},
};
use crate::{
    client::json,
    types::{ContentVisibility, NativeFile, SetTitleStatus},
};

/// A content of the meeting. Values that the server has not sent are `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContentModel {
    /// The content type, such as `Content.NativeFileOnly`.
    pub kind: String,
    /// Whether the server has sent the complete state of the content.
    pub ready: bool,
    /// Whether the server has sent the complete state of the content type that this client follows.
    pub extended_ready: bool,
    /// The title.
    pub title: Option<String>,
    /// The ID of the user who created it.
    pub owner: Option<i64>,
    /// The users who see it.
    pub visibility: Option<ContentVisibility>,
    /// The time of its creation, in UTC.
    pub creation_time: Option<String>,
    /// The time when it was last presented, in UTC.
    pub last_used_time: Option<String>,
    /// Whether it is on the stage.
    pub presented: bool,
    /// The ID of the user who presents it.
    pub presenter: Option<i64>,
    /// The position among the presented contents. The highest is in front. 0 if it is not
    /// presented.
    pub presentation_order: i64,
    /// Its original file, which users can download.
    pub file: Option<NativeFile>,
    /// The URL of the original document, if there is one.
    pub original_file_url: Option<String>,
    /// The URL at which it can be viewed.
    pub viewing_url: Option<String>,
    /// The URL of a recording of it.
    pub recording_url: Option<String>,
    /// The board of a whiteboard or a presentation.
    pub board: Option<BoardModel>,
    /// The slides of a presentation.
    pub slides: Option<SlidesModel>,
    /// The question and the votes of a poll.
    pub poll: Option<PollModel>,
    /// The page of shared notes.
    pub notes: Option<NotesModel>,
    /// The questions and answers of a Q&A.
    pub qna: Option<QnaModel>,
}

/// A change of a content, or the answer to a request about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "camelCase")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields have the names and the meaning of the model's")]
pub enum ContentEvent {
    /// The content was added.
    #[serde(rename = "contentAdded")]
    Added {
        #[serde(rename = "type")]
        kind: String,
    },
    /// The content was removed, or is no longer visible to this client.
    #[serde(rename = "contentRemoved")]
    Removed,
    /// The server has sent the complete state of the content.
    #[serde(rename = "contentReady")]
    Ready,
    /// The server has sent the complete state of the content type that this client follows.
    ExtendedReady,
    /// The title.
    Titled { title: String },
    /// The ID of the user who created the content.
    Owner { owner: i64 },
    /// The users who see the content.
    Visibility {
        #[serde(serialize_with = "json::text")]
        visibility: ContentVisibility,
    },
    /// The time of the content's creation, in UTC.
    CreationTime { time: String },
    /// The time when the content was last presented, in UTC.
    LastUsedTime { time: String },
    /// The content was put on the stage or removed from it.
    Presented { presented: bool, presenter: Option<i64> },
    /// The content's position among the presented contents.
    PresentationOrder { order: i64 },
    /// The original file of the content, which users can download.
    NativeFile {
        #[serde(flatten)]
        file: NativeFile,
    },
    /// The URL of the original document.
    OriginalFileUrl { url: String },
    /// The URL at which the content can be viewed.
    ViewingUrl { url: String },
    /// The URL of a recording of the content.
    RecordingUrl { url: String },
    /// The answer to [`set_title`](crate::client::Conference::set_title).
    TitleAnswered {
        title: String,
        #[serde(flatten, serialize_with = "title_status")]
        status: SetTitleStatus,
    },

    /// The board has changed.
    #[serde(untagged)]
    Board(BoardEvent),
    /// The presentation has changed.
    #[serde(untagged)]
    Slides(SlidesEvent),
    /// The poll has changed.
    #[serde(untagged)]
    Poll(PollEvent),
    /// The shared notes have changed.
    #[serde(untagged)]
    Notes(NotesEvent),
    /// The questions and answers have changed.
    #[serde(untagged)]
    Qna(QnaEvent),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde expects")]
fn title_status<S: Serializer>(status: &SetTitleStatus, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct TitleStatusJson {
        ok: bool,
        status: i32,
    }
    let ok = *status == SetTitleStatus::Success;
    TitleStatusJson { ok, status: i32::from(*status) }.serialize(serializer)
}

impl ContentModel {
    /// Applies an event. Returns whether it changed the model.
    pub(super) fn apply(&mut self, event: &ContentEvent) -> bool {
        match event {
            ContentEvent::Ready => set(&mut self.ready, true),
            ContentEvent::ExtendedReady => set(&mut self.extended_ready, true),
            ContentEvent::Board(event) => self.board.get_or_insert_default().apply(event),
            ContentEvent::Slides(event) => self.slides.get_or_insert_default().apply(event),
            ContentEvent::Poll(event) => self.poll.get_or_insert_default().apply(event),
            ContentEvent::Notes(event) => self.notes.get_or_insert_default().apply(event),
            ContentEvent::Qna(event) => self.qna.get_or_insert_default().apply(event),
            ContentEvent::Titled { title } => set(&mut self.title, Some(title.clone())),
            ContentEvent::Owner { owner } => set(&mut self.owner, Some(*owner)),
            ContentEvent::Visibility { visibility } => set(&mut self.visibility, Some(*visibility)),
            ContentEvent::CreationTime { time } => set(&mut self.creation_time, Some(time.clone())),
            ContentEvent::LastUsedTime { time } => {
                set(&mut self.last_used_time, Some(time.clone()))
            }
            ContentEvent::Presented { presented, presenter } => {
                set(&mut self.presented, *presented) | set(&mut self.presenter, *presenter)
            }
            ContentEvent::PresentationOrder { order } => set(&mut self.presentation_order, *order),
            ContentEvent::NativeFile { file } => {
                // The native file of a presentation comes from its content, not from its slides.
                let resolved = self.slides.as_mut().is_some_and(SlidesModel::native_file_arrived);
                set(&mut self.file, Some(file.clone())) | resolved
            }
            ContentEvent::OriginalFileUrl { url } => {
                set(&mut self.original_file_url, Some(url.clone()))
            }
            ContentEvent::ViewingUrl { url } => set(&mut self.viewing_url, Some(url.clone())),
            ContentEvent::RecordingUrl { url } => set(&mut self.recording_url, Some(url.clone())),
            // The meeting's model adds and removes contents.
            ContentEvent::Added { .. }
            | ContentEvent::Removed
            | ContentEvent::TitleAnswered { .. } => false,
        }
    }
}

impl ContentEvent {
    /// Returns the approximate number of bytes that the event owns.
    pub(in crate::client) fn heap_bytes(&self) -> usize {
        match self {
            Self::Board(event) => event.heap_bytes(),
            Self::Slides(event) => event.heap_bytes(),
            Self::Poll(event) => event.heap_bytes(),
            Self::Notes(event) => event.heap_bytes(),
            Self::Qna(event) => event.heap_bytes(),
            Self::Added { kind: text }
            | Self::Titled { title: text }
            | Self::CreationTime { time: text }
            | Self::LastUsedTime { time: text }
            | Self::OriginalFileUrl { url: text }
            | Self::ViewingUrl { url: text }
            | Self::RecordingUrl { url: text }
            | Self::TitleAnswered { title: text, .. } => text.len(),
            Self::NativeFile { file } => {
                file.name.len() + file.key.len() + file.iv.len() + file.hash.len()
            }
            Self::Removed
            | Self::Ready
            | Self::ExtendedReady
            | Self::Owner { .. }
            | Self::Visibility { .. }
            | Self::Presented { .. }
            | Self::PresentationOrder { .. } => 0,
        }
    }
}
