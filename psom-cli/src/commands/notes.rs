use clap::{Args, Subcommand};
#[cfg(feature = "queue")]
use psom_objects::package::{ContentDetail, CreateContent};
use psom_objects::{client::Upload, package::SharedNotesDetail};

#[cfg(feature = "queue")]
use super::recordable::{self, Actions, Recordable, recorded};
use crate::{
    error::{CommandError, OrCannot as _, Result},
    meeting::{
        finding::Creation,
        session::{LinkArgs, Meeting},
        texts,
    },
    terminal::out,
};

/// Share a page of notes
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom notes LINK create Minutes --url https://notes.example.com/minutes --page \"May 2\"
  psom notes LINK show Minutes
  psom notes LINK error Minutes

The page itself is not uploaded: participants get its address. Organizers and presenters share
notes. They and the page's owner may report an error of the page.")]
pub(crate) struct NotesCommand {
    #[command(flatten)]
    link: LinkArgs,
    #[command(subcommand)]
    action: NotesAction,
}

#[derive(Debug, Clone, Subcommand)]
enum NotesAction {
    /// Share a page
    Create {
        /// The content's title, without any of \ / : * ? " < > |.
        title: String,
        /// The address of the page.
        #[arg(long)]
        url: String,
        /// The page's identifier.
        #[arg(long)]
        id: Option<String>,
        /// The title of the notebook.
        #[arg(long)]
        notebook: Option<String>,
        /// The title of the section.
        #[arg(long)]
        section: Option<String>,
        /// The title of the page.
        #[arg(long)]
        page: Option<String>,
    },
    /// Print the address, the notebook, the section and the title of a page
    Show {
        /// The content's title.
        title: String,
    },
    /// Report to everybody that the page has an error
    Error {
        /// The content's title.
        title: String,
    },
}

impl NotesAction {
    /// Rejects texts that the server would refuse without a reason, and escapes spaces in an address.
    fn checked(mut self) -> Result<Self> {
        if let Self::Create { title, url, id, notebook, section, page } = &mut self {
            *url = without_spaces(url);
            check_url(url)?;
            for (what, text) in [
                ("the title", Some(&*title)),
                ("the address", Some(&*url)),
                ("the identifier", id.as_ref()),
                ("the notebook", notebook.as_ref()),
                ("the section", section.as_ref()),
                ("the page", page.as_ref()),
            ] {
                texts::check_line(what, text.map_or("", String::as_str))?;
            }
        }
        Ok(self)
    }
}

impl NotesCommand {
    pub(crate) async fn run(self) -> Result {
        let action = self.action.checked()?;
        let mut creation = Creation::default();
        let run = async |meeting: &mut Meeting| match action.clone() {
            NotesAction::Create { title, url, id, notebook, section, page } => {
                let notes = SharedNotesDetail {
                    notes_url: Some(url),
                    notes_id: id,
                    notebook_title: notebook,
                    section_title: section,
                    page_title: page,
                };
                if creation.earlier(meeting, "Content.SharedNotes", &title).await?.is_none() {
                    let upload = Upload::notes(&title, notes).or_cannot("pack the notes")?;
                    meeting.upload(upload).await?;
                }
                out::line(format_args!("Shared \"{}\".", out::printable(&title)))
            }
            NotesAction::Show { title } => show(meeting, &title).await,
            NotesAction::Error { title } => report(meeting, &title).await,
        };
        self.link.in_meeting(run).await
    }
}

/// Removes spaces around an address, and escapes those within. An address has none (RFC 3986), but people
/// copy addresses that have some.
fn without_spaces(url: &str) -> String {
    let mut escaped = String::new();
    for c in url.trim().chars() {
        if c.is_whitespace() && !c.is_control() {
            for byte in c.to_string().bytes() {
                escaped.push_str(&format!("%{byte:02X}"));
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Rejects an address without a scheme, which cannot be opened.
fn check_url(url: &str) -> Result {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    if is_scheme && scheme.chars().all(is_part) && !rest.is_empty() {
        return Ok(());
    }
    Err(CommandError::new(format!(
        "\"{url}\" is not an address; write one like https://notes.example.com/minutes"
    )))
}

fn not_notes(title: &str) -> CommandError {
    CommandError::new(format!("\"{title}\" is not a page of notes; see `psom list`"))
}

async fn show(meeting: &Meeting, title: &str) -> Result {
    let (_, content) = meeting.content(title).await?;
    let notes = content.notes.ok_or_else(|| not_notes(title))?;
    let url = content.viewing_url.or(content.original_file_url).unwrap_or_default();
    for (name, value) in [
        ("url", url),
        ("id", notes.id),
        ("notebook", notes.notebook),
        ("section", notes.section),
        ("page", notes.page),
    ] {
        if !value.is_empty() {
            out::line(format_args!("{name:<9} {}", out::printable(&value)))?;
        }
    }
    if notes.error.is_some() { out::line("An error was reported for the page.") } else { Ok(()) }
}

async fn report(meeting: &mut Meeting, title: &str) -> Result {
    let (id, content) = meeting.content(title).await?;
    content.notes.ok_or_else(|| not_notes(title))?;
    meeting.act(move |conference, cx| conference.report_notes_error(cx, id)).await?;
    meeting.settle().await?;
    let notes = meeting.content_by_id(id).await?.and_then(|content| content.notes);
    if notes.is_some_and(|notes| notes.error.is_none()) {
        let why = "you may not report errors of this page; join as a presenter";
        return Err(CommandError::new(why));
    }
    let title = out::printable(title);
    out::line(format_args!("Reported an error of \"{title}\" to everybody."))
}

#[cfg(feature = "queue")]
impl Recordable for NotesCommand {
    fn record(&self, actions: &mut Actions) -> Result {
        match self.action.clone().checked()? {
            NotesAction::Create { title, url, id, notebook, section, page } => {
                let notes = SharedNotesDetail {
                    notes_url: Some(url),
                    notes_id: id,
                    notebook_title: notebook,
                    section_title: section,
                    page_title: page,
                };
                let content = CreateContent::new(title, ContentDetail::SharedNotes(notes));
                recordable::create(actions, content)
            }
            NotesAction::Error { title } => recorded(actions.s_report_notes_error(&title)),
            NotesAction::Show { .. } => Err(recordable::changes_nothing()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::without_spaces;

    #[test]
    fn spaces_in_addresses_are_escaped() {
        for (url, expected) in [
            ("https://a.example/My notes", "https://a.example/My%20notes"),
            (" https://a.example/x\n", "https://a.example/x"),
            ("https://a.example/a\u{a0}b", "https://a.example/a%C2%A0b"),
            ("https://a.example/a%20b", "https://a.example/a%20b"),
            ("https://a.example/a\tb", "https://a.example/a\tb"),
        ] {
            assert_eq!(without_spaces(url), expected);
        }
    }
}
