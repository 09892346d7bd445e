use psom::{Context, Violation, distributed_object};

use crate::{
    client::{
        model::{content::ContentEvent, notes::NotesEvent},
        root::Root,
    },
    interfaces::{SharedNotesContentClient, SharedNotesContentServer},
};

/// The only error code that is defined (section 3.2.4.1.12.1).
pub(in crate::client) const UNKNOWN_ERROR: i32 = 1;

/// Follows shared notes.
#[distributed_object(
    serves = SharedNotesContentClient,
    calls = SharedNotesContentServer
)]
pub(in crate::client) struct NotesFollower {
    id: i64,
    pub(in crate::client) root: Root,
}

impl NotesFollower {
    pub(in crate::client) fn new(id: i64, root: Root) -> Self {
        Self { id, root }
    }

    fn report(&self, cx: &mut Context<Self>, event: NotesEvent) {
        self.root.report_content(cx, self.id, ContentEvent::Notes(event));
    }
}

impl SharedNotesContentClient for NotesFollower {
    fn c_connect_completed(&mut self, cx: &mut Context<Self>) {
        self.root.report_content(cx, self.id, ContentEvent::ExtendedReady);
    }

    fn c_set_notes_id(&mut self, cx: &mut Context<Self>, notes_id: String) {
        self.report(cx, NotesEvent::Id { id: notes_id });
    }

    fn c_set_notes_titles(
        &mut self,
        cx: &mut Context<Self>,
        notebook: String,
        section: String,
        page: String,
    ) {
        self.report(cx, NotesEvent::Titles { notebook, section, page });
    }

    fn c_set_error_code(&mut self, cx: &mut Context<Self>, code: i32) {
        if code != UNKNOWN_ERROR {
            let why = "cSetErrorCode with an undefined code";
            return cx.caller().expel(Violation::new(why));
        }
        self.report(cx, NotesEvent::Error { code });
    }
}
