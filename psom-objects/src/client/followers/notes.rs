use psom::{Context, Violation, distributed_object};

use crate::{
    client::{event::Event, model::notes::NotesEvent, root::Root},
    interfaces::{self, SharedNotesContentClient},
};

/// The only error that there is (section 3.2.4.1.12.1).
pub(in crate::client) const UNKNOWN_ERROR: i32 = 1;

/// Follows shared notes.
#[distributed_object(
    serves = interfaces::SharedNotesContentClient,
    calls = interfaces::SharedNotesContentServer
)]
pub(in crate::client) struct SharedNotesContent {
    id: i64,
    pub(in crate::client) root: Root,
}

impl SharedNotesContent {
    pub(in crate::client) fn new(id: i64, root: Root) -> Self {
        Self { id, root }
    }

    fn tell(&self, cx: &mut Context<Self>, event: NotesEvent) {
        self.root.tell(cx, Event::Notes { id: self.id, event });
    }
}

impl SharedNotesContentClient for SharedNotesContent {
    fn c_connect_completed(&mut self, cx: &mut Context<Self>) {
        self.root.tell(cx, Event::ExtendedReady { id: self.id });
    }

    fn c_set_notes_id(&mut self, cx: &mut Context<Self>, notes_id: String) {
        self.tell(cx, NotesEvent::Id { id: notes_id });
    }

    fn c_set_notes_titles(
        &mut self,
        cx: &mut Context<Self>,
        notebook: String,
        section: String,
        page: String,
    ) {
        self.tell(cx, NotesEvent::Titles { notebook, section, page });
    }

    fn c_set_error_code(&mut self, cx: &mut Context<Self>, code: i32) {
        if code != UNKNOWN_ERROR {
            let why = "cSetErrorCode with a code other than 1";
            return cx.caller().expel(Violation::new(why));
        }
        self.tell(cx, NotesEvent::Error { code });
    }
}
