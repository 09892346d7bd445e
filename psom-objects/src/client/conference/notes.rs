use psom::{CallError, Context};

use super::Conference;
use crate::client::followers::notes::{NotesFollower, UNKNOWN_ERROR};

/// # Shared notes
impl Conference {
    /// Reports an error of the notes to everybody. The answer is
    /// [`NotesEvent::Error`](crate::client::NotesEvent::Error), unless the server does not accept
    /// the report from this user.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn report_notes_error(&mut self, cx: &mut Context<Self>, id: i64) -> Result<(), CallError> {
        self.on_extended::<NotesFollower>(cx, id, |notes, cx| {
            let sent = cx.peers().s_set_error_code(UNKNOWN_ERROR);
            notes.root.check(cx, "report an error of notes", sent);
        })
    }
}
