use super::{json::Object, model::Model};

/// What is drawn and written on a content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Board {}

/// Something has changed on a board, or an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BoardEvent {}

impl Board {
    /// Follows a change, and says whether anything was otherwise before.
    pub fn apply(&mut self, event: &BoardEvent) -> bool {
        match *event {}
    }
}

impl BoardEvent {
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
