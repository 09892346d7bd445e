use super::set::set;
use crate::client::json::Object;

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
    pub(in crate::client) fn name(&self) -> &'static str {
        match self {
            Self::Id { .. } => "notesId",
            Self::Titles { .. } => "notesTitles",
            Self::Error { .. } => "notesError",
        }
    }

    pub(in crate::client) fn fields(&self, json: Object) -> Object {
        match self {
            Self::Id { id } => json.text("id", id),
            Self::Titles { notebook, section, page } => {
                json.text("notebook", notebook).text("section", section).text("page", page)
            }
            Self::Error { code } => json.number("code", *code),
        }
    }

    /// The event as one line; `it` is the content.
    pub(in crate::client) fn line(&self, it: &str) -> String {
        match self {
            Self::Id { id } => format!("The notes of {it} are \"{id}\"."),
            Self::Titles { notebook, section, page } => {
                format!("{it} is page \"{page}\", section \"{section}\", notebook \"{notebook}\".")
            }
            Self::Error { code } => format!("Something is wrong with {it} (error {code})."),
        }
    }
}
