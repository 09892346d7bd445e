use std::collections::HashMap;

use bytes::Bytes;
use psom::{
    AnyHandle, Context, Handle, Lifecycle, ObjectDesc, Scope, Violation, distributed_object,
};

use super::{event::Event, model::meeting::NativeFile, root::Root, uploads::UploadManager};
use crate::{
    interfaces::{self, ContentClient, ContentManagerClient},
    types::{ContentVisibility, SetTitleStatus, TitleReservationStatus},
};

/// Connects each content that the server has for us.
#[distributed_object(
    serves = interfaces::ContentManagerClient,
    calls = interfaces::ContentManagerServer,
    connects = Content
)]
pub(super) struct ContentManager {
    #[child("uploadManager")]
    uploads: Handle<UploadManager>,
    contents: HashMap<i64, Handle<Content>>,
    followers: HashMap<String, Follower>,
    pub(super) root: Root,
    /// Whether the server has connected it.
    pub(super) is_connected: bool,
}

/// The most contents of a meeting that is followed.
pub(super) const MAX_CONTENTS: usize = 10_000;

/// What contents of one type are followed with.
struct Follower {
    object: ObjectDesc,
    follow: Follow,
}

/// Makes the object that follows a content of one type.
pub(super) type Follow = Box<dyn FnMut(&mut Scope, i64, Root) -> Extended + Send>;

impl ContentManager {
    pub(super) fn new(root: Root, uploads: Handle<UploadManager>) -> Self {
        Self {
            uploads,
            contents: HashMap::new(),
            followers: HashMap::new(),
            root,
            is_connected: false,
        }
    }

    pub(super) fn content(&self, id: i64) -> Option<Handle<Content>> {
        self.contents.get(&id).copied()
    }

    /// What follows contents of this type from now on.
    pub(super) fn follow(&mut self, kind: &str, object: ObjectDesc, follow: Follow) {
        self.followers.insert(kind.to_owned(), Follower { object, follow });
    }

    /// The object that contents of this type are followed with.
    pub(super) fn follower(&self, kind: &str) -> Option<ObjectDesc> {
        self.followers.get(kind).map(|follower| follower.object)
    }

    /// A content is not there any more: the server said so, or closed it.
    pub(super) fn forget(&mut self, cx: &mut Context<Self>, id: i64) {
        if let Some(content) = self.contents.remove(&id) {
            if let Ok(extended) = cx.get(content).map(|content| content.extended) {
                extended.map(|extended| cx.remove(extended.handle));
            }
            cx.remove(content);
            self.root.tell(cx, Event::ContentRemoved { id });
        }
    }
}

impl Lifecycle for ContentManager {
    fn connected(&mut self, _: &mut Context<Self>) {
        self.is_connected = true;
    }

    fn disconnected(&mut self, _: &mut Context<Self>) {
        self.is_connected = false;
    }
}

impl ContentManagerClient for ContentManager {
    fn c_content_added(&mut self, cx: &mut Context<Self>, content_id: i64, r#type: String) {
        if self.contents.contains_key(&content_id) {
            return;
        }
        if self.contents.len() >= MAX_CONTENTS {
            return cx.caller().expel(Violation::new("too many contents"));
        }
        let (root, manager) = (self.root.clone(), cx.handle());
        let follow = self.followers.get_mut(&r#type);
        let extended = follow.map(|follower| (follower.follow)(cx, content_id, root.clone()));
        let content = Content { id: content_id, extended, root, manager };
        let content = cx.add_while_connected(content);
        self.root.tell(cx, Event::ContentAdded { id: content_id, kind: r#type });
        if let Err(error) = cx.caller().connect(&format!("content.{content_id}"), content) {
            cx.remove(content);
            extended.map(|extended| cx.remove(extended.handle));
            let reason = error.to_string();
            self.root.tell(cx, Event::NotSent { action: "connect a content", reason });
            return self.root.tell(cx, Event::ContentRemoved { id: content_id });
        }
        self.contents.insert(content_id, content);
    }

    fn c_content_created(&mut self, cx: &mut Context<Self>, content_id: i64, cookie: i32) {
        self.root.tell(cx, Event::ContentCreated { id: content_id, cookie });
    }

    fn c_content_creation_failed(&mut self, _: i32, _: i32) {}

    fn c_content_removed(&mut self, cx: &mut Context<Self>, content_id: i64) {
        self.forget(cx, content_id);
    }

    fn c_reserve_title_completed(
        &mut self,
        cx: &mut Context<Self>,
        status: TitleReservationStatus,
        cookie: i32,
        content_id: i64,
        owning_user_id: i64,
    ) {
        let reserved = status == TitleReservationStatus::ReservedForCreation;
        cx.tell(self.uploads, move |uploads, cx| uploads.titled(cx, cookie, reserved));
        let content = Some(content_id).filter(|id| *id != 0);
        let owner = Some(owning_user_id).filter(|id| *id != 0);
        self.root.tell(cx, Event::TitleReservation { cookie, status, content, owner });
    }

    fn c_set_active_content(&mut self, cx: &mut Context<Self>, active_content_id: i64) {
        let id = Some(active_content_id).filter(|id| *id != 0);
        self.root.tell(cx, Event::ActiveContent { id });
    }

    fn c_set_active_presenter(&mut self, cx: &mut Context<Self>, active_presenter_id: i64) {
        let id = Some(active_presenter_id).filter(|id| *id != 0);
        self.root.tell(cx, Event::ActivePresenter { id });
    }

    fn c_title_released(&mut self, cx: &mut Context<Self>, cookie: i32) {
        self.root.tell(cx, Event::TitleReleased { cookie });
    }
}

/// What all contents have.
#[distributed_object(serves = interfaces::ContentClient, calls = interfaces::ContentServer)]
pub(super) struct Content {
    pub(super) id: i64,
    pub(super) extended: Option<Extended>,
    pub(super) root: Root,
    pub(super) manager: Handle<ContentManager>,
}

/// The most bytes of a key, an initialization vector and a hash together.
pub(super) const MAX_KEY: usize = 1024;

/// The object that follows what is special about a content's type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extended {
    pub(super) handle: AnyHandle,
    /// Whether it says itself when it knows everything.
    pub(super) tells: bool,
}

impl Lifecycle for Content {
    fn connected(&mut self, cx: &mut Context<Self>) {
        if let Some(Extended { handle, .. }) = self.extended
            && let Err(error) = cx.caller().connect("extendedContent", handle)
        {
            self.extended = None;
            let (action, reason) = ("follow a content", error.to_string());
            self.root.tell(cx, Event::NotSent { action, reason });
        }
        if self.extended.is_none_or(|extended| !extended.tells) {
            self.root.tell(cx, Event::ExtendedReady { id: self.id });
        }
    }

    fn disconnected(&mut self, cx: &mut Context<Self>) {
        let id = self.id;
        cx.tell(self.manager, move |manager, cx| manager.forget(cx, id));
        self.extended.map(|extended| cx.remove(extended.handle));
    }
}

impl ContentClient for Content {
    fn c_connect_completed(&mut self, cx: &mut Context<Self>) {
        self.root.tell(cx, Event::ContentReady { id: self.id });
    }

    fn c_force_sync(&mut self) {}

    fn c_set_creation_time(&mut self, cx: &mut Context<Self>, creation_time: String) {
        self.root.tell(cx, Event::CreationTime { id: self.id, time: creation_time });
    }

    fn c_set_last_used_time(&mut self, cx: &mut Context<Self>, last_used_time: String) {
        self.root.tell(cx, Event::LastUsedTime { id: self.id, time: last_used_time });
    }

    fn c_set_native_file_info(
        &mut self,
        cx: &mut Context<Self>,
        file_name: String,
        key: Bytes,
        iv: Bytes,
        hash: Bytes,
        file_size: i64,
    ) {
        // AES-256 and SHA-1 have 68 together; what is larger is no key of any kind.
        if key.len() + iv.len() + hash.len() > MAX_KEY {
            return cx.caller().expel(Violation::new("the key of a file is too long"));
        }
        let file = NativeFile { name: file_name, key, iv, hash, size: file_size };
        self.root.tell(cx, Event::NativeFile { id: self.id, file });
    }

    fn c_set_owner_id(&mut self, cx: &mut Context<Self>, id: i64) {
        self.root.tell(cx, Event::Owner { id: self.id, owner: id });
    }

    fn c_set_present_info(&mut self, cx: &mut Context<Self>, presented: bool, presenter_id: i64) {
        let presenter = Some(presenter_id).filter(|id| *id != 0);
        self.root.tell(cx, Event::Presented { id: self.id, presented, presenter });
    }

    fn c_set_presentation_order(&mut self, cx: &mut Context<Self>, presentation_order: i64) {
        self.root.tell(cx, Event::PresentationOrder { id: self.id, order: presentation_order });
    }

    fn c_set_title(&mut self, cx: &mut Context<Self>, title: String) {
        self.root.tell(cx, Event::Titled { id: self.id, title });
    }

    fn c_set_title_complete(
        &mut self,
        cx: &mut Context<Self>,
        status: SetTitleStatus,
        title: String,
    ) {
        self.root.tell(cx, Event::TitleAnswered { id: self.id, status, title });
    }

    fn c_set_visibility(&mut self, cx: &mut Context<Self>, visibility: ContentVisibility) {
        self.root.tell(cx, Event::Visibility { id: self.id, visibility });
    }

    fn c_set_original_file_url(&mut self, cx: &mut Context<Self>, original_file_url: String) {
        self.root.tell(cx, Event::OriginalFileUrl { id: self.id, url: original_file_url });
    }

    fn c_set_viewing_url(&mut self, cx: &mut Context<Self>, viewing_url: String) {
        self.root.tell(cx, Event::ViewingUrl { id: self.id, url: viewing_url });
    }

    fn c_set_recording_url(&mut self, cx: &mut Context<Self>, recording_url: String) {
        self.root.tell(cx, Event::RecordingUrl { id: self.id, url: recording_url });
    }
}
