use std::collections::{BTreeMap, VecDeque};

use super::{
    board::{BoardModel, MAX_BYTES_OF_ALL_BOARDS},
    content::{ContentEvent, ContentModel},
    set::set,
    user::User,
};
use crate::{client::event::Event, texts::comparable};

/// The state of a meeting that a client knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Model {
    /// Whether the server has sent the meeting's state, and the connection is open.
    pub ready: bool,
    /// The server's time when this client joined, in UTC, such as `2026-11-22T13:05:00`.
    pub server_time: Option<String>,
    /// The URL base, to which the names of files are appended.
    pub url_base: Option<String>,
    /// The users of the meeting by user ID, with up to 10,000 who have left since this client
    /// joined.
    pub users: BTreeMap<i64, User>,
    /// The contents that this client sees, by content ID.
    pub contents: BTreeMap<i64, ContentModel>,
    /// The user on the stage.
    pub active_presenter: Option<i64>,
    /// The content on the stage.
    pub active_content: Option<i64>,
    /// The users who have left, in the order in which they left.
    gone_users: VecDeque<i64>,
    /// The size of all boards together.
    board_bytes: usize,
}

/// Upper bound on the users who have left and whose names are kept. Above it, the user who left
/// first is removed.
const MAX_FORMER_USERS: usize = 10_000;

/// Upper bound on the address and the name of a user who has left, in bytes. With
/// `MAX_FORMER_USERS`, it limits the memory for these users to 40 MB.
const MAX_FORMER_USER_BYTES: usize = 4096;

impl Model {
    /// Returns the content with this title. An exact match is preferred to a look-alike title.
    pub fn content_titled(&self, title: &str) -> Option<(i64, &ContentModel)> {
        let wanted = comparable(title);
        let find = |matches: &dyn Fn(&str) -> bool| {
            let mut contents = self.contents.iter();
            contents.find(|(_, content)| content.title.as_deref().is_some_and(matches))
        };
        let found = find(&|own| own == title).or_else(|| find(&|own| comparable(own) == wanted));
        found.map(|(id, content)| (*id, content))
    }

    /// Reports whether the server has sent the state of the meeting and of all its contents.
    pub fn is_complete(&self) -> bool {
        self.ready && self.contents.values().all(|content| content.ready && content.extended_ready)
    }

    /// Applies an event. Returns whether it changed the model. All events of a meeting, applied to
    /// an empty model, produce the model that
    /// [`Conference::model`](crate::client::Conference::model) returns.
    pub fn apply(&mut self, event: &Event) -> bool {
        match event {
            Event::ServerTime { time } => set(&mut self.server_time, Some(time.clone())),
            Event::UrlBase { url } => set(&mut self.url_base, Some(url.clone())),
            Event::Ready => set(&mut self.ready, true),
            Event::Ended => set(&mut self.ready, false),
            Event::UserAdded { id, user } => {
                self.users.insert(*id, user.clone()).as_ref() != Some(user)
            }
            Event::UserRemoved { id } => self.remove_user(*id),
            Event::ActivePresenter { id } => set(&mut self.active_presenter, *id),
            Event::ActiveContent { id } => set(&mut self.active_content, *id),
            Event::Content { id, event } => self.apply_to_content(*id, event),
            Event::Upload { .. }
            | Event::WebDownloadAccepted { .. }
            | Event::WebDownloadRejected { .. }
            | Event::NotSent { .. } => false,
        }
    }

    fn apply_to_content(&mut self, id: i64, event: &ContentEvent) -> bool {
        let board_bytes = |content: Option<&ContentModel>| {
            content.and_then(|content| content.board.as_ref()).map_or(0, BoardModel::size_bytes)
        };
        let before = board_bytes(self.contents.get(&id));
        let changed = match event {
            ContentEvent::Added { kind } => {
                let content = ContentModel { kind: kind.clone(), ..ContentModel::default() };
                self.contents.insert(id, content);
                true
            }
            ContentEvent::Removed => self.contents.remove(&id).is_some(),
            event => self.contents.get_mut(&id).is_some_and(|content| content.apply(event)),
        };
        self.board_bytes = self.board_bytes - before + board_bytes(self.contents.get(&id));
        changed
    }

    /// Reports whether the board of this content, or all boards together, exceed an upper bound.
    pub(in crate::client) fn is_board_too_large(&self, id: i64) -> bool {
        let board = self.contents.get(&id).and_then(|content| content.board.as_ref());
        self.board_bytes > MAX_BYTES_OF_ALL_BOARDS || board.is_some_and(BoardModel::is_too_large)
    }

    fn remove_user(&mut self, id: i64) -> bool {
        let Some(user) = self.users.get_mut(&id) else { return false };
        if !set(&mut user.is_gone, true) {
            return false;
        }
        let is_too_long = user.uri.len() + user.name.len() > MAX_FORMER_USER_BYTES;
        if is_too_long {
            self.users.remove(&id);
        }
        self.gone_users.push_back(id);
        // A user who has joined again stays.
        if self.gone_users.len() > MAX_FORMER_USERS
            && let Some(first) = self.gone_users.pop_front()
            && self.users.get(&first).is_some_and(|user| user.is_gone)
        {
            self.users.remove(&first);
        }
        true
    }
}
