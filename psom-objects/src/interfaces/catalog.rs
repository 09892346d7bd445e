use psom::{
    Interface,
    interface::{
        Connected::{self, *},
        Definition,
    },
    session::CONN_MGR,
};

use super::{
    AnnotationContainerClientProxy, AnnotationContainerServerProxy, ContentClientProxy,
    ContentManagerClientProxy, ContentManagerServerProxy, ContentServerProxy,
    ContentUserManagerClientProxy, ContentUserManagerServerProxy, MeetingClientProxy,
    MeetingServerProxy, NativeFileOnlyContentClientProxy, NativeFileOnlyContentServerProxy,
    PollContentClientProxy, PollContentServerProxy, PptContentClientProxy, PptContentServerProxy,
    QnaContentClientProxy, QnaContentServerProxy, SharedNotesContentClientProxy,
    SharedNotesContentServerProxy, UploadManagerClientProxy, UploadManagerServerProxy,
    UploadStreamClientProxy, UploadStreamServerProxy, WhiteboardContentClientProxy,
    WhiteboardContentServerProxy,
};

/// The children that a definition lists: part names and types.
type Children = &'static [(&'static str, &'static str)];

const IN_MEETING: Children = &[
    ("ContentManager", "Microsoft.Rtc.Server.DataMCU.Meeting.ContentManager"),
    ("ContentUserManager", "Microsoft.Rtc.Server.DataMCU.Meeting.ContentUserManager"),
];
const IN_CONTENT_MANAGER: Children = &[
    ("UploadManager", "Microsoft.Rtc.Server.DataMCU.Meeting.UploadManager"),
    ("content.X", "Microsoft.Rtc.Server.DataMCU.Meeting.Content"),
];
const IN_CONTENT: Children = &[("extendedContent", "content-specific-DO")];
const IN_UPLOAD_MANAGER: Children = &[("UploadStreams", "UploadStream")];
const ANNOTATIONS: Children = &[("annotationContainer", "AnnotationContainer")];
const NONE: Children = &[];

/// Returns every distributed object of section 3.1.4.1 as data: both halves in all versions, and
/// the children that its definition lists. ConnMgr is first. The objects that a server connects
/// first are in the order of ruling 17.
pub fn catalog() -> Vec<Definition> {
    vec![
        CONN_MGR,
        define::<MeetingServerProxy, MeetingClientProxy>("Meeting", Root, IN_MEETING),
        define::<ContentUserManagerServerProxy, ContentUserManagerClientProxy>(
            "ContentUserManager",
            ByServerFirst,
            NONE,
        ),
        define::<ContentManagerServerProxy, ContentManagerClientProxy>(
            "ContentManager",
            ByServerFirst,
            IN_CONTENT_MANAGER,
        ),
        define::<UploadManagerServerProxy, UploadManagerClientProxy>(
            "UploadManager",
            ByServerFirst,
            IN_UPLOAD_MANAGER,
        ),
        // Its name on the wire is `Parts.IRCStream`.
        define::<UploadStreamServerProxy, UploadStreamClientProxy>("UploadStream", ByServer, NONE),
        define::<ContentServerProxy, ContentClientProxy>("Content", ByClient, IN_CONTENT),
        define::<NativeFileOnlyContentServerProxy, NativeFileOnlyContentClientProxy>(
            "NativeFileOnlyContent",
            ByClientNext,
            NONE,
        ),
        define::<PptContentServerProxy, PptContentClientProxy>(
            "PptContent",
            ByClientNext,
            ANNOTATIONS,
        ),
        define::<AnnotationContainerServerProxy, AnnotationContainerClientProxy>(
            "AnnotationContainer",
            ByServer,
            NONE,
        ),
        define::<WhiteboardContentServerProxy, WhiteboardContentClientProxy>(
            "WhiteboardContent",
            ByClientNext,
            ANNOTATIONS,
        ),
        define::<PollContentServerProxy, PollContentClientProxy>("PollContent", ByClientNext, NONE),
        define::<SharedNotesContentServerProxy, SharedNotesContentClientProxy>(
            "SharedNotesContent",
            ByClientNext,
            NONE,
        ),
        define::<QnaContentServerProxy, QnaContentClientProxy>("QnaContent", ByClientNext, NONE),
    ]
}

fn define<S: Interface, C: Interface>(
    title: &'static str,
    connected: Connected,
    children: Children,
) -> Definition {
    Definition { title, server: S::DESC, client: C::DESC, children, connected }
}
