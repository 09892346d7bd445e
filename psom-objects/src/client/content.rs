use bytes::Bytes;
use psom::{Context, Handle, Lifecycle, distributed_object};

use super::{contents::ContentManager, event::Event, model::NativeFile, root::Root};
use crate::{
    interfaces::{self, ContentClient, NativeFileOnlyContentClient},
    types::{ContentVisibility, SetTitleStatus},
};

/// The type of a content that is a file to download.
const NATIVE_FILE_ONLY: &str = "Content.NativeFileOnly";

/// What all contents have.
#[distributed_object(
    serves = interfaces::ContentClient,
    calls = interfaces::ContentServer,
    connects = NativeFileOnlyContent
)]
pub(super) struct Content {
    id: i64,
    is_file: bool,
    pub(super) extended: Option<Handle<NativeFileOnlyContent>>,
    pub(super) root: Root,
    manager: Handle<ContentManager>,
}

impl Content {
    pub(super) fn new(id: i64, kind: &str, root: Root, manager: Handle<ContentManager>) -> Self {
        Self { id, is_file: kind == NATIVE_FILE_ONLY, extended: None, root, manager }
    }
}

impl Lifecycle for Content {
    fn connected(&mut self, cx: &mut Context<Self>) {
        // What is special about contents of other types is left alone.
        if !self.is_file {
            return;
        }
        let file = cx.add_while_connected(NativeFileOnlyContent { id: self.id, root: self.root });
        match cx.caller().connect("extendedContent", file) {
            Ok(()) => self.extended = Some(file),
            Err(error) => {
                cx.remove(file);
                let (action, reason) = ("connect a file", error.to_string());
                self.root.tell(cx, Event::NotSent { action, reason });
            }
        }
    }

    fn disconnected(&mut self, cx: &mut Context<Self>) {
        let id = self.id;
        let _ = cx.tell(self.manager, move |manager, cx| manager.forget(cx, id));
        self.extended.map(|extended| cx.remove(extended));
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

/// A content that is a file and nothing more.
#[distributed_object(
    serves = interfaces::NativeFileOnlyContentClient,
    calls = interfaces::NativeFileOnlyContentServer
)]
pub(super) struct NativeFileOnlyContent {
    id: i64,
    root: Root,
}

impl NativeFileOnlyContentClient for NativeFileOnlyContent {
    fn c_connect_completed(&mut self, cx: &mut Context<Self>) {
        self.root.tell(cx, Event::FileReady { id: self.id });
    }
}
