//! A follower for each content type: the object that is connected as the `extendedContent` of a
//! content. It reports the server's calls as events.

pub(super) mod board;
pub(super) mod native_file;
pub(super) mod notes;
pub(super) mod poll;
pub(super) mod qna;
pub(super) mod slides;
