use super::{json::Object, model::Model};

/// A presentation: its slides and the place that is on display.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Slides {}

/// Something has changed in a presentation, or an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SlidesEvent {}

impl Slides {
    /// Follows a change, and says whether anything was otherwise before.
    pub fn apply(&mut self, event: &SlidesEvent) -> bool {
        match *event {}
    }
}

impl SlidesEvent {
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
