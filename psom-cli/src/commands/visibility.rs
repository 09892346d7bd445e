use clap::Args;
use psom_objects::types::ContentVisibility;

use super::args;
#[cfg(feature = "queue")]
use super::recordable::{Actions, Recordable, recorded};
use crate::{
    error::{CommandError, Result},
    meeting::session::{LinkArgs, Meeting},
    render::names::audience,
    terminal::out,
};

/// Set which users see a content
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  psom visibility LINK Plan.pdf presenters")]
pub(crate) struct Visibility {
    #[command(flatten)]
    link: LinkArgs,
    /// The content's title.
    title: String,
    /// The users who see it.
    #[arg(value_name = "WHO", value_parser = args::visibility())]
    who: ContentVisibility,
}

impl Visibility {
    pub(crate) async fn run(self) -> Result {
        let who = self.who;
        // The content whose visibility an earlier run has asked the server to set.
        let mut asked = None;
        let set = async |meeting: &mut Meeting| {
            meeting.check_visibility(Some(who))?;
            let id = match asked {
                Some(id) => id,
                None => meeting.content(&self.title).await?.0,
            };
            if asked.is_none() || meeting.content_by_id(id).await?.is_some() {
                asked = Some(id);
                meeting.act(move |conference, cx| conference.set_visibility(cx, id, who)).await?;
                meeting.settle().await?;
            }
            // A user who hides a content from themselves no longer sees it.
            let content = meeting.content_by_id(id).await?;
            if content.is_some_and(|content| content.visibility != Some(who)) {
                let why = "you may not show or hide this content; join as a presenter";
                return Err(CommandError::new(why));
            }
            Ok(())
        };
        self.link.in_meeting(set).await?;
        let title = out::printable(&self.title);
        out::line(format_args!("\"{title}\" is visible to {}.", audience(who)))
    }
}

#[cfg(feature = "queue")]
impl Recordable for Visibility {
    fn record(&self, actions: &mut Actions) -> Result {
        recorded(actions.s_set_visibility(&self.title, self.who))
    }
}
