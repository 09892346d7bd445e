use clap::Args;

use crate::{
    error::{CommandError, Result},
    meeting::session::{LinkArgs, Meeting},
    terminal::out,
};

/// Print the address at which you edit a document in Office
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom open LINK report.docx
  xdg-open \"$(psom open LINK report.docx)\"

Keep the address secret: a person who has it can edit the document under your name. It is valid until
the document is deleted or the meeting ends.")]
pub(crate) struct Open {
    #[command(flatten)]
    link: LinkArgs,
    /// The document's title.
    title: String,
}

impl Open {
    pub(crate) async fn run(self) -> Result {
        let open = async |meeting: &mut Meeting| {
            let (id, _) = meeting.content(&self.title).await?;
            link(meeting, id, &self.title).await
        };
        let url = self.link.in_meeting(open).await?;
        out::line(out::printable(&url))
    }
}

/// Returns the user's link to a document.
pub(crate) async fn link(meeting: &mut Meeting, id: i64, title: &str) -> Result<String> {
    // The state of the document has arrived when the server has answered this.
    meeting.settle().await?;
    let Some(document) = meeting.documents().get(id) else {
        let why = format!("\"{title}\" is not a document; use `psom edit` to turn it into one");
        return Err(CommandError::new(why));
    };
    if document.link.is_empty() {
        return Err(CommandError::new("you may not edit documents; join as a presenter"));
    }
    Ok(document.link)
}
