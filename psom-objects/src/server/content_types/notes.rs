use psom::{Context, Lifecycle, Scope, Violation, distributed_object};
use serde::{Deserialize, Serialize};

use crate::{
    interfaces::{
        SharedNotesContentClientProxy, SharedNotesContentServer, SharedNotesContentServerProxy,
    },
    package::{ContentDetail, SharedNotesDetail},
    server::{
        content_type::{ContentType, Memory, NewContent, OldContent, Refusal},
        context::MeetingContext,
    },
    texts::changes_direction,
};

/// The only error that there is: unknown (section 3.3.4.1.12.1).
const UNKNOWN_ERROR: i32 = 1;

/// The extended content of shared notes (section 3.3.4.1.12): what the page is called, and whether
/// somebody had trouble with it.
///
/// Where the page is goes to the content: it is where that can be viewed, and its original where
/// the manifest names no other.
#[distributed_object(serves = SharedNotesContentServer, calls = SharedNotesContentClient)]
pub struct SharedNotesContent {
    state: NotesState,
    meeting: MeetingContext,
    memory: Memory,
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
    /// Somebody has told of an error.
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
            return Err(Refusal::malformed("there is no page of notes"));
        };
        let texts = [&notes_url, &notes_id, &notebook_title, &section_title, &page_title];
        for text in texts.into_iter().flatten() {
            if !psom::wire::fits_in_string(text) {
                return Err(Refusal::malformed("a text of the notes is too long to be told"));
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
        new.memory.keep(scope, "notes", &state);
        Ok(Self { state, meeting: new.meeting, memory: new.memory, owner: new.owner })
    }

    fn restore(_: &mut Scope, old: OldContent<'_>) -> Result<Self, Refusal> {
        let state = old.saved.required("notes")?;
        Ok(Self { state, meeting: old.meeting, memory: old.memory, owner: old.owner })
    }
}

impl SharedNotesContent {
    fn change(&mut self, cx: &mut Context<Self>, change: &NotesChange) {
        match change {
            NotesChange::Failed(code) => self.state.error = Some(*code),
        }
        self.memory.keep(cx, "notes", &self.state);
    }
}

impl SharedNotesContentServer for SharedNotesContent {
    /// Told again, an error is no news. Everybody would be told it for good, so it has to come from
    /// somebody who answers for the notes; whoever does not gets no answer, since the only one that
    /// there is would say that there is an error.
    fn s_set_error_code(&mut self, cx: &mut Context<Self>, code: i32) -> Result<(), Violation> {
        if code != UNKNOWN_ERROR {
            return Err(Violation::new("sSetErrorCode with a code other than 1"));
        }
        let user = cx.caller().user().id;
        let may = self.meeting.policy().may_moderate(self.meeting.role(cx, user));
        if !may && user != self.owner {
            tracing::debug!(user, "Did not take an error of notes");
        } else if self.state.error != Some(code) {
            self.change(cx, &NotesChange::Failed(code));
            cx.peers().c_set_error_code(code);
        }
        Ok(())
    }
}

impl Lifecycle for SharedNotesContent {
    fn connected(&mut self, cx: &mut Context<Self>) {
        let NotesState { notes_id, notebook_title, section_title, page_title, error } = &self.state;
        let mut caller = cx.caller();
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
