use clap::Args;
use psom_objects::types::ContentVisibility;

use super::args;
#[cfg(feature = "queue")]
use super::recordable::{Actions, Recordable, recorded};
use crate::{
    error::{CommandError, Result},
    meeting::session::LinkArgs,
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
        let mut meeting = self.link.join().await?;
        meeting.check_visibility(Some(self.who))?;
        let (id, _) = meeting.content(&self.title).await?;
        let who = self.who;
        meeting.act(move |conference, cx| conference.set_visibility(cx, id, who)).await?;
        meeting.settle().await?;
        // A user who hides a content from themselves no longer sees it.
        let content = meeting.content_by_id(id).await?;
        if content.is_some_and(|content| content.visibility != Some(who)) {
            let why = "you may not show or hide this content; join as a presenter";
            return Err(CommandError::new(why));
        }
        meeting.leave().await?;
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
