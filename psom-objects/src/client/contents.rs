use std::collections::HashMap;

use psom::{Context, Handle, distributed_object};

use super::{content::Content, event::Event, root::Root, uploads::UploadManager};
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
    pub(super) root: Root,
}

impl ContentManager {
    pub(super) fn new(uploads: Handle<UploadManager>) -> Self {
        Self { uploads, contents: HashMap::new(), root: Root::default() }
    }

    pub(super) fn content(&self, id: i64) -> Option<Handle<Content>> {
        self.contents.get(&id).copied()
    }

    /// A content is not there any more: the server said so, or closed it.
    pub(super) fn forget(&mut self, cx: &mut Context<Self>, id: i64) {
        if let Some(content) = self.contents.remove(&id) {
            if let Ok(extended) = cx.get(content).map(|content| content.extended) {
                extended.map(|extended| cx.remove(extended));
            }
            cx.remove(content);
            self.root.tell(cx, Event::ContentRemoved { id });
        }
    }
}

impl ContentManagerClient for ContentManager {
    fn c_content_added(&mut self, cx: &mut Context<Self>, content_id: i64, r#type: String) {
        if self.contents.contains_key(&content_id) {
            return;
        }
        let content = Content::new(content_id, &r#type, self.root, cx.handle());
        let content = cx.add_while_connected(content);
        self.root.tell(cx, Event::ContentAdded { id: content_id, kind: r#type });
        if let Err(error) = cx.caller().connect(&format!("content.{content_id}"), content) {
            cx.remove(content);
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
