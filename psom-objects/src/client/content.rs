use bytes::Bytes;
use psom::{AnyHandle, Context, Handle, Lifecycle, Violation, distributed_object};

use super::{contents::ContentManager, event::Event, model::NativeFile, root::Root};
use crate::{
    interfaces::{self, ContentClient},
    types::{ContentVisibility, SetTitleStatus},
};

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
        let _ = cx.tell(self.manager, move |manager, cx| manager.forget(cx, id));
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
