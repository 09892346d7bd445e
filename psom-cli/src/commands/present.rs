use std::pin::pin;

use clap::Args;
use psom_objects::client::{Event, Model};

#[cfg(feature = "queue")]
use super::recordable::{Actions, Recordable, recorded};
use crate::{
    error::{CommandError, Result},
    meeting::session::LinkArgs,
    signals::interrupted,
    terminal::out,
};

/// Put a content on the stage and keep it there
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  psom present LINK Plan.pdf

A user who leaves the meeting also leaves the stage. So this command runs until it is interrupted,
or until another user takes the stage.")]
pub(crate) struct Present {
    #[command(flatten)]
    link: LinkArgs,
    /// The content's title.
    title: String,
}

impl Present {
    pub(crate) async fn run(self) -> Result {
        let mut meeting = self.link.join().await?;
        let (id, _) = meeting.content(&self.title).await?;
        let read_stage = |model: &Model| (model.active_content, model.active_presenter);
        let before = meeting.read(read_stage).await?;
        meeting.act(move |conference, cx| conference.present(cx, Some(id))).await?;
        let may_present = meeting.may_share().await?;
        let stage = meeting.read(read_stage).await?;
        // A user who may present takes the stage from anybody. If the content was there before, it
        // is theirs now.
        if stage.0 != Some(id) || !(may_present || stage != before) {
            let why = "you may not present this content; join as a presenter";
            return Err(CommandError::new(why));
        }
        // Signals are caught before the line is printed, so that a program that reads the line can
        // stop this one.
        let mut interrupted = pin!(interrupted()?);
        out::line(format_args!("Presenting \"{}\"; Ctrl-C stops.", out::printable(&self.title)))?;
        loop {
            let event = tokio::select! {
                event = meeting.next() => event?,
                () = &mut interrupted => {
                    let stop = meeting.act(move |conference, cx| {
                        conference.stop_presenting(cx, Some(id))
                    });
                    stop.await?;
                    meeting.settle().await?;
                    break;
                }
            };
            match event {
                None => break,
                Some(Event::ActiveContent { .. } | Event::ActivePresenter { .. })
                    if meeting.read(read_stage).await? != stage =>
                {
                    out::line("The content is no longer on the stage.")?;
                    break;
                }
                Some(_) => {}
            }
        }
        meeting.leave().await
    }
}

#[cfg(feature = "queue")]
impl Recordable for Present {
    fn record(&self, actions: &mut Actions) -> Result {
        recorded(actions.s_present(&self.title))
    }
}
