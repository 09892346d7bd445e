use clap::Args;

use crate::{
    failure::{Failure, Result},
    joined::LinkArgs,
    out,
};

/// Leave the stage, or take your content off it
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom stop LINK
  psom stop LINK Plan.pdf

The link has to be that of the user who presents.")]
pub struct Stop {
    #[command(flatten)]
    link: LinkArgs,
    /// The content's title; without it, whatever you present.
    title: Option<String>,
}

impl Stop {
    pub async fn run(self) -> Result {
        let mut joined = self.link.join().await?;
        let id = match &self.title {
            Some(title) => Some(joined.content(title)?.0),
            None => None,
        };
        let stage = (joined.model.active_presenter, joined.model.active_content);
        let stops_something = stage.0.is_some() && (id.is_none() || id == stage.1);
        joined.act(move |conference, cx| conference.stop_presenting(cx, id)).await?;
        joined.settle().await?;
        if stops_something && stage == (joined.model.active_presenter, joined.model.active_content)
        {
            let why = "somebody else is presenting; join with the link of the user who does";
            return Err(Failure::new(why));
        }
        joined.leave().await?;
        out::line(match (stops_something, &self.title) {
            (true, _) => "You have stopped presenting.".to_owned(),
            (false, None) => "Nobody is presenting.".to_owned(),
            (false, Some(title)) => format!("\"{}\" is not on the stage.", out::printable(title)),
        })
    }
}
