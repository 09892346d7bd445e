use clap::Args;

use crate::{
    error::Result,
    meeting::{saved_links::SavedLinks, session::LinkArgs},
    terminal::out,
};

/// Leave a meeting with all commands that run, and forget its link
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom leave
  psom leave LINK
  psom leave LINK --as Bea

Other commands leave by themselves when they end. This one also ends those that still run for the same
person, such as `psom watch`, and forgets the link and the name. The contents that you have shared stay. To come
back, use the link again.")]
pub(crate) struct Leave {
    #[command(flatten)]
    link: LinkArgs,
}

impl Leave {
    pub(crate) async fn run(self) -> Result {
        let meeting = self.link.leave_everywhere().await?;
        let mut saved = SavedLinks::load();
        let is_saved = saved.forget_link(&self.link.canonical()?);
        if is_saved {
            saved.store()?;
        }
        let meeting = out::printable(&meeting);
        out::line(if is_saved {
            format!("You have left the meeting {meeting}, and its link is no longer saved.")
        } else {
            format!("You have left the meeting {meeting}.")
        })
    }
}
