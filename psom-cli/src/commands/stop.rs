use clap::Args;
use psom_objects::client::Model;

#[cfg(feature = "queue")]
use super::recordable::{Actions, Recordable, recorded};
use crate::{
    error::{CommandError, Result},
    meeting::session::{LinkArgs, Meeting},
    render::names::user,
    terminal::out,
};

/// Leave the stage, or take your content off it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom stop LINK
  psom stop LINK Plan.pdf
  psom stop LINK --force

Without --force, use the link of the user who presents. With it, organizers and presenters take
another user off the stage: they take the stage themselves and leave it.")]
pub(crate) struct Stop {
    #[command(flatten)]
    link: LinkArgs,
    /// The content's title; by default, the content that you present.
    title: Option<String>,
    /// Take another user off the stage.
    #[arg(long, conflicts_with = "title")]
    force: bool,
}

impl Stop {
    pub(crate) async fn run(self) -> Result {
        // Whether an earlier run has found something to stop.
        let mut found = false;
        let stop = async |meeting: &mut Meeting| self.stop(meeting, &mut found).await;
        self.link.in_meeting(stop).await?;
        out::line(match (found, &self.title) {
            (true, _) if self.force => "Nobody is presenting any more.".to_owned(),
            (true, _) => "You have stopped presenting.".to_owned(),
            (false, None) => "Nobody is presenting.".to_owned(),
            (false, Some(title)) => format!("\"{}\" is not on the stage.", out::printable(title)),
        })
    }

    async fn stop(&self, meeting: &mut Meeting, found: &mut bool) -> Result {
        let id = match &self.title {
            Some(title) => Some(meeting.content(title).await?.0),
            None => None,
        };
        let stage = |model: &Model| (model.active_presenter, model.active_content);
        let before = meeting.read(stage).await?;
        let stops_something = before.0.is_some() && (id.is_none() || id == before.1);
        *found |= stops_something;
        if self.force && stops_something {
            meeting.act(|conference, cx| conference.present(cx, None)).await?;
        }
        meeting.act(move |conference, cx| conference.stop_presenting(cx, id)).await?;
        meeting.settle().await?;
        if stops_something && meeting.read(stage).await? == before {
            let presenter = before.0.unwrap_or_default();
            let name = meeting.read(move |model| user(model, presenter)).await?;
            let remedy = if self.force { "join as a presenter" } else { "use --force" };
            let why = format!("{} is presenting; {remedy} to end that", out::printable(&name));
            return Err(CommandError::new(why));
        }
        Ok(())
    }
}

#[cfg(feature = "queue")]
impl Recordable for Stop {
    fn record(&self, actions: &mut Actions) -> Result {
        recorded(actions.s_stop_presenting(self.title.as_deref().unwrap_or_default()))
    }
}
