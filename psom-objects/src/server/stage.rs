/// The stage: the presenter and the presented content (sections 3.3.4.1.3 and 3.3.4.1.6).
///
/// The content manager compares the stage after an action with the stage before it, and notifies
/// the clients of the difference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Stage {
    /// The identifier of the active presenter; 0 for none.
    pub(super) presenter: i64,
    /// The identifier of the active content; 0 for none.
    pub(super) content: i64,
}

impl Stage {
    /// Returns the stage after a user takes it without a content, which removes the content on it.
    pub(super) fn claimed(user: i64) -> Self {
        Self { presenter: user, content: 0 }
    }

    /// Returns the stage after a user presents a content.
    pub(super) fn presenting(user: i64, content: i64) -> Self {
        Self { presenter: user, content }
    }

    /// Returns the stage after a user leaves it, which has no effect unless they are the presenter.
    pub(super) fn leave(self, user: i64) -> Self {
        if self.presenter == user { Self::default() } else { self }
    }

    /// Returns the stage after a user stops presenting a content and leaves the stage, which has no
    /// effect unless they are presenting it.
    pub(super) fn stop(self, user: i64, content: i64) -> Self {
        if self.content == content { self.leave(user) } else { self }
    }

    /// Returns the stage after a content is deleted.
    pub(super) fn without(self, content: i64) -> Self {
        if self.content == content { Self { content: 0, ..self } } else { self }
    }
}
