/// The stage: the presenter and the presented content (sections 3.3.4.1.3 and 3.3.4.1.6).
///
/// Each method returns the stage after an action. The content manager compares it with the stage
/// before and notifies the clients of the difference.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Stage {
    /// The identifier of the active presenter; 0 for none.
    pub(super) presenter: i64,
    /// The identifier of the active content; 0 for none.
    pub(super) content: i64,
}

impl Stage {
    /// A user takes the stage without a content, which removes the content on it.
    pub(super) fn claimed(user: i64) -> Self {
        Self { presenter: user, content: 0 }
    }

    /// A user presents a content.
    pub(super) fn presenting(user: i64, content: i64) -> Self {
        Self { presenter: user, content }
    }

    /// A user leaves the stage, if they are the presenter.
    pub(super) fn leave(self, user: i64) -> Self {
        if self.presenter == user { Self::default() } else { self }
    }

    /// A user stops presenting a content and leaves the stage, if they are presenting it.
    pub(super) fn stop(self, user: i64, content: i64) -> Self {
        if self.content == content { self.leave(user) } else { self }
    }

    /// A content is deleted.
    pub(super) fn without(self, content: i64) -> Self {
        if self.content == content { Self { content: 0, ..self } } else { self }
    }
}
