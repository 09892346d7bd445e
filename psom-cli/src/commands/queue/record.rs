use std::path::PathBuf;

use clap::Args;
use psom_objects::server::ACTIONS;

use crate::{
    commands::recordable::{Actions, Recordable},
    error::{OrCannot as _, Result},
    meeting::session::LinkArgs,
    terminal::out,
};

/// Record a command without a network, to replay it later
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom queue record LINK -o outbox -- whiteboard Ideas text \"Buy milk\"
  psom queue record LINK -o outbox -- poll vote Lunch later
  psom queue record LINK -o outbox -- share Plan.pdf
  psom queue replay outbox LINK

The command is written as usual, but without its link. share, slides, whiteboard, poll, qna, notes,
present, stop, goto, rename, delete and visibility can be recorded, with every action that changes
something. Contents are named by their titles, so a command can use a content that an earlier recorded
command creates. Files are copied to the outbox. The link is not used up, and no server is contacted.")]
pub(super) struct Record {
    #[command(flatten)]
    link: LinkArgs,
    /// The folder of the outbox; it is created if it does not exist.
    #[arg(short, long, value_name = "OUTBOX")]
    output: PathBuf,
    /// The command.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

impl Record {
    pub(super) fn run(
        self,
        parse: impl FnOnce(Vec<String>) -> Result<Box<dyn Recordable>>,
    ) -> Result {
        let meeting = self.link.meeting_id()?;
        let mut words = vec!["psom".to_owned()];
        let mut command = self.command.into_iter();
        words.extend(command.next());
        words.push(self.link.text().to_owned());
        words.extend(command);
        let command = parse(words)?;
        let actions = Actions::open(self.output).or_cannot("open the outbox")?;
        let name = self.link.name().unwrap_or("unknown");
        let mut actions = actions.meeting(&meeting).target(ACTIONS).recorded_by(name);
        let waiting = |actions: &mut Actions| {
            let waiting = actions.with_outbox(|outbox| outbox.waiting());
            waiting.map(|waiting| waiting.len()).or_cannot("read the outbox")
        };
        let before = waiting(&mut actions)?;
        // Slides are converted and files are packed meanwhile.
        tokio::task::block_in_place(|| command.record(&mut actions))?;
        let count = waiting(&mut actions)? - before;
        out::line(format!("Recorded {}.", out::counted(count, "call", "calls")))
    }
}
