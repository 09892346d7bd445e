use std::pin::pin;

use clap::Args;

use super::interrupted;
use crate::{
    failure::{Failure, Result},
    joined::LinkArgs,
    out,
};

/// Put a content on the stage, and hold it there
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  psom present LINK Plan.pdf

Who leaves the meeting leaves the stage, so this stays until it is interrupted, or until somebody
else takes the stage.")]
pub struct Present {
    #[command(flatten)]
    link: LinkArgs,
    /// The content's title.
    title: String,
}

impl Present {
    pub async fn run(self) -> Result {
        let mut joined = self.link.join().await?;
        let (id, _) = joined.content(&self.title)?;
        let before = (joined.model.active_content, joined.model.active_presenter);
        joined.act(move |conference, cx| conference.present(cx, Some(id))).await?;
        let may_present = joined.may_share().await?;
        let stage = (joined.model.active_content, joined.model.active_presenter);
        // Who may present takes the stage from anybody, so what was there already is theirs, too.
        if stage.0 != Some(id) || !(may_present || stage != before) {
            let why = "the server does not let you present this content; join as a presenter";
            return Err(Failure::new(why));
        }
        // Before that is said, so that who reads it can stop it.
        let mut interrupted = pin!(interrupted()?);
        out::line(format_args!("Presenting \"{}\"; Ctrl-C stops.", out::printable(&self.title)))?;
        loop {
            let event = tokio::select! {
                event = joined.next() => event?,
                () = &mut interrupted => {
                    let stop = joined.act(move |conference, cx| {
                        conference.stop_presenting(cx, Some(id))
                    });
                    stop.await?;
                    joined.settle().await?;
                    break;
                }
            };
            let Some(event) = event else { break };
            joined.model.apply(&event);
            if (joined.model.active_content, joined.model.active_presenter) != stage {
                out::line("The content is not on the stage any more.")?;
                break;
            }
        }
        joined.leave().await
    }
}
