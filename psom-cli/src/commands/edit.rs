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
    render::names,
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
        let mut file = None;
        let edit = async |meeting: &mut Meeting| {
            let shared = match &file {
                Some(shared) => Shared::clone(shared),
                None => file.insert(self.find(meeting).await?).clone(),
            };
            // The server announces its documents after the contents.
            meeting.settle().await?;
            let document = match shared.document(meeting).await? {
                Some(document) => document,
                None => shared.convert(meeting).await?,
            };
            if document != shared.id && meeting.content_by_id(shared.id).await?.is_some() {
                meeting.act(move |conference, cx| conference.delete_content(cx, shared.id)).await?;
            }
            open::link(meeting, document, &shared.title).await
        };
        let url = self.link.in_meeting(edit).await?;
        out::line(out::printable(&url))
    }

    async fn find(&self, meeting: &Meeting) -> Result<Shared> {
        let (id, content) = meeting.content(&self.title).await?;
        Ok(Shared { id, title: content.title.unwrap_or_else(|| self.title.clone()) })
    }
}

/// The content that becomes a document, and the title that it has before the command.
#[derive(Debug, Clone)]
struct Shared {
    id: i64,
    title: String,
}

impl Shared {
    /// Returns the document with the title: the content itself, or the one that an earlier run of the command has
    /// made of it. A document of another user does not replace the content.
    async fn document(&self, meeting: &Meeting) -> Result<Option<i64>> {
        let (content, title, own_name) = (self.id, self.title.clone(), meeting.own_name());
        let titled = meeting.read(move |model| {
            let (id, titled) = model.content_titled(&title)?;
            let is_own = titled.owner.is_some_and(|owner| names::user(model, owner) == own_name);
            (id == content || is_own).then_some(id)
        });
        Ok(titled.await?.filter(|id| meeting.documents().get(*id).is_some()))
    }

    /// Shares the file again, as a document. The content stays in the meeting under another title.
    async fn convert(&self, meeting: &mut Meeting) -> Result<i64> {
        let Self { id, title } = self;
        let content = meeting.content_by_id(*id).await?.ok_or_else(|| {
            CommandError::new(format!("\"{title}\" was deleted meanwhile; share it again"))
        })?;
        let file = content.file.ok_or_else(|| {
            CommandError::new(format!("\"{title}\" has no file; choose another content"))
        })?;
        let base = meeting.read(|model| model.url_base.clone()).await?;
        let remote = RemoteFile::native(base.as_deref(), &file)?;
        let directory = files::private_directory("psom-edit-")?;
        let (file, _) =
            remote.fetch(meeting.http(), directory.path(), out::printable(title)).await?;
        let other_title = format!("{title} (before editing)");
        if content.title.as_ref() != Some(&other_title) {
            rename(meeting, *id, other_title).await?;
        }
        let shared = share::share(meeting, file.path(), title, content.visibility, true).await;
        // After the end of a connection, the command is repeated.
        if shared.as_ref().is_err_and(|error| !matches!(error, CommandError::Unreachable(_))) {
            rename(meeting, *id, title.clone()).await?;
        }
        shared
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
