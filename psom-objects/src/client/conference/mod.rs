//! The root of a client's objects. Each group of methods has its own file.

mod boards;
mod contents;
mod notes;
mod outcomes;
mod polls;
mod qna;
mod slides;
mod uploads;

use psom::{Context, DistributedObject, Handle, Lifecycle, ObjectDesc, Scope, distributed_object};

pub use outcomes::RequestError;

use self::outcomes::Outcomes;
use super::{
    contents::{ContentsFollower, Extended, MakeFollower},
    event::Event,
    followers::{
        board::WhiteboardFollower, native_file::NativeFileFollower, notes::NotesFollower,
        poll::PollFollower, qna::QnaFollower, slides::SlidesFollower,
    },
    model::meeting::Model,
    root::{Report, Root},
    uploads::ClientUploads,
    users::UsersFollower,
};
use crate::interfaces::{MeetingClient, MeetingServer};

/// Receives the events of a meeting. A closure that takes an [`Event`] is a listener.
///
/// Its methods run inside the client's space and must not block. For longer work, pass the events
/// to another task through a channel.
pub trait Listener: Send + 'static {
    /// Handles an event before the model applies it. `model` still has the values that the event
    /// removes or replaces, such as the title of a content.
    fn before(&mut self, event: &Event, model: &Model) {
        let _ = (event, model);
    }

    /// Handles an event after the model has applied it. `is_change` is false if the event did not
    /// change the model.
    fn changed(&mut self, event: Event, is_change: bool);
}

impl<F: FnMut(Event) + Send + 'static> Listener for F {
    fn changed(&mut self, event: Event, _is_change: bool) {
        self(event);
    }
}

/// The root of a client's objects. It mirrors a meeting.
#[distributed_object(serves = MeetingClient, calls = MeetingServer)]
pub struct Conference {
    #[child("contentUserManager")]
    users: Handle<UsersFollower>,
    #[child("contentManager")]
    contents: Handle<ContentsFollower>,
    uploads: Handle<ClientUploads>,
    model: Model,
    listener: Box<dyn Listener>,
    last_cookie: i32,
    outcomes: Outcomes,
    has_ended: bool,
}

impl Conference {
    /// Creates the mirror of a meeting before it is joined. It must become the root of its space.
    pub fn new(scope: &mut Scope, listener: impl Listener) -> Self {
        let root = Root::new(RootOfSpace);
        let uploads = scope.add(ClientUploads::new(root.clone()));
        let conference = Self {
            users: scope.add(UsersFollower::new(root.clone())),
            contents: scope.add(ContentsFollower::new(root, uploads)),
            uploads,
            model: Model::default(),
            listener: Box::new(listener),
            last_cookie: 0,
            outcomes: Outcomes::default(),
            has_ended: false,
        };
        let file = NativeFileFollower::new;
        conference.follow_standard(scope, "Content.NativeFileOnly", file);
        conference.follow_standard(scope, "Content.Poll", PollFollower::new);
        conference.follow_standard(scope, "Content.Ppt", SlidesFollower::new);
        conference.follow_standard(scope, "Content.PptWac", SlidesFollower::new);
        conference.follow_standard(scope, "Content.SharedNotes", NotesFollower::new);
        conference.follow_standard(scope, "Content.Qna", QnaFollower::new);
        conference.follow_standard(scope, "Content.Whiteboard", WhiteboardFollower::new);
        conference
    }

    /// Follows contents of another type with the program's own objects.
    ///
    /// `make` gets the ID of each such content. The object that it returns is connected as the
    /// content's `extendedContent`; [`extended`](Self::extended) finds it.
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
        reports_ready: bool,
        mut make: impl FnMut(i64, Root) -> T + Send + 'static,
    ) {
        scope.announce::<T>();
        let kind = kind.to_owned();
        let make: MakeFollower = Box::new(move |scope, id, root| {
            let handle = scope.add_while_connected(make(id, root)).into();
            Extended { handle, reports_ready }
        });
        let object = ObjectDesc::of::<T>();
        let follow =
            move |contents: &mut ContentsFollower, _: &mut _| contents.follow(&kind, object, make);
        scope.tell(self.contents, follow);
    }

    /// Returns the object that follows a content, if it is a `T`.
    pub fn extended<T: DistributedObject>(&self, scope: &Scope, id: i64) -> Option<Handle<T>> {
        let content = scope.get(self.contents).ok()?.content(id)?;
        scope.downcast(scope.get(content).ok()?.extended?.handle)
    }

    /// Returns the current state of the meeting.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Reports whether the connection has ended. The model keeps its last state.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    fn apply(&mut self, cx: &mut Context<Self>, event: Event) {
        // When the connection ends, every object is disconnected. The removal of all contents is
        // not an event of the meeting, and the model keeps its last state.
        if !self.has_ended {
            self.has_ended = event == Event::Ended;
            self.listener.before(&event, &self.model);
            let is_change = self.model.apply(&event);
            let unknown = self.outcomes.on_event(&event);
            self.listener.changed(event, is_change);
            if let Some(cookie) = unknown {
                // The content is announced before the end of the barrier, or not at all.
                let begun = cx.when_settled(move |conference, _, _| {
                    conference.outcomes.complete(cookie);
                });
                if begun.is_err() {
                    self.outcomes.complete(cookie);
                }
            }
        }
    }
}

impl Lifecycle for Conference {
    fn disconnected(&mut self, cx: &mut Context<Self>) {
        self.apply(cx, Event::Ended);
    }
}

impl MeetingClient for Conference {
    fn c_meeting_ready(&mut self, cx: &mut Context<Self>) {
        self.apply(cx, Event::Ready);
    }

    fn c_set_info(&mut self, _: &str) {}

    fn c_set_server_time(&mut self, cx: &mut Context<Self>, server_time: String) {
        self.apply(cx, Event::ServerTime { time: server_time });
    }

    fn c_set_url_base(&mut self, cx: &mut Context<Self>, url_base: String) {
        self.apply(cx, Event::UrlBase { url: url_base });
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
            scope.tell(root, |conference, cx| conference.apply(cx, event));
        }
    }

    fn model<'a>(&self, scope: &'a Scope) -> Option<&'a Model> {
        scope.get(scope.root::<Conference>()?).ok().map(Conference::model)
    }

    fn request_failed(&self, scope: &mut Scope, cookie: i32, action: &'static str, reason: String) {
        if let Some(root) = scope.root::<Conference>() {
            scope.tell(root, move |conference, _| {
                conference.outcomes.fail(cookie, &RequestError::NotSent { action, reason });
            });
        }
    }

    fn release_title(&self, scope: &mut Scope, cookie: i32) {
        if let Some(root) = scope.root::<Conference>() {
            scope.tell(root, move |conference, cx| {
                // Without a content manager, there is no reservation to release.
                let _ = conference.release_title(cx, cookie);
            });
        }
    }
}
