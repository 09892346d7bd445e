use std::collections::HashMap;

use psom::{Context, Handle, Lifecycle, ObjectDesc, Scope, Violation, distributed_object};

use super::{
    content::{Content, Extended},
    event::Event,
    root::Root,
    uploads::UploadManager,
};
use crate::{
    interfaces::{self, ContentManagerClient},
    types::TitleReservationStatus,
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
    pub(super) fn new(uploads: Handle<UploadManager>) -> Self {
        Self {
            uploads,
            contents: HashMap::new(),
            followers: HashMap::new(),
            root: Root::default(),
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
        let (root, manager) = (self.root, cx.handle());
        let follow = self.followers.get_mut(&r#type);
        let extended = follow.map(|follower| (follower.follow)(cx, content_id, root));
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
        let _ = cx.tell(self.uploads, move |uploads, cx| uploads.titled(cx, cookie, reserved));
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
