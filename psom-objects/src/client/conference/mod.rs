//! The root of a client's objects. The methods of each concern are in a file of their own.

mod boards;
mod contents;
mod notes;
mod polls;
mod qna;
mod slides;

use psom::{Context, DistributedObject, Handle, Lifecycle, ObjectDesc, Scope, distributed_object};

use super::{
    contents::{ContentManager, Extended, Follow},
    event::Event,
    followers::{
        board::WhiteboardContent, native_file::NativeFileOnlyContent, notes::SharedNotesContent,
        poll::PollContent, qna::QnaContent, slides::PptContent,
    },
    model::meeting::Model,
    root::{Report, Root},
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
    contents: Handle<ContentManager>,
    uploads: Handle<UploadManager>,
    model: Model,
    listener: Box<dyn Listener>,
    last_cookie: i32,
    over: bool,
}

impl Conference {
    /// Returns a mirror of a meeting that is yet to be joined. It must become the root of its space.
    pub fn new(scope: &mut Scope, listener: impl Listener) -> Self {
        let root = Root::new(RootOfSpace);
        let uploads = scope.add(UploadManager::new(root.clone()));
        let conference = Self {
            users: scope.add(ContentUserManager::new(root.clone())),
            contents: scope.add(ContentManager::new(root, uploads)),
            uploads,
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
        scope.tell(self.contents, follow);
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

/// The conference, which is the root of its space.
struct RootOfSpace;

impl Report for RootOfSpace {
    fn report(&self, scope: &mut Scope, event: Event) {
        if let Some(root) = scope.root::<Conference>() {
            scope.tell(root, |conference, _| conference.changed(event));
        }
    }

    fn model<'a>(&self, scope: &'a Scope) -> Option<&'a Model> {
        scope.get(scope.root::<Conference>()?).ok().map(Conference::model)
    }

    fn release_title(&self, scope: &mut Scope, cookie: i32) {
        if let Some(root) = scope.root::<Conference>() {
            scope.tell(root, move |conference, cx| {
                // Nothing is left to release when the content manager is gone.
                let _ = conference.release_title(cx, cookie);
            });
        }
    }
}
