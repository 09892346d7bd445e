use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use psom_objects::{
    annotation::Change,
    client::{BoardEvent, ContentEvent, ContentModel, Event, Model, PollEvent},
};

use super::action::{Action, FORBIDDEN};

/// The states that clients saw and the changes that users requested in the whole run, across restarts of the
/// server and ends of connections. The saved state must agree with it.
#[derive(Default)]
pub(super) struct Facts {
    /// The users who were presenters at some time.
    pub(super) privileged: BTreeSet<i64>,
    /// When each content was created, and by whom.
    created: BTreeMap<i64, String>,
    owners: BTreeMap<i64, i64>,
    /// The owner and the `LOCALID` of each annotation.
    annotations: BTreeMap<(i64, i32), String>,
    /// Contents, annotations, and contents whose annotations somebody wanted to remove.
    deleted: BTreeSet<i64>,
    removed: BTreeSet<(i64, i32)>,
    cleared: BTreeSet<i64>,
    /// The highest generation of each annotation that a client has seen.
    generations: BTreeMap<(i64, i32), i32>,
    questions: BTreeSet<(i64, String)>,
}

/// The changes of one board in the order in which a client received them.
pub(super) type Segment = (i64, Vec<u64>);

impl Facts {
    /// Notes an action of a user who may perform it.
    pub(super) fn note_action(&mut self, user: i64, action: &Action) {
        if !self.privileged.contains(&user) {
            return;
        }
        match action {
            Action::Delete(id) => {
                self.deleted.insert(*id);
            }
            Action::Clear(id) => {
                self.cleared.insert(*id);
            }
            Action::Remove(id, ids) => self.removed.extend(ids.iter().map(|at| (*id, *at))),
            _ => {}
        }
    }

    /// Checks an event that a client has received. `sees_all` is true for an organizer.
    pub(super) fn note_event(&mut self, event: &Event, sees_all: bool) -> Result<(), String> {
        match event {
            Event::ActivePresenter { id: Some(user) } => self.check_right(*user, "presents"),
            Event::Content { id, event } => self.note_content(*id, event, sees_all),
            _ => Ok(()),
        }
    }

    fn note_content(
        &mut self,
        id: i64,
        event: &ContentEvent,
        sees_all: bool,
    ) -> Result<(), String> {
        match event {
            ContentEvent::Removed if sees_all && !self.deleted.contains(&id) => {
                Err(format!("content {id} was removed, but nobody may have deleted it"))
            }
            ContentEvent::Owner { owner } => {
                same(&mut self.owners, id, *owner, "content")?;
                self.check_right(*owner, "owns a content")
            }
            ContentEvent::CreationTime { time } => {
                same(&mut self.created, id, time.clone(), "content")
            }
            ContentEvent::Titled { title: text }
            | ContentEvent::Poll(PollEvent::Question { question: text, .. })
                if text.starts_with(FORBIDDEN) =>
            {
                Err(format!("content {id} has the text {text:?} of a user without rights"))
            }
            ContentEvent::Board(BoardEvent::Changed { change, .. }) => self.note_change(id, change),
            _ => Ok(()),
        }
    }

    fn note_change(&mut self, content: i64, change: &Change) -> Result<(), String> {
        match change {
            Change::Add { id, annotation } => {
                let local = annotation.get(psom_objects::annotation::Property::LocalId);
                let name = format!("{} {}", annotation.owner, local.unwrap_or_default());
                same(&mut self.annotations, (content, *id), name, "annotation")?;
                self.check_right(annotation.owner, "annotates")
            }
            Change::Remove { ids, remover } => {
                for id in ids {
                    if !self.may_be_gone(content, *id) {
                        return Err(format!("nobody removed annotation {id} of content {content}"));
                    }
                }
                self.check_right(*remover, "removes an annotation")
            }
            Change::Clear { remover } => self.check_right(*remover, "clears a board"),
            Change::SetProperties { modifier, .. } | Change::SetText { modifier, .. } => {
                self.check_right(*modifier, "changes an annotation")
            }
            Change::SetImage { .. } => Ok(()),
        }
    }

    fn check_right(&self, user: i64, what: &str) -> Result<(), String> {
        if user == 0 || self.privileged.contains(&user) {
            return Ok(());
        }
        Err(format!("user {user}, who was never a presenter, {what}"))
    }

    fn may_be_gone(&self, content: i64, annotation: i32) -> bool {
        self.deleted.contains(&content)
            || self.cleared.contains(&content)
            || self.removed.contains(&(content, annotation))
    }

    /// Notes the state that a client has seen.
    pub(super) fn note_model(&mut self, model: &Model) {
        for (id, content) in &model.contents {
            let board = content.board.iter().flat_map(|board| board.annotations.iter());
            for (at, annotation) in board {
                let seen = self.generations.entry((*id, at)).or_default();
                *seen = annotation.generation.max(*seen);
            }
            let questions = content.qna.iter().flat_map(|qna| &qna.questions);
            self.questions.extend(questions.map(|question| (*id, question.id.clone())));
        }
    }

    /// Checks that a saved state has everything that a client has seen.
    pub(super) fn check_saved(&self, saved: &Model) -> Result<(), String> {
        for id in self.created.keys().filter(|id| !self.deleted.contains(id)) {
            if !saved.contents.contains_key(id) {
                return Err(format!("content {id} was seen by a client and is lost"));
            }
        }
        for ((content, id), generation) in &self.generations {
            let board = saved.contents.get(content).and_then(|content| content.board.as_ref());
            match board.and_then(|board| board.annotations.get(*id)) {
                None if self.may_be_gone(*content, *id) => {}
                None => {
                    return Err(format!(
                        "annotation {id} of content {content} was seen by a client and is lost"
                    ));
                }
                Some(saved) if saved.generation < *generation => {
                    return Err(format!(
                        "annotation {id} of content {content} is back at generation {}, but a \
                         client has seen {generation}",
                        saved.generation
                    ));
                }
                Some(_) => {}
            }
        }
        for (content, id) in &self.questions {
            let qna = saved.contents.get(content).and_then(|content| content.qna.as_ref());
            let found =
                qna.is_some_and(|qna| qna.questions.iter().any(|question| question.id == *id));
            if !found && !self.deleted.contains(content) {
                return Err(format!("question {id} of content {content} is lost"));
            }
        }
        Ok(())
    }
}

/// Checks that an identifier means the same for ever.
fn same<K: Ord + Copy + std::fmt::Debug, V: PartialEq + std::fmt::Debug>(
    known: &mut BTreeMap<K, V>,
    id: K,
    value: V,
    what: &str,
) -> Result<(), String> {
    match known.get(&id) {
        Some(old) if *old != value => {
            Err(format!("the identifier {id:?} of the {what} {old:?} is used again for {value:?}"))
        }
        Some(_) => Ok(()),
        None => {
            known.insert(id, value);
            Ok(())
        }
    }
}

/// Follows the boards of a client: adds the changes that came after the snapshot of a board.
pub(super) fn note_order(
    segments: &mut Vec<Segment>,
    open: &mut BTreeMap<i64, usize>,
    event: &Event,
) {
    let Event::Content { id, event } = event else { return };
    match event {
        ContentEvent::ExtendedReady => {
            open.insert(*id, segments.len());
            segments.push((*id, Vec::new()));
        }
        ContentEvent::Removed => {
            open.remove(id);
        }
        // A Clear has no number of its own that makes it unique.
        ContentEvent::Board(BoardEvent::Changed { change, .. })
            if !matches!(change, Change::Clear { .. }) =>
        {
            if let Some(at) = open.get(id) {
                let mut hasher = DefaultHasher::new();
                format!("{change:?}").hash(&mut hasher);
                segments[*at].1.push(hasher.finish());
            }
        }
        _ => {}
    }
}

/// Checks that two clients have received the changes of a board in the same order, where both have
/// received them.
pub(super) fn check_order(one: &Segment, other: &Segment) -> Result<(), String> {
    let ((content, one), (_, other)) = (one, other);
    let (Some(first), Some(other_first)) = (one.first(), other.first()) else { return Ok(()) };
    let pairs = if let Some(at) = other.iter().position(|line| line == first) {
        one.iter().zip(&other[at..])
    } else if let Some(at) = one.iter().position(|line| line == other_first) {
        one[at..].iter().zip(&other[..])
    } else {
        return Ok(());
    };
    match pairs.enumerate().find(|(_, (one, other))| one != other) {
        Some((at, _)) => Err(format!("two clients saw change {at} of content {content} differ")),
        None => Ok(()),
    }
}

/// Checks that two clients see the same meeting. `is_restored` leaves out what is not saved.
pub(super) fn check_same(one: &Model, other: &Model, is_restored: bool) -> Result<(), String> {
    let users = |model: &Model| -> Vec<_> {
        let present = model.users.iter().filter(|(_, user)| !user.is_gone);
        present.map(|(id, user)| (*id, user.name.clone())).collect()
    };
    let stage = |model: &Model| (model.active_presenter, model.active_content);
    if !is_restored {
        equal("users", &users(one), &users(other))?;
        equal("the stage", &stage(one), &stage(other))?;
    }
    let ids = |model: &Model| model.contents.keys().copied().collect::<Vec<_>>();
    equal("contents", &ids(one), &ids(other))?;
    for (id, content) in &one.contents {
        let Some(other) = other.contents.get(id) else { continue };
        let (mut one, mut other) = (content.clone(), other.clone());
        // The size of a board depends on telepointers, which are not saved.
        let (board, other_board) = (one.board.take(), other.board.take());
        let parts = |board: Option<psom_objects::client::BoardModel>| {
            board.map(|board| {
                let pointers = (!is_restored).then_some(board.telepointers);
                (board.annotations, board.constraints, pointers)
            })
        };
        equal(&format!("the board of content {id}"), &parts(board), &parts(other_board))?;
        if is_restored {
            forget_unsaved(&mut one);
            forget_unsaved(&mut other);
        }
        equal(&format!("content {id}"), &one, &other)?;
    }
    Ok(())
}

fn forget_unsaved(content: &mut ContentModel) {
    content.presented = false;
    content.presenter = None;
    content.presentation_order = 0;
    if let Some(poll) = &mut content.poll {
        poll.vote = None;
    }
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, one: &T, other: &T) -> Result<(), String> {
    if one == other { Ok(()) } else { Err(format!("{what} differ: {one:?} and {other:?}")) }
}
