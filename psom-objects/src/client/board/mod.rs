//! What is drawn, written and pinned on a content, as a client knows it.

mod actions;
mod follow;
mod tell;

use std::collections::BTreeMap;

pub(super) use follow::{Annotations, WhiteboardContent};

use super::model::set;
use crate::annotation::{self, Change, Constraint, Properties, Property};

/// What is drawn, written and pinned on a content, and who points where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Board {
    /// The annotations.
    pub annotations: annotation::Board,
    /// What the server holds annotations to.
    pub constraints: BTreeMap<Constraint, i32>,
    /// Where users point to, by their numbers.
    pub telepointers: BTreeMap<i64, String>,
}

/// Something has changed on a board, or an answer to the one who asked for it. Codes are those of
/// [`ErrorCode`](annotation::ErrorCode), or another server's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are those of the model, by the same names")]
pub enum BoardEvent {
    /// What the server holds annotations to.
    Constraints { values: BTreeMap<Constraint, i32> },
    /// The annotations have changed. What was removed with a cookie comes with it.
    Changed { change: Change, cookie: Option<i32> },
    /// A user points to something, or to nothing any more.
    Telepointer { user: i64, anchor: String, visible: bool },

    /// An annotation was not added. The type is a number of [`Kind`](annotation::Kind).
    AddRefused { kind: i32, properties: Properties, code: String },
    /// Properties were not changed; these values are in force.
    ChangeRefused {
        annotation: i32,
        generation: i32,
        modifier: i64,
        properties: Properties,
        code: String,
    },
    /// A property of a group was not changed; these values are in force, with the generation and
    /// the last modifier of each annotation.
    GroupChangeRefused {
        annotations: Vec<i32>,
        generations: Vec<i32>,
        modifiers: Vec<i64>,
        property: Property,
        values: Vec<String>,
        code: String,
    },
    /// A text was not changed.
    TextChangeRefused { annotation: i32, generation: i32, modifier: i64, code: String },
    /// Annotations were not removed.
    RemovalRefused { annotations: Vec<i32>, cookie: Option<i32>, code: String },
    /// The board was not cleared.
    ClearRefused { code: String },
    /// The telepointer is not shown.
    TelepointerRefused { code: String },
}

impl Board {
    /// Follows a change, and says whether anything was otherwise before.
    pub fn apply(&mut self, event: &BoardEvent) -> bool {
        match event {
            BoardEvent::Constraints { values } => set(&mut self.constraints, values.clone()),
            BoardEvent::Changed { change, .. } => self.annotations.apply(change),
            BoardEvent::Telepointer { user, anchor, visible: true } => {
                self.telepointers.insert(*user, anchor.clone()).as_ref() != Some(anchor)
            }
            BoardEvent::Telepointer { user, .. } => self.telepointers.remove(user).is_some(),
            _ => false,
        }
    }
}

impl BoardEvent {
    /// Why the server refused what was asked for, where the event says so.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::AddRefused { code, .. }
            | Self::ChangeRefused { code, .. }
            | Self::GroupChangeRefused { code, .. }
            | Self::TextChangeRefused { code, .. }
            | Self::RemovalRefused { code, .. }
            | Self::ClearRefused { code }
            | Self::TelepointerRefused { code } => Some(code),
            _ => None,
        }
    }
}
