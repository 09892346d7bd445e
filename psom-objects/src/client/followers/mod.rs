//! One follower for each content type: the object that is connected as the `extendedContent` of a
//! content and reports what the server says as events.

pub(super) mod board;
pub(super) mod native_file;
pub(super) mod notes;
pub(super) mod poll;
pub(super) mod qna;
pub(super) mod slides;
