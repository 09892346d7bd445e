use clap::Args;
use psom_objects::{
    client::{ContentEvent, Event},
    types::SetTitleStatus,
};

use super::{open, share};
use crate::{
    error::{CommandError, Result},
    files,
    meeting::{
        download::RemoteFile,
        session::{LinkArgs, Meeting},
    },
    terminal::out,
};

/// Turn a shared file into a document that users edit together in Office
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  psom edit LINK report.docx

The command prints the address at which you edit the document. If the content is a document already,
it only prints the address.")]
pub(crate) struct Edit {
    #[command(flatten)]
    link: LinkArgs,
    /// The content's title.
    title: String,
}

impl Edit {
    pub(crate) async fn run(self) -> Result {
        let mut meeting = self.link.join().await?;
        let (id, content) = meeting.content(&self.title).await?;
        meeting.settle().await?;
        let title = content.title.unwrap_or(self.title);
        let id = match meeting.documents().get(id) {
            Some(_) => id,
            None => {
                let file = content.file.ok_or_else(|| {
                    CommandError::new(format!("\"{title}\" has no file; choose another content"))
                })?;
                let base = meeting.read(|model| model.url_base.clone()).await?;
                let remote = RemoteFile::native(base.as_deref(), &file)?;
                let directory = files::private_directory("psom-edit-")?;
                let shown = out::printable(&title);
                let (file, _) = remote.fetch(meeting.http(), directory.path(), shown).await?;
                // The file stays in the meeting until the document exists.
                rename(&mut meeting, id, format!("{title} (before editing)")).await?;
                let shared =
                    share::share(&mut meeting, file.path(), &title, content.visibility, true).await;
                let document = match shared {
                    Ok(document) => document,
                    Err(error) => {
                        rename(&mut meeting, id, title).await?;
                        return Err(error);
                    }
                };
                meeting.act(move |conference, cx| conference.delete_content(cx, id)).await?;
                document
            }
        };
        let url = open::link(&mut meeting, id, &title).await?;
        meeting.leave().await?;
        out::line(out::printable(&url))
    }
}

async fn rename(meeting: &mut Meeting, id: i64, title: String) -> Result {
    meeting.act(move |conference, cx| conference.set_title(cx, id, title)).await?;
    let answer = meeting.until("whether the content is renamed", |event| match event {
        Event::Content { id: of, event: ContentEvent::TitleAnswered { status, .. } }
            if *of == id =>
        {
            Some(*status)
        }
        _ => None,
    });
    match answer.await? {
        SetTitleStatus::Success => Ok(()),
        SetTitleStatus::UserNotAuthorized => {
            Err(CommandError::new("you may not change this content; join as a presenter"))
        }
        _ => Err(CommandError::new(
            "the shared file cannot be renamed to free its title; rename it with `psom rename`, and try \
             again",
        )),
    }
}
