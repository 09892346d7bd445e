//! The content types of the specification. Each implements
//! [`ContentType`](super::ContentType) as a third party's type does.

pub(in crate::server) mod native_file;
pub(in crate::server) mod notes;
pub(in crate::server) mod poll;
pub(in crate::server) mod ppt;
pub(in crate::server) mod qna;
pub(in crate::server) mod whiteboard;

pub use native_file::NativeFileOnlyContent;
pub use notes::SharedNotesContent;
pub use poll::PollContent;
pub use ppt::PptContent;
pub use qna::QnaContent;
pub use whiteboard::WhiteboardContent;
