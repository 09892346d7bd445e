use psom::{Context, Durable, DurableState, Lifecycle, Scope, Violation, distributed_object};
use serde::{Deserialize, Serialize};

use crate::{
    interfaces::{SharedNotesContentClient, SharedNotesContentServer},
    package::{ContentDetail, SharedNotesDetail},
    server::{
        content_type::{ContentType, NewContent, OldContent, Refusal},
        context::MeetingContext,
        durable,
    },
    texts::changes_direction,
};

/// The only defined error code: an unknown error (section 3.3.4.1.12.1).
const UNKNOWN_ERROR: i32 = 1;

/// The key of the saved state.
const NOTES: &str = "notes";

/// The extended content of shared notes (section 3.3.4.1.12): the titles of the page, and the error
/// that a user reported.
///
/// The URL of the page becomes the content's viewing URL. It also becomes the URL of the original
/// file if the manifest has none.
#[distributed_object(serves = SharedNotesContentServer, calls = SharedNotesContentClient)]
pub struct SharedNotesContent {
    state: Durable<NotesState>,
    meeting: MeetingContext,
    owner: i64,
}

/// The durable state of shared notes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NotesState {
    notes_id: String,
    notebook_title: String,
    section_title: String,
    page_title: String,
    error: Option<i32>,
}

/// A change of shared notes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum NotesChange {
    /// A user reported an error.
    Failed(i32),
}

impl ContentType for SharedNotesContent {
    const NAME: &'static str = "Content.SharedNotes";

    fn create(scope: &mut Scope, new: NewContent<'_>) -> Result<Self, Refusal> {
        let ContentDetail::SharedNotes(SharedNotesDetail {
            notes_url,
            notes_id,
            notebook_title,
            section_title,
            page_title,
        }) = new.detail
        else {
            return Err(Refusal::malformed("the manifest of shared notes has no page"));
        };
        let texts = [&notes_url, &notes_id, &notebook_title, &section_title, &page_title];
        for text in texts.into_iter().flatten() {
            if !psom::wire::fits_in_string(text) {
                return Err(Refusal::malformed("a text of the notes is too long for a call"));
            }
            if text.chars().any(char::is_control) {
                return Err(Refusal::malformed("a text of the notes has control characters"));
            }
            if text.chars().any(changes_direction) {
                let why = "a text of the notes has characters that change the direction of text";
                return Err(Refusal::malformed(why));
            }
        }
        if let Some(url) = notes_url.filter(|url| !url.is_empty()) {
            if new.original_file_url.is_none() {
                new.content.set_original_file_url(scope, url.clone());
            }
            new.content.set_viewing_url(scope, url);
        }
        let state = NotesState {
            notes_id: notes_id.unwrap_or_default(),
            notebook_title: notebook_title.unwrap_or_default(),
            section_title: section_title.unwrap_or_default(),
            page_title: page_title.unwrap_or_default(),
            error: None,
        };
        let state = new.memory.create(scope, state);
        Ok(Self { state, meeting: new.meeting, owner: new.owner })
    }

    fn restore(_: &mut Scope, old: OldContent<'_>) -> Result<Self, Refusal> {
        let state = old.memory.restored(old.saved.required(NOTES)?);
        Ok(Self { state, meeting: old.meeting, owner: old.owner })
    }
}

impl DurableState for NotesState {
    type Change = NotesChange;
    type Key = &'static str;
    type Effect = ();

    fn apply(&mut self, change: NotesChange, touched: &mut Vec<&'static str>) {
        match change {
            NotesChange::Failed(code) => self.error = Some(code),
        }
        touched.push(NOTES);
    }

    fn keys(&self) -> Vec<&'static str> {
        vec![NOTES]
    }

    fn value(&self, _: &&'static str) -> Option<String> {
        Some(durable::json(self))
    }
}

#[cfg(feature = "offline")]
impl SharedNotesContent {
    /// Reports an error like `sSetErrorCode`. Returns whether the page has the error now.
    pub(in crate::server) fn report_recorded(&mut self, cx: &mut Context<Self>) -> bool {
        self.s_set_error_code(cx, UNKNOWN_ERROR).is_ok() && self.state.error == Some(UNKNOWN_ERROR)
    }
}

impl SharedNotesContentServer for SharedNotesContent {
    /// Saves an error and announces it to all users. Only the owner and moderators may report one,
    /// because it is permanent. A refused caller gets no answer: the only possible answer, the call
    /// `cSetErrorCode`, would announce an error.
    fn s_set_error_code(&mut self, cx: &mut Context<Self>, code: i32) -> Result<(), Violation> {
        if code != UNKNOWN_ERROR {
            return Err(Violation::new("sSetErrorCode with a code other than 1"));
        }
        let user = cx.caller().user().id;
        let moderates = self.meeting.policy().may_moderate(self.meeting.role(cx, user));
        if !moderates && user != self.owner {
            tracing::debug!(user, "refused an error of shared notes");
        } else if self.state.error != Some(code) {
            self.state.change(cx, NotesChange::Failed(code));
            cx.peers().c_set_error_code(code);
        }
        Ok(())
    }
}

impl Lifecycle for SharedNotesContent {
    fn connected(&mut self, cx: &mut Context<Self>) {
        let NotesState { notes_id, notebook_title, section_title, page_title, error } =
            &*self.state;
        let caller = cx.caller();
        caller.c_set_notes_id(notes_id);
        caller.c_set_notes_titles(notebook_title, section_title, page_title);
        if let Some(code) = error {
            caller.c_set_error_code(*code);
        }
        caller.c_connect_completed();
    }
}

impl std::fmt::Debug for SharedNotesContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedNotesContent").field("state", &self.state).finish_non_exhaustive()
    }
}
