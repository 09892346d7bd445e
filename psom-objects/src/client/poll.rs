use super::{json::Object, model::Model};

/// A question and its votes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Poll {}

/// Something has changed in a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PollEvent {}

impl Poll {
    /// Follows a change, and says whether anything was otherwise before.
    pub fn apply(&mut self, event: &PollEvent) -> bool {
        match *event {}
    }
}

impl PollEvent {
    /// The event's name in JSON.
    pub(super) fn name(&self) -> &'static str {
        match *self {}
    }

    pub(super) fn fields(&self, json: Object) -> Object {
        let _ = json;
        match *self {}
    }

    /// The event as one line; `it` is the content.
    pub(super) fn line(&self, it: &str, model: &Model) -> String {
        let _ = (it, model);
        match *self {}
    }
}
