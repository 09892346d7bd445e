use clap::Args;
use psom_objects::{
    client::{ContentEvent, Event},
    types::SetTitleStatus,
};

#[cfg(feature = "queue")]
use super::recordable::{Actions, Recordable, recorded};
use crate::{
    error::{CommandError, Result},
    meeting::{
        session::{LinkArgs, Meeting},
        texts,
    },
    render::refusal,
    terminal::out,
};

/// Give a content another title
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  psom rename LINK Plan.pdf \"Plan for May.pdf\"")]
pub(crate) struct Rename {
    #[command(flatten)]
    link: LinkArgs,
    /// The content's title.
    title: String,
    /// The new title, without any of \ / : * ? " < > |.
    new: String,
}

impl Rename {
    pub(crate) async fn run(self) -> Result {
        texts::check_line("the new title", &self.new)?;
        // The content that an earlier run has asked the server to rename.
        let mut asked = None;
        let rename = async |meeting: &mut Meeting| self.rename(meeting, &mut asked).await;
        self.link.in_meeting(rename).await?;
        let (old, new) = (out::printable(&self.title), out::printable(&self.new));
        out::line(format_args!("\"{old}\" is now called \"{new}\"."))
    }

    async fn rename(&self, meeting: &mut Meeting, asked: &mut Option<i64>) -> Result {
        let id = match *asked {
            Some(id) => match meeting.content_by_id(id).await? {
                Some(content) if content.title.as_ref() == Some(&self.new) => return Ok(()),
                _ => id,
            },
            None => meeting.content(&self.title).await?.0,
        };
        *asked = Some(id);
        let title = self.new.clone();
        meeting.act(move |conference, cx| conference.set_title(cx, id, title)).await?;
        let answer = meeting.until("whether the content is renamed", |event| match event {
            Event::Content { id: of, event } if *of == id => match event {
                ContentEvent::TitleAnswered { status, .. } => Some(Ok(*status)),
                ContentEvent::Removed => {
                    Some(Err(CommandError::new("the content was deleted meanwhile")))
                }
                _ => None,
            },
            _ => None,
        });
        match answer.await?? {
            SetTitleStatus::Success => Ok(()),
            SetTitleStatus::FailedInvalidTitle => {
                Err(texts::title_refused(&self.new, texts::CHOOSE_ANOTHER))
            }
            refused => Err(CommandError::from_sentence(&refusal::rename(refused))),
        }
    }
}

#[cfg(feature = "queue")]
impl Recordable for Rename {
    fn record(&self, actions: &mut Actions) -> Result {
        texts::check_line("the new title", &self.new)?;
        recorded(actions.s_rename(&self.title, &self.new))
    }
}
