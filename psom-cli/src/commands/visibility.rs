use clap::{Args, ValueEnum};
use psom_objects::types::ContentVisibility;

use crate::{
    failure::{Failure, Result},
    joined::LinkArgs,
    out,
};

/// Say who sees a content
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  psom visibility LINK Plan.pdf presenters")]
pub struct Visibility {
    #[command(flatten)]
    link: LinkArgs,
    /// The content's title.
    title: String,
    /// Who sees it.
    who: Who,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Who {
    /// Only the organizer
    Organizer,
    /// Organizer and presenters
    Presenters,
    /// Everybody in the meeting
    Everyone,
}

impl From<Who> for ContentVisibility {
    fn from(who: Who) -> Self {
        match who {
            Who::Organizer => Self::MeetingOrganizer,
            Who::Presenters => Self::Presenters,
            Who::Everyone => Self::Everyone,
        }
    }
}

impl Visibility {
    pub async fn run(self) -> Result {
        let mut joined = self.link.join().await?;
        let (id, _) = joined.content(&self.title)?;
        let wanted = ContentVisibility::from(self.who);
        joined.act(move |conference, cx| conference.set_visibility(cx, id, wanted)).await?;
        joined.settle().await?;
        // Who hides a content from themselves sees it no more.
        let content = joined.model.contents.get(&id);
        if content.is_some_and(|content| content.visibility != Some(wanted)) {
            let why = "the server does not let you show or hide this content; join as a presenter";
            return Err(Failure::new(why));
        }
        joined.leave().await?;
        let who = match self.who {
            Who::Organizer => "the organizer alone",
            Who::Presenters => "organizer and presenters",
            Who::Everyone => "everybody",
        };
        out::line(format_args!("\"{}\" is seen by {who}.", out::printable(&self.title)))
    }
}
