use std::collections::HashMap;

use psom::{
    AnyHandle, Context, Handle, Lifecycle, ObjectDesc, Reply, Scope, Violation, distributed_object,
    error::AskError,
};

use super::{
    asking::ask,
    event::{Event, UploadEvent},
    model::content::ContentEvent,
    root::Root,
    uploads::ClientUploads,
};
use crate::{
    interfaces::{ContentClient, ContentManagerClient, ContentManagerServer, ContentServer},
    types::{ContentVisibility, NativeFile, SetTitleStatus, TitleReservationStatus},
};

/// Connects each content that the server announces.
#[distributed_object(
    serves = ContentManagerClient,
    calls = ContentManagerServer,
    connects = ContentFollower
)]
pub(super) struct ContentsFollower {
    #[child("uploadManager")]
    uploads: Handle<ClientUploads>,
    contents: HashMap<i64, Handle<ContentFollower>>,
    followers: HashMap<String, FollowerType>,
    pub(super) root: Root,
    /// Whether the server has connected this object.
    pub(super) is_connected: bool,
}

/// Upper bound on the contents of a meeting. It protects a client from a server that adds contents
/// endlessly.
pub(super) const MAX_CONTENTS: usize = 10_000;

/// The follower of a content type: its interfaces and its constructor.
struct FollowerType {
    object: ObjectDesc,
    make: MakeFollower,
}

/// Makes the object that follows a content of one type.
pub(super) type MakeFollower = Box<dyn FnMut(&mut Scope, i64, Root) -> Extended + Send>;

impl ContentsFollower {
    pub(super) fn new(root: Root, uploads: Handle<ClientUploads>) -> Self {
        Self {
            uploads,
            contents: HashMap::new(),
            followers: HashMap::new(),
            root,
            is_connected: false,
        }
    }

    pub(super) fn content(&self, id: i64) -> Option<Handle<ContentFollower>> {
        self.contents.get(&id).copied()
    }

    /// Registers the follower for a content type. A follower that was registered before is
    /// replaced.
    pub(super) fn follow(&mut self, kind: &str, object: ObjectDesc, make: MakeFollower) {
        self.followers.insert(kind.to_owned(), FollowerType { object, make });
    }

    /// Returns the object that follows contents of this type.
    pub(super) fn follower(&self, kind: &str) -> Option<ObjectDesc> {
        self.followers.get(kind).map(|follower| follower.object)
    }

    /// Reserves a title for the upload with this cookie.
    pub(super) fn reserve(&self, cx: &mut Context<Self>, title: &str, cookie: i32) {
        let asked = ask(
            cx,
            cookie,
            |server, cookie| server.s_reserve_title(title, cookie),
            move |contents, cx, answer| contents.reservation_answered(cx, cookie, answer),
        );
        self.root.check_request(cx, cookie, "reserve a title", asked);
    }

    fn reservation_answered(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        answer: Result<Reply, AskError>,
    ) {
        match answer.map(|answer| answer.read()) {
            Ok(Ok((status, cookie, content_id, owning_user_id))) => {
                self.c_reserve_title_completed(cx, status, cookie, content_id, owning_user_id);
            }
            Ok(Err(error)) => cx.caller().expel(error.into()),
            Err(AskError::TimedOut) => {
                self.root.report(cx, Event::Upload { cookie, event: UploadEvent::TimedOut });
            }
            // The connection has ended, which is an event of its own.
            Err(_) => {}
        }
    }

    /// Removes a content that the server has removed or closed.
    pub(super) fn remove(&mut self, cx: &mut Context<Self>, id: i64) {
        if let Some(content) = self.contents.remove(&id) {
            if let Ok(extended) = cx.get(content).map(|content| content.extended) {
                extended.map(|extended| cx.remove(extended.handle));
            }
            cx.remove(content);
            self.root.report_content(cx, id, ContentEvent::Removed);
        }
    }
}

impl Lifecycle for ContentsFollower {
    fn connected(&mut self, _: &mut Context<Self>) {
        self.is_connected = true;
    }

    fn disconnected(&mut self, _: &mut Context<Self>) {
        self.is_connected = false;
    }
}

impl ContentManagerClient for ContentsFollower {
    fn c_content_added(&mut self, cx: &mut Context<Self>, content_id: i64, r#type: String) {
        if self.contents.contains_key(&content_id) {
            return;
        }
        if self.contents.len() >= MAX_CONTENTS {
            return cx.caller().expel(Violation::new("too many contents"));
        }
        let (root, manager) = (self.root.clone(), cx.handle());
        let follower = self.followers.get_mut(&r#type);
        let extended = follower.map(|follower| (follower.make)(cx, content_id, root.clone()));
        let content = ContentFollower { id: content_id, extended, root, manager };
        let content = cx.add_while_connected(content);
        self.root.report_content(cx, content_id, ContentEvent::Added { kind: r#type });
        if let Err(error) = cx.caller().connect(format!("content.{content_id}"), content) {
            cx.remove(content);
            extended.map(|extended| cx.remove(extended.handle));
            let reason = error.to_string();
            self.root.report(cx, Event::NotSent { action: "connect a content", reason });
            return self.root.report_content(cx, content_id, ContentEvent::Removed);
        }
        self.contents.insert(content_id, content);
    }

    fn c_content_created(&mut self, cx: &mut Context<Self>, content_id: i64, cookie: i32) {
        let event = UploadEvent::ContentCreated { content: content_id };
        self.root.report(cx, Event::Upload { cookie, event });
    }

    fn c_content_creation_failed(&mut self, _: i32, _: i32) {}

    fn c_content_removed(&mut self, cx: &mut Context<Self>, content_id: i64) {
        self.remove(cx, content_id);
    }

    fn c_reserve_title_completed(
        &mut self,
        cx: &mut Context<Self>,
        status: TitleReservationStatus,
        cookie: i32,
        content_id: i64,
        owning_user_id: i64,
    ) {
        let is_reserved = status == TitleReservationStatus::ReservedForCreation;
        cx.tell(self.uploads, move |uploads, cx| {
            uploads.title_answered(cx, cookie, is_reserved);
        });
        let content = Some(content_id).filter(|id| *id != 0);
        let owner = Some(owning_user_id).filter(|id| *id != 0);
        let event = UploadEvent::TitleReservation { status, content, owner };
        self.root.report(cx, Event::Upload { cookie, event });
    }

    fn c_set_active_content(&mut self, cx: &mut Context<Self>, active_content_id: i64) {
        let id = Some(active_content_id).filter(|id| *id != 0);
        self.root.report(cx, Event::ActiveContent { id });
    }

    fn c_set_active_presenter(&mut self, cx: &mut Context<Self>, active_presenter_id: i64) {
        let id = Some(active_presenter_id).filter(|id| *id != 0);
        self.root.report(cx, Event::ActivePresenter { id });
    }

    fn c_title_released(&mut self, cx: &mut Context<Self>, cookie: i32) {
        self.root.report(cx, Event::Upload { cookie, event: UploadEvent::TitleReleased });
    }
}

/// Follows the state that contents of every type have.
#[distributed_object(serves = ContentClient, calls = ContentServer)]
pub(super) struct ContentFollower {
    id: i64,
    pub(super) extended: Option<Extended>,
    pub(super) root: Root,
    manager: Handle<ContentsFollower>,
}

/// Upper bound on a key, an initialization vector and a hash together. AES-256 and SHA-1 need 68
/// bytes. The bound leaves room for other algorithms.
pub(super) const MAX_KEY_BYTES: usize = 1024;

/// The object that follows the state of a content's type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extended {
    pub(super) handle: AnyHandle,
    /// Whether the object reports [`ContentEvent::ExtendedReady`] itself.
    pub(super) reports_ready: bool,
}

impl ContentFollower {
    fn report(&self, cx: &mut Context<Self>, event: ContentEvent) {
        self.root.report_content(cx, self.id, event);
    }
}

impl Lifecycle for ContentFollower {
    fn connected(&mut self, cx: &mut Context<Self>) {
        if let Some(Extended { handle, .. }) = self.extended
            && let Err(error) = cx.caller().connect("extendedContent", handle)
        {
            self.extended = None;
            let (action, reason) = ("follow a content", error.to_string());
            self.root.report(cx, Event::NotSent { action, reason });
        }
        if self.extended.is_none_or(|extended| !extended.reports_ready) {
            self.report(cx, ContentEvent::ExtendedReady);
        }
    }

    fn disconnected(&mut self, cx: &mut Context<Self>) {
        let id = self.id;
        cx.tell(self.manager, move |manager, cx| manager.remove(cx, id));
        self.extended.map(|extended| cx.remove(extended.handle));
    }
}

impl ContentClient for ContentFollower {
    fn c_connect_completed(&mut self, cx: &mut Context<Self>) {
        self.report(cx, ContentEvent::Ready);
    }

    fn c_force_sync(&mut self) {}

    fn c_set_creation_time(&mut self, cx: &mut Context<Self>, creation_time: String) {
        self.report(cx, ContentEvent::CreationTime { time: creation_time });
    }

    fn c_set_last_used_time(&mut self, cx: &mut Context<Self>, last_used_time: String) {
        self.report(cx, ContentEvent::LastUsedTime { time: last_used_time });
    }

    fn c_set_native_file_info(&mut self, cx: &mut Context<Self>, file: NativeFile) {
        if file.key.len() + file.iv.len() + file.hash.len() > MAX_KEY_BYTES {
            return cx.caller().expel(Violation::new("the key of a file is too long"));
        }
        self.report(cx, ContentEvent::NativeFile { file });
    }

    fn c_set_owner_id(&mut self, cx: &mut Context<Self>, id: i64) {
        self.report(cx, ContentEvent::Owner { owner: id });
    }

    fn c_set_present_info(&mut self, cx: &mut Context<Self>, presented: bool, presenter_id: i64) {
        let user = Some(presenter_id).filter(|id| *id != 0);
        self.report(cx, ContentEvent::Presented { presented, presenter: user });
    }

    fn c_set_presentation_order(&mut self, cx: &mut Context<Self>, presentation_order: i64) {
        self.report(cx, ContentEvent::PresentationOrder { order: presentation_order });
    }

    fn c_set_title(&mut self, cx: &mut Context<Self>, title: String) {
        self.report(cx, ContentEvent::Titled { title });
    }

    fn c_set_title_complete(
        &mut self,
        cx: &mut Context<Self>,
        status: SetTitleStatus,
        title: String,
    ) {
        self.report(cx, ContentEvent::TitleAnswered { title, status });
    }

    fn c_set_visibility(&mut self, cx: &mut Context<Self>, visibility: ContentVisibility) {
        self.report(cx, ContentEvent::Visibility { visibility });
    }

    fn c_set_original_file_url(&mut self, cx: &mut Context<Self>, original_file_url: String) {
        self.report(cx, ContentEvent::OriginalFileUrl { url: original_file_url });
    }

    fn c_set_viewing_url(&mut self, cx: &mut Context<Self>, viewing_url: String) {
        self.report(cx, ContentEvent::ViewingUrl { url: viewing_url });
    }

    fn c_set_recording_url(&mut self, cx: &mut Context<Self>, recording_url: String) {
        self.report(cx, ContentEvent::RecordingUrl { url: recording_url });
    }
}
