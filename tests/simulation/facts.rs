use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use psom_objects::{
    annotation::{Change, Property},
    client::{BoardEvent, ContentEvent, ContentModel, Event, Model, PollEvent, QnaEvent},
};

use super::{
    action::{Action, number_of_color},
    journal::Journal,
    rights::{Rights, Sender, marks},
};

/// The states that clients saw and the changes that users requested in the whole run, across restarts of the
/// server and ends of connections. The saved state must agree with it.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) rights: Rights,
    /// The creation time and the creator of each content.
    created: BTreeMap<i64, String>,
    owners: BTreeMap<i64, i64>,
    /// The owner and the `LOCALID` of each annotation.
    annotations: BTreeMap<(i64, i32), String>,
    /// The users who wanted to remove a content, an annotation, or all annotations of a content.
    deleted: BTreeMap<i64, Vec<Sender>>,
    removed: BTreeMap<(i64, i32), Vec<Sender>>,
    cleared: BTreeMap<i64, Vec<Sender>>,
    /// The highest generation of each annotation that a client has seen.
    generations: BTreeMap<(i64, i32), i32>,
    questions: BTreeSet<(i64, String)>,
}

/// The changes of one board in the order in which a client received them.
pub(super) type Segment = (i64, Vec<u64>);

impl Facts {
    /// Notes an action that removes something.
    pub(super) fn note_action(&mut self, sender: Sender, action: &Action) {
        match action {
            Action::Delete(id) => self.deleted.entry(*id).or_default().push(sender),
            Action::Clear(id) => self.cleared.entry(*id).or_default().push(sender),
            Action::Remove(id, ids) => {
                for at in ids {
                    self.removed.entry((*id, *at)).or_default().push(sender);
                }
            }
            _ => {}
        }
    }

    /// Checks an event that a client has received. `sees_all` is true for an organizer.
    pub(super) fn note_event(
        &mut self,
        event: &Event,
        sees_all: bool,
        journal: &Journal,
    ) -> Result<(), String> {
        match event {
            Event::ActivePresenter { id: Some(user) } => self.rights.check_user(*user, "presents"),
            Event::Content { id, event } => {
                self.check_safe(*id, event, journal)?;
                self.note_content(*id, event, sees_all)
            }
            _ => Ok(()),
        }
    }

    /// Checks that an annotation, a question or an answer is in the journal: a client must not see
    /// a state that the server can lose.
    fn check_safe(&self, id: i64, event: &ContentEvent, journal: &Journal) -> Result<(), String> {
        let unsafe_mark = |text: &str| marks(text).find(|number| !journal.has_saved(*number));
        let unsafe_number = match event {
            ContentEvent::Board(BoardEvent::Changed {
                change: Change::Add { id: at, annotation },
                ..
            }) if !self.may_be_gone(id, *at) => {
                let data = annotation.get(Property::Data).and_then(unsafe_mark);
                data.or_else(|| annotation.get(Property::Text).and_then(unsafe_mark))
            }
            ContentEvent::Qna(
                QnaEvent::Question { id: text, .. } | QnaEvent::Answer { text, .. },
            ) if !self.may_be_deleted(id) => unsafe_mark(text),
            _ => None,
        };
        match unsafe_number {
            Some(number) => Err(format!(
                "a client sees the effect of action {number} on content {id} before it is saved"
            )),
            None => Ok(()),
        }
    }

    fn note_content(
        &mut self,
        id: i64,
        event: &ContentEvent,
        sees_all: bool,
    ) -> Result<(), String> {
        match event {
            ContentEvent::Removed if sees_all && !self.may_be_deleted(id) => {
                Err(format!("content {id} was removed, but nobody may have deleted it"))
            }
            ContentEvent::Owner { owner } => {
                same(&mut self.owners, id, *owner, "content")?;
                self.rights.check_user(*owner, "owns a content")
            }
            ContentEvent::CreationTime { time } => {
                same(&mut self.created, id, time.clone(), "content")
            }
            ContentEvent::Titled { title: text }
            | ContentEvent::Poll(PollEvent::Question { question: text, .. }) => {
                self.rights.check_text(id, text)
            }
            ContentEvent::Board(BoardEvent::Changed { change, .. }) => self.note_change(id, change),
            _ => Ok(()),
        }
    }

    fn note_change(&mut self, content: i64, change: &Change) -> Result<(), String> {
        match change {
            Change::Add { id, annotation } => {
                let local = annotation.get(Property::LocalId);
                let name = format!("{} {}", annotation.owner, local.unwrap_or_default());
                same(&mut self.annotations, (content, *id), name, "annotation")?;
                let data = annotation.get(Property::Data).unwrap_or_default();
                let text = annotation.get(Property::Text).unwrap_or_default();
                for number in marks(data).chain(marks(text)) {
                    self.rights.check_number(number, "annotates")?;
                }
                self.rights.check_user(annotation.owner, "annotates")
            }
            Change::Remove { ids, remover } => {
                for id in ids {
                    if !self.may_be_gone(content, *id) {
                        return Err(format!("nobody removed annotation {id} of content {content}"));
                    }
                }
                self.rights.check_user(*remover, "removes an annotation")
            }
            Change::Clear { remover } => self.rights.check_user(*remover, "clears a board"),
            Change::SetProperties { modifier, properties, .. } => {
                let color = properties.get(&Property::Stroke);
                if let Some(number) = color.and_then(|color| number_of_color(color)) {
                    self.rights.check_number(number, "changes an annotation")?;
                }
                self.rights.check_user(*modifier, "changes an annotation")
            }
            Change::SetText { modifier, deltas, .. } => {
                for number in deltas.iter().flat_map(|delta| marks(&delta.characters)) {
                    self.rights.check_number(number, "changes a text")?;
                }
                self.rights.check_user(*modifier, "changes a text")
            }
            Change::SetImage { .. } => Ok(()),
        }
    }

    fn any_may(&self, senders: Option<&Vec<Sender>>) -> bool {
        senders.is_some_and(|senders| senders.iter().any(|sender| self.rights.allow(*sender)))
    }

    fn may_be_deleted(&self, content: i64) -> bool {
        self.any_may(self.deleted.get(&content))
    }

    fn may_be_gone(&self, content: i64, annotation: i32) -> bool {
        self.may_be_deleted(content)
            || self.any_may(self.cleared.get(&content))
            || self.any_may(self.removed.get(&(content, annotation)))
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
        for id in self.created.keys().filter(|id| !self.may_be_deleted(**id)) {
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
            if !found && !self.may_be_deleted(*content) {
                return Err(format!("question {id} of content {content} is lost"));
            }
        }
        Ok(())
    }
}

/// Checks that an identifier always refers to the same thing.
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
        ContentEvent::Board(BoardEvent::Changed { change, .. }) => {
            if let (Some(at), Some(identity)) = (open.get(id), identity(change)) {
                segments[*at].1.push(identity);
            }
        }
        _ => {}
    }
}

/// Returns a number that distinguishes a change of a board from the others. A Clear has no number of
/// its own.
fn identity(change: &Change) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    match change {
        Change::Add { id, .. } => (0, id).hash(&mut hasher),
        Change::SetProperties { id, generation, .. } => (1, id, generation).hash(&mut hasher),
        Change::SetText { id, generation, .. } => (2, id, generation).hash(&mut hasher),
        Change::SetImage { id, .. } => (3, id).hash(&mut hasher),
        Change::Remove { ids, .. } => (4, ids).hash(&mut hasher),
        Change::Clear { .. } => return None,
    }
    Some(hasher.finish())
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

/// Checks that two clients see the same meeting. If `is_restored` is true, state that is not saved
/// is not compared.
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
