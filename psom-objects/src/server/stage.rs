/// Who and what is on the stage: one presenter, one content (sections 3.3.4.1.3 and 3.3.4.1.6).
/// Pure: says what changes, and the content manager tells it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Stage {
    /// The active presenter's user number; 0 for nobody.
    pub(super) presenter: i64,
    /// The active content's number; 0 for none.
    pub(super) content: i64,
}

impl Stage {
    /// A user claims the stage for themselves: what is on it is taken off.
    pub(super) fn claim(self, user: i64) -> Self {
        let _ = self;
        Self { presenter: user, content: 0 }
    }

    /// A user claims the stage for a content.
    pub(super) fn present(self, user: i64, content: i64) -> Self {
        let _ = self;
        Self { presenter: user, content }
    }

    /// A user leaves the stage, if they are on it.
    pub(super) fn leave(self, user: i64) -> Self {
        if self.presenter == user { Self::default() } else { self }
    }

    /// A user takes a content off the stage, and leaves it, if both are on it.
    pub(super) fn stop(self, user: i64, content: i64) -> Self {
        if self.content == content { self.leave(user) } else { self }
    }

    /// A content is no more.
    pub(super) fn without(self, content: i64) -> Self {
        if self.content == content { Self { content: 0, ..self } } else { self }
    }
}
