//! Both halves of every object, as section 3.1.4.1 declares them.

#[cfg(feature = "offline")]
mod actions;
mod annotations;
mod catalog;
mod content;
mod contents;
mod meeting;
mod native_file;
mod notes;
mod poll;
mod ppt;
mod qna;
mod uploads;
mod users;
mod whiteboard;

#[cfg(feature = "offline")]
pub use actions::{ActionsClient, ActionsClientProxy, ActionsServer, ActionsServerProxy};
pub use annotations::{
    AnnotationContainerClient, AnnotationContainerClientProxy, AnnotationContainerServer,
    AnnotationContainerServerProxy,
};
pub use catalog::catalog;
pub use content::{ContentClient, ContentClientProxy, ContentServer, ContentServerProxy};
pub use contents::{
    ContentManagerClient, ContentManagerClientProxy, ContentManagerServer,
    ContentManagerServerProxy,
};
pub use meeting::{MeetingClient, MeetingClientProxy, MeetingServer, MeetingServerProxy};
pub use native_file::{
    NativeFileOnlyContentClient, NativeFileOnlyContentClientProxy, NativeFileOnlyContentServer,
    NativeFileOnlyContentServerProxy,
};
pub use notes::{
    SharedNotesContentClient, SharedNotesContentClientProxy, SharedNotesContentServer,
    SharedNotesContentServerProxy,
};
pub(crate) use poll::MAX_CHOICES;
pub use poll::{
    PollContentClient, PollContentClientProxy, PollContentServer, PollContentServerProxy,
};
pub use ppt::{PptContentClient, PptContentClientProxy, PptContentServer, PptContentServerProxy};
pub use qna::{QnaContentClient, QnaContentClientProxy, QnaContentServer, QnaContentServerProxy};
pub use uploads::{
    UploadManagerClient, UploadManagerClientProxy, UploadManagerServer, UploadManagerServerProxy,
    UploadStreamClient, UploadStreamClientProxy, UploadStreamServer, UploadStreamServerProxy,
};
pub use users::{
    ContentUserManagerClient, ContentUserManagerClientProxy, ContentUserManagerServer,
    ContentUserManagerServerProxy,
};
pub use whiteboard::{
    WhiteboardContentClient, WhiteboardContentClientProxy, WhiteboardContentServer,
    WhiteboardContentServerProxy,
};
