//! The root, and how the other objects reach it.

use std::collections::BTreeMap;

use psom::{
    Context, DistributedObject, Handle, Lifecycle, ObjectDesc, Scope, Sent, distributed_object,
    error::Misuse,
};

use super::{
    board::{Annotations, WhiteboardContent},
    content::Extended,
    contents::{ContentManager, Follow},
    event::Event,
    model::Model,
    native_file::NativeFileOnlyContent,
    notes::SharedNotesContent,
    poll::PollContent,
    qna::QnaContent,
    slides::PptContent,
    uploads::UploadManager,
    users::ContentUserManager,
};
use crate::interfaces::{self, MeetingClient};

/// Who is told of everything that changes. A closure that takes an [`Event`] is one.
///
/// It runs inside the client's space and must not block; a program that has more to do passes the
/// events on through a channel.
pub trait Listener: Send + 'static {
    /// Something has changed; the model shows it already.
    fn changed(&mut self, event: Event);
}

impl<F: FnMut(Event) + Send + 'static> Listener for F {
    fn changed(&mut self, event: Event) {
        self(event);
    }
}

/// The root of a client's objects: a meeting as the server tells it.
#[distributed_object(serves = interfaces::MeetingClient, calls = interfaces::MeetingServer)]
pub struct Conference {
    #[child("contentUserManager")]
    users: Handle<ContentUserManager>,
    #[child("contentManager")]
    pub(super) contents: Handle<ContentManager>,
    pub(super) uploads: Handle<UploadManager>,
    /// The annotations of contents, by the contents' numbers.
    pub(super) annotations: BTreeMap<i64, Handle<Annotations>>,
    model: Model,
    listener: Box<dyn Listener>,
    pub(super) last_cookie: i32,
    pub(super) over: bool,
}

impl Conference {
    /// A mirror of a meeting that is yet to be joined.
    pub fn new(scope: &mut Scope, listener: impl Listener) -> Self {
        let uploads = scope.add(UploadManager::default());
        let conference = Self {
            users: scope.add(ContentUserManager::default()),
            contents: scope.add(ContentManager::new(uploads)),
            uploads,
            annotations: BTreeMap::new(),
            model: Model::default(),
            listener: Box::new(listener),
            last_cookie: 0,
            over: false,
        };
        conference.follow_standard::<NativeFileOnlyContent>(
            scope,
            "Content.NativeFileOnly",
            NativeFileOnlyContent::new,
        );
        conference.follow_standard::<PollContent>(scope, "Content.Poll", PollContent::new);
        for kind in ["Content.Ppt", "Content.PptWac"] {
            conference.follow_standard::<PptContent>(scope, kind, PptContent::new);
        }
        conference.follow_standard::<SharedNotesContent>(
            scope,
            "Content.SharedNotes",
            SharedNotesContent::new,
        );
        conference.follow_standard::<QnaContent>(scope, "Content.Qna", QnaContent::new);
        conference.follow_standard::<WhiteboardContent>(
            scope,
            "Content.Whiteboard",
            WhiteboardContent::new,
        );
        conference
    }

    /// Follows contents of a further type with objects of the program's own. Each is made when
    /// such a content, by its number, is there, connected as its `extendedContent`, and found with
    /// [`extended`](Self::extended).
    #[must_use]
    pub fn with_content<T: DistributedObject>(
        self,
        scope: &mut Scope,
        kind: &str,
        mut make: impl FnMut(i64) -> T + Send + 'static,
    ) -> Self {
        self.follow::<T>(scope, kind, false, move |id, _| make(id));
        self
    }

    fn follow_standard<T: DistributedObject>(
        &self,
        scope: &mut Scope,
        kind: &str,
        make: fn(i64, Root) -> T,
    ) {
        self.follow(scope, kind, true, make);
    }

    fn follow<T: DistributedObject>(
        &self,
        scope: &mut Scope,
        kind: &str,
        tells: bool,
        mut make: impl FnMut(i64, Root) -> T + Send + 'static,
    ) {
        scope.announce::<T>();
        let kind = kind.to_owned();
        let follow: Follow = Box::new(move |scope, id, root| {
            let handle = scope.add_while_connected(make(id, root)).into();
            Extended { handle, tells }
        });
        let object = ObjectDesc::of::<T>();
        let follow =
            move |contents: &mut ContentManager, _: &mut _| contents.follow(&kind, object, follow);
        let _ = scope.tell(self.contents, follow);
    }

    /// The object that follows a content, where it is a `T`.
    pub fn extended<T: DistributedObject>(&self, scope: &Scope, id: i64) -> Option<Handle<T>> {
        let content = scope.get(self.contents).ok()?.content(id)?;
        scope.downcast(scope.get(content).ok()?.extended?.handle)
    }

    /// The meeting as it is now.
    pub fn model(&self) -> &Model {
        &self.model
    }

    fn changed(&mut self, event: Event) {
        // When the connection is over, everything is disconnected. That nothing is left of the
        // meeting is not news; what was last known stays readable.
        if !self.over {
            self.over = event == Event::Ended;
            self.model.apply(&event);
            self.listener.changed(event);
        }
    }
}

impl Lifecycle for Conference {
    fn connected(&mut self, cx: &mut Context<Self>) {
        // Nobody has called the children yet: the server connects them below this object.
        let root = Root(Some(cx.handle()));
        let _ = cx.tell(self.users, move |users, _| users.root = root);
        let _ = cx.tell(self.contents, move |contents, _| contents.root = root);
        let _ = cx.tell(self.uploads, move |uploads, _| uploads.root = root);
    }

    fn disconnected(&mut self, _: &mut Context<Self>) {
        self.changed(Event::Ended);
    }
}

impl MeetingClient for Conference {
    fn c_meeting_ready(&mut self, _: &mut Context<Self>) {
        self.changed(Event::Ready);
    }

    fn c_set_info(&mut self, _: &str) {}

    fn c_set_server_time(&mut self, _: &mut Context<Self>, server_time: String) {
        self.changed(Event::ServerTime { time: server_time });
    }

    fn c_set_url_base(&mut self, _: &mut Context<Self>, url_base: String) {
        self.changed(Event::UrlBase { url: url_base });
    }
}

impl std::fmt::Debug for Conference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conference").field("model", &self.model).finish_non_exhaustive()
    }
}

/// The way from the other objects to the root, which they learn when it is connected.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Root(Option<Handle<Conference>>);

impl Root {
    /// Tells the root of a change. A root that is gone has nobody left who wants to know.
    pub(super) fn tell(self, scope: &mut Scope, event: Event) {
        if let Some(root) = self.0 {
            let _ = scope.tell(root, |conference, _| conference.changed(event));
        }
    }

    /// The meeting as it was after all calls before the present one.
    pub(super) fn model(self, scope: &Scope) -> Option<&Model> {
        scope.get(self.0?).ok().map(Conference::model)
    }

    /// Says which object has the annotations of a content, if any.
    pub(super) fn set_annotations(
        self,
        scope: &mut Scope,
        id: i64,
        annotations: Option<Handle<Annotations>>,
    ) {
        let Some(root) = self.0 else { return };
        let _ = scope.tell(root, move |conference, _| match annotations {
            Some(annotations) => drop(conference.annotations.insert(id, annotations)),
            None => drop(conference.annotations.remove(&id)),
        });
    }

    /// Gives a title back that was reserved for nothing.
    pub(super) fn release_title(self, scope: &mut Scope, cookie: i32) {
        if let Some(root) = self.0 {
            let _ = scope.tell(root, move |conference, cx| {
                let _ = conference.release_title(cx, cookie);
            });
        }
    }

    /// Tells the root of a call that could not be sent.
    pub(super) fn check(self, scope: &mut Scope, action: &'static str, sent: Sent) {
        let reached = sent.reached;
        let error = sent.ok().err().or((reached == 0).then_some(Misuse::Gone));
        if let Some(error) = error {
            self.tell(scope, Event::NotSent { action, reason: error.to_string() });
        }
    }
}
