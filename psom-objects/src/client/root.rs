//! The interface of the conference for the objects below it.

use std::sync::Arc;

use psom::{
    Scope, Sent,
    error::{AskError, CallError},
};

use super::{
    event::Event,
    model::{content::ContentEvent, meeting::Model},
};

/// The interface of the conference for the objects below it. It is a trait, so that they do not
/// depend on the conference, which depends on all of them.
pub(super) trait Report: Send + Sync {
    /// Queues an event for the conference, which applies it to the model after the current handler.
    fn report(&self, scope: &mut Scope, event: Event);

    /// Returns the meeting as it was after all calls before the current one.
    fn model<'a>(&self, scope: &'a Scope) -> Option<&'a Model>;

    /// Queues the end of a request that could not be sent, for the program that waits for its outcome.
    fn request_failed(&self, scope: &mut Scope, cookie: i32, action: &'static str, reason: String);

    /// Queues the release of a reserved title.
    fn release_title(&self, scope: &mut Scope, cookie: i32);
}

/// A reference to the conference.
#[derive(Clone)]
pub(super) struct Root(Arc<dyn Report>);

impl Root {
    pub(super) fn new(root: impl Report + 'static) -> Self {
        Self(Arc::new(root))
    }

    /// Reports an event to the conference. Does nothing if the conference is gone.
    pub(super) fn report(&self, scope: &mut Scope, event: Event) {
        self.0.report(scope, event);
    }

    /// Reports an event of a content.
    pub(super) fn report_content(&self, scope: &mut Scope, id: i64, event: ContentEvent) {
        self.report(scope, Event::Content { id, event });
    }

    /// Returns the meeting as it was after all calls before the current one.
    pub(super) fn model<'a>(&self, scope: &'a Scope) -> Option<&'a Model> {
        self.0.model(scope)
    }

    /// Queues the release of a reserved title that is not needed.
    pub(super) fn release_title(&self, scope: &mut Scope, cookie: i32) {
        self.0.release_title(scope, cookie);
    }

    /// Reports a call that could not be sent. `action` completes "cannot ...".
    pub(super) fn check(&self, scope: &mut Scope, action: &'static str, sent: Sent) {
        let reached = sent.reached;
        let error = sent.ok().err().or_else(|| (reached == 0).then_some(CallError::Gone));
        if let Some(error) = error {
            self.report(scope, Event::NotSent { action, reason: error.to_string() });
        }
    }

    /// Reports a request that could not be sent. `action` completes "cannot ...".
    pub(super) fn check_request(
        &self,
        scope: &mut Scope,
        cookie: i32,
        action: &'static str,
        asked: Result<(), AskError>,
    ) {
        if let Err(error) = asked {
            let reason = error.to_string();
            self.report(scope, Event::NotSent { action, reason: reason.clone() });
            self.0.request_failed(scope, cookie, action, reason);
        }
    }
}
