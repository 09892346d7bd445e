use clap::{Args, Subcommand};
use psom_objects::{client::Parcel, package::SharedNotesDetail};

use crate::{
    failure::{Failure, Result},
    joined::{Joined, LinkArgs},
    out, texts,
};

/// Share a page of notes
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom notes LINK create Minutes --url https://notes.example.com/minutes --page \"May 2\"
  psom notes LINK show Minutes
  psom notes LINK error Minutes

The page itself stays where it is: participants are told its address. Organizers and presenters
share notes, and they and the page's owner say that something is wrong with it.")]
pub struct Notes {
    #[command(flatten)]
    link: LinkArgs,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Share a page
    Create {
        /// The content's title.
        title: String,
        /// Where the page is.
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
    /// Print what is known of a page
    Show {
        /// The content's title.
        title: String,
    },
    /// Tell everybody that something is wrong with a page
    Error {
        /// The content's title.
        title: String,
    },
}

impl Notes {
    pub async fn run(self) -> Result {
        if let Action::Create { title, url, id, notebook, section, page } = &self.action {
            check(url)?;
            let given = |text: &Option<String>| text.clone().unwrap_or_default();
            for (what, text) in [
                ("the title", title.clone()),
                ("the address", url.clone()),
                ("the identifier", given(id)),
                ("the notebook", given(notebook)),
                ("the section", given(section)),
                ("the page", given(page)),
            ] {
                texts::check_line(what, &text)?;
            }
        }
        let mut joined = self.link.join().await?;
        match self.action {
            Action::Create { title, url, id, notebook, section, page } => {
                let notes = SharedNotesDetail {
                    notes_url: Some(url),
                    notes_id: id,
                    notebook_title: notebook,
                    section_title: section,
                    page_title: page,
                };
                let parcel = Parcel::notes(&title, notes);
                let parcel = parcel
                    .map_err(|error| Failure::new(format!("cannot pack the notes: {error}")))?;
                joined.upload(parcel).await?;
                out::line(format_args!("Shared \"{}\".", out::printable(&title)))?;
            }
            Action::Show { title } => show(&joined, &title)?,
            Action::Error { title } => report(&mut joined, &title).await?,
        }
        joined.leave().await
    }
}

/// An address has a scheme, or nobody can open it.
fn check(url: &str) -> Result {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    if is_scheme && scheme.chars().all(is_part) && !rest.is_empty() {
        return Ok(());
    }
    let why = format!("\"{url}\" is no address; write one like https://notes.example.com/minutes");
    Err(Failure::new(why))
}

fn no_notes(title: &str) -> Failure {
    Failure::new(format!("\"{title}\" is no page of notes; look with `psom watch`"))
}

fn show(joined: &Joined, title: &str) -> Result {
    let (_, content) = joined.content(title)?;
    let notes = content.notes.as_ref().ok_or_else(|| no_notes(title))?;
    let url = content.viewing_url.as_deref().or(content.original_file_url.as_deref());
    for (name, value) in [
        ("url", url.unwrap_or_default()),
        ("id", &notes.id),
        ("notebook", &notes.notebook),
        ("section", &notes.section),
        ("page", &notes.page),
    ] {
        if !value.is_empty() {
            out::line(format_args!("{name:<9} {}", out::printable(value)))?;
        }
    }
    if notes.error.is_some() { out::line("Something is wrong with the page.") } else { Ok(()) }
}

async fn report(joined: &mut Joined, title: &str) -> Result {
    let (id, content) = joined.content(title)?;
    content.notes.as_ref().ok_or_else(|| no_notes(title))?;
    joined.act(move |conference, cx| conference.report_notes_error(cx, id)).await?;
    joined.settle().await?;
    let notes = joined.model.contents.get(&id).and_then(|content| content.notes.as_ref());
    if notes.is_some_and(|notes| notes.error.is_none()) {
        let why = "the server does not let you report errors of this page; join as a presenter";
        return Err(Failure::new(why));
    }
    let title = out::printable(title);
    out::line(format_args!("Told everybody that something is wrong with \"{title}\"."))
}
