use serde::Serialize;

use super::set::set;

/// A page of shared notes (section 3.2.4.1.12). The content's `viewing_url` and `original_file_url`
/// are the URLs of the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotesModel {
    /// The page's identifier.
    pub id: String,
    /// The title of the notebook.
    pub notebook: String,
    /// The title of the section.
    pub section: String,
    /// The title of the page.
    pub page: String,
    /// The error that was reported for the page. The only defined value is 1, unknown.
    pub error: Option<i32>,
}

/// A change of shared notes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields have the names and the meaning of the model's")]
pub enum NotesEvent {
    /// The page's identifier.
    #[serde(rename = "notesId")]
    Id { id: String },
    /// The titles of the notebook, the section and the page.
    #[serde(rename = "notesTitles")]
    Titles { notebook: String, section: String, page: String },
    /// An error was reported for the page.
    #[serde(rename = "notesError")]
    Error { code: i32 },
}

impl NotesModel {
    /// Applies an event. Returns whether it changed the model.
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
    /// Returns the approximate number of bytes that the event owns.
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Id { id } => id.len(),
            Self::Titles { notebook, section, page } => notebook.len() + section.len() + page.len(),
            Self::Error { .. } => 0,
        }
    }
}
