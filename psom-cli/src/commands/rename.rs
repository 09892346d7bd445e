use clap::Args;
use psom_objects::{
    client::{ContentEvent, Event},
    types::SetTitleStatus,
};

#[cfg(feature = "queue")]
use super::recordable::{Actions, Recordable, recorded};
use crate::{
    error::{CommandError, Result},
    meeting::{session::LinkArgs, texts},
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
        let mut meeting = self.link.join().await?;
        let (id, _) = meeting.content(&self.title).await?;
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
            SetTitleStatus::Success => {
                meeting.leave().await?;
                let (old, new) = (out::printable(&self.title), out::printable(&self.new));
                out::line(format_args!("\"{old}\" is now called \"{new}\"."))
            }
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
