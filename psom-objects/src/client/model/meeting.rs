use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::{
    board::{self, Board},
    notes::Notes,
    poll::Poll,
    qna::Qna,
    set::set,
    slides::Slides,
};
pub use crate::types::EncryptedFile;
use crate::{client::event::Event, types::ContentVisibility};

/// A meeting as one client knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Model {
    /// Whether the server has told the meeting's state, and the connection is there.
    pub ready: bool,
    /// The time on the server when this client came, in UTC as `2026-11-22T13:05:00`.
    pub server_time: Option<String>,
    /// What the names of files are appended to.
    pub url_base: Option<String>,
    /// Everybody who is in the meeting, or was while this client was, by number. Of those who have
    /// left, it is the last 10,000.
    pub users: BTreeMap<i64, User>,
    /// The contents that this client sees, by number.
    pub contents: BTreeMap<i64, Content>,
    /// The user on the stage.
    pub active_presenter: Option<i64>,
    /// The content on the stage.
    pub active_content: Option<i64>,
    /// Who has left, in that order.
    gone: VecDeque<i64>,
    /// What the boards of all contents weigh.
    boards: usize,
}

/// Of so many users who have left, the names are kept.
const MAX_GONE: usize = 10_000;

/// The longest address and name together that are kept of one who has left, in bytes.
const MAX_NAME: usize = 4096;

/// A user of the meeting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct User {
    /// The user's address: `sip:ada@example.com`.
    pub uri: String,
    /// The name for people.
    pub name: String,
    /// Whether the server has said that the number means nobody any more: the user has left. The
    /// name stays for the sake of what is theirs.
    pub is_gone: bool,
}

/// A content of the meeting. What the server has not told is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Content {
    /// What kind of content it is: `Content.NativeFileOnly`.
    pub kind: String,
    /// Whether the server has told the content's whole state.
    pub ready: bool,
    /// Whether all that is special about its type has been told, as far as this client follows it.
    pub extended_ready: bool,
    /// The title.
    pub title: Option<String>,
    /// Who created it, a user's number.
    pub owner: Option<i64>,
    /// Who sees it.
    pub visibility: Option<ContentVisibility>,
    /// When it was created, in UTC.
    pub creation_time: Option<String>,
    /// When it was last presented, in UTC.
    pub last_used_time: Option<String>,
    /// Whether it is on the stage.
    pub presented: bool,
    /// Who put it there, a user's number.
    pub presenter: Option<i64>,
    /// The place in the order of what is presented, the highest in front; 0 when it is not.
    pub presentation_order: i64,
    /// The file behind it.
    pub file: Option<NativeFile>,
    /// Where the original file is, if it is on a shared place.
    pub original_file_url: Option<String>,
    /// Where it can be viewed.
    pub viewing_url: Option<String>,
    /// Where a recording of it is.
    pub recording_url: Option<String>,
    /// What is drawn and written on it, where it is a whiteboard or a presentation.
    pub board: Option<Board>,
    /// Its slides, where it is a presentation.
    pub slides: Option<Slides>,
    /// Its question, where it is a poll.
    pub poll: Option<Poll>,
    /// Its page, where it is shared notes.
    pub notes: Option<Notes>,
    /// Its questions, where it is questions and answers.
    pub qna: Option<Qna>,
}

/// The file behind a content: encrypted on the file server, with what is needed to read it.
#[derive(Clone, PartialEq, Eq)]
pub struct NativeFile {
    /// The name, to be appended to the URL base.
    pub name: String,
    /// The AES-256 key.
    pub key: Bytes,
    /// The initialization vector.
    pub iv: Bytes,
    /// The SHA-1 of the plain bytes.
    pub hash: Bytes,
    /// The number of plain bytes.
    pub size: i64,
}

/// Without the key, so that it does not get into a log.
impl std::fmt::Debug for NativeFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { name, size, .. } = self;
        f.debug_struct("NativeFile").field("name", name).field("size", size).finish_non_exhaustive()
    }
}

impl Model {
    /// The content with this title, without regard to upper and lower case where no content has
    /// exactly this one.
    pub fn content_titled(&self, title: &str) -> Option<(i64, &Content)> {
        let lower = title.to_lowercase();
        let titled = |matches: &dyn Fn(&str) -> bool| {
            let mut contents = self.contents.iter();
            contents.find(|(_, content)| content.title.as_deref().is_some_and(matches))
        };
        let found =
            titled(&|own| own == title).or_else(|| titled(&|own| own.to_lowercase() == lower));
        found.map(|(id, content)| (*id, content))
    }

    /// Whether the state of the meeting and of all its contents has been told.
    pub fn is_complete(&self) -> bool {
        self.ready && self.contents.values().all(|content| content.ready && content.extended_ready)
    }

    /// Follows a change, and says whether the model was another before. Applied to an empty model,
    /// all events of a meeting give the model that
    /// [`Conference::model`](super::Conference::model) shows.
    pub fn apply(&mut self, event: &Event) -> bool {
        match event {
            Event::ServerTime { time } => set(&mut self.server_time, Some(time.clone())),
            Event::UrlBase { url } => set(&mut self.url_base, Some(url.clone())),
            Event::Ready => set(&mut self.ready, true),
            Event::Ended => set(&mut self.ready, false),
            Event::UserAdded { id, user } => {
                self.users.insert(*id, user.clone()).as_ref() != Some(user)
            }
            Event::UserRemoved { id } => {
                let user = self.users.get_mut(id);
                user.is_some_and(|user| set(&mut user.is_gone, true)) && {
                    self.gone.push_back(*id);
                    self.forget_gone(*id);
                    true
                }
            }
            Event::ContentAdded { id, kind } => {
                let content = Content { kind: kind.clone(), ..Content::default() };
                let before = self.contents.insert(*id, content);
                self.boards -= before.and_then(|it| it.board).map_or(0, |board| board.weight());
                true
            }
            Event::ContentRemoved { id } => self.contents.remove(id).is_some_and(|content| {
                self.boards -= content.board.map_or(0, |board| board.weight());
                true
            }),
            Event::ActivePresenter { id } => set(&mut self.active_presenter, *id),
            Event::ActiveContent { id } => set(&mut self.active_content, *id),
            of_a_content => {
                let content = of_a_content.content().and_then(|id| self.contents.get_mut(&id));
                let Some(content) = content else { return false };
                let weight = |content: &Content| content.board.as_ref().map_or(0, Board::weight);
                let before = weight(content);
                let changed = content.apply(of_a_content);
                self.boards = self.boards - before + weight(content);
                changed
            }
        }
    }

    /// Whether the board of this content, or all boards together, are larger than any that a client
    /// follows.
    pub(in crate::client) fn is_overdrawn(&self, id: i64) -> bool {
        let board = self.contents.get(&id).and_then(|content| content.board.as_ref());
        self.boards > board::MAX_BOARDS || board.is_some_and(Board::is_overdrawn)
    }

    /// Keeps no more of those who have left than fits.
    fn forget_gone(&mut self, last: i64) {
        let is_long = |user: &User| user.uri.len() + user.name.len() > MAX_NAME;
        if self.users.get(&last).is_some_and(is_long) {
            self.users.remove(&last);
        }
        // One who has come back is no longer among those who have left.
        if self.gone.len() > MAX_GONE
            && let Some(first) = self.gone.pop_front()
            && self.users.get(&first).is_some_and(|user| user.is_gone)
        {
            self.users.remove(&first);
        }
    }
}

impl Content {
    fn apply(&mut self, event: &Event) -> bool {
        match event {
            Event::ContentReady { .. } => set(&mut self.ready, true),
            Event::ExtendedReady { .. } => set(&mut self.extended_ready, true),
            Event::Board { event, .. } => self.board.get_or_insert_default().apply(event),
            Event::Slides { event, .. } => self.slides.get_or_insert_default().apply(event),
            Event::Poll { event, .. } => self.poll.get_or_insert_default().apply(event),
            Event::Notes { event, .. } => self.notes.get_or_insert_default().apply(event),
            Event::Qna { event, .. } => self.qna.get_or_insert_default().apply(event),
            Event::Titled { title, .. } => set(&mut self.title, Some(title.clone())),
            Event::Owner { owner, .. } => set(&mut self.owner, Some(*owner)),
            Event::Visibility { visibility, .. } => set(&mut self.visibility, Some(*visibility)),
            Event::CreationTime { time, .. } => set(&mut self.creation_time, Some(time.clone())),
            Event::LastUsedTime { time, .. } => set(&mut self.last_used_time, Some(time.clone())),
            Event::Presented { presented, presenter, .. } => {
                set(&mut self.presented, *presented) | set(&mut self.presenter, *presenter)
            }
            Event::PresentationOrder { order, .. } => set(&mut self.presentation_order, *order),
            Event::NativeFile { file, .. } => {
                // A presentation's is told by its content, not by its slides.
                let explained = self.slides.as_mut().is_some_and(Slides::native_file_is_there);
                set(&mut self.file, Some(file.clone())) | explained
            }
            Event::OriginalFileUrl { url, .. } => {
                set(&mut self.original_file_url, Some(url.clone()))
            }
            Event::ViewingUrl { url, .. } => set(&mut self.viewing_url, Some(url.clone())),
            Event::RecordingUrl { url, .. } => set(&mut self.recording_url, Some(url.clone())),
            _ => false,
        }
    }
}
