use std::path::PathBuf;

use clap::Args;

use crate::{
    commands::recordable::Actions,
    error::{CommandError, OrCannot as _, Result},
    meeting::session::LinkArgs,
    terminal::out,
};

/// Replay recorded commands in a meeting
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  psom queue replay outbox LINK

The calls are played in order as your own, each exactly once, even if this program or the server is
stopped meanwhile: then replay the outbox again. A call that the server refuses goes to the dead queue
of the outbox; `psom queue list OUTBOX` shows it, and `psom queue retry OUTBOX` tries it again.")]
pub(super) struct Replay {
    /// The folder of the outbox.
    outbox: PathBuf,
    #[command(flatten)]
    link: LinkArgs,
}

impl Replay {
    pub(super) async fn run(self) -> Result {
        let shown = self.outbox.display().to_string();
        if !self.outbox.is_dir() {
            return Err(CommandError::new(format!(
                "there is no outbox {shown}; create one with `psom queue record`"
            )));
        }
        let mut actions = Actions::open(self.outbox).or_cannot("open the outbox")?;
        let connection = self.link.connect(|_| {}).await?;
        let replayed = connection.replay(&mut actions).await;
        let replayed = replayed.or_cannot(format_args!("replay {shown}"))?;
        connection.close().await?;
        for (number, reason) in &replayed.refused {
            out::line(out::printable(&format!("Call {number} was refused: {reason}.")))?;
        }
        let played = usize::try_from(replayed.played).unwrap_or(usize::MAX);
        out::line(format!("Played {}.", out::counted(played, "call", "calls")))?;
        match replayed.refused.len() {
            0 => Ok(()),
            count => {
                let calls = out::counted(count, "call was", "calls were");
                Err(CommandError::new(format!(
                    "{calls} refused and moved to the dead queue; see `psom queue list {shown}`"
                )))
            }
        }
    }
}
