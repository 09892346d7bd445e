use psom::{Context, Violation, distributed_object, error::Misuse};

use super::{
    event::Event,
    json::Object,
    model::set,
    root::{Conference, Root},
};
use crate::interfaces::{self, SharedNotesContentClient};

/// A page of shared notes (section 3.2.4.1.12). Where it is, the content's `viewing_url` and
/// `original_file_url` say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notes {
    /// The page's identifier.
    pub id: String,
    /// The title of the notebook.
    pub notebook: String,
    /// The title of the section.
    pub section: String,
    /// The title of the page.
    pub page: String,
    /// That something is wrong with the notes; 1, unknown, is the only error there is.
    pub error: Option<i32>,
}

/// Something has changed with shared notes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are those of the model, by the same names")]
pub enum NotesEvent {
    /// The page's identifier.
    Id { id: String },
    /// What the notebook, its section and the page are called.
    Titles { notebook: String, section: String, page: String },
    /// Something is wrong with the notes.
    Error { code: i32 },
}

impl Notes {
    /// Follows a change, and says whether anything was otherwise before.
    pub fn apply(&mut self, event: &NotesEvent) -> bool {
        match event {
            NotesEvent::Id { id } => set(&mut self.id, id.clone()),
            NotesEvent::Titles { notebook, section, page } => {
                set(&mut self.notebook, notebook.clone())
                    | set(&mut self.section, section.clone())
                    | set(&mut self.page, page.clone())
            }
            NotesEvent::Error { code } => set(&mut self.error, Some(*code)),
        }
    }
}

impl NotesEvent {
    /// The event's name in JSON.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Id { .. } => "notesId",
            Self::Titles { .. } => "notesTitles",
            Self::Error { .. } => "notesError",
        }
    }

    pub(super) fn fields(&self, json: Object) -> Object {
        match self {
            Self::Id { id } => json.text("id", id),
            Self::Titles { notebook, section, page } => {
                json.text("notebook", notebook).text("section", section).text("page", page)
            }
            Self::Error { code } => json.number("code", *code),
        }
    }

    /// The event as one line; `it` is the content.
    pub(super) fn line(&self, it: &str) -> String {
        match self {
            Self::Id { id } => format!("The notes of {it} are \"{id}\"."),
            Self::Titles { notebook, section, page } => {
                format!("{it} is page \"{page}\", section \"{section}\", notebook \"{notebook}\".")
            }
            Self::Error { code } => format!("Something is wrong with {it} (error {code})."),
        }
    }
}

/// The only error that there is (section 3.2.4.1.12.1).
const UNKNOWN_ERROR: i32 = 1;

/// Follows shared notes.
#[distributed_object(
    serves = interfaces::SharedNotesContentClient,
    calls = interfaces::SharedNotesContentServer
)]
pub(super) struct SharedNotesContent {
    id: i64,
    root: Root,
}

impl SharedNotesContent {
    pub(super) fn new(id: i64, root: Root) -> Self {
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

/// # Shared notes
impl Conference {
    /// Tells everybody that something is wrong with the notes. The answer is
    /// [`NotesEvent::Error`], unless the server does not take it from this user.
    pub fn report_notes_error(&mut self, cx: &mut Context<Self>, id: i64) -> Result<(), Misuse> {
        self.on_extended::<SharedNotesContent>(cx, id, |notes, cx| {
            let sent = cx.peers().s_set_error_code(UNKNOWN_ERROR);
            notes.root.check(cx, "report an error of notes", sent);
        })
    }
}
