//! The command line: the list of all commands, and their dispatch.

use std::process;

use clap::{
    CommandFactory as _, Parser, Subcommand,
    builder::styling::{AnsiColor, Styles},
    error::{ContextKind, ContextValue},
};
use tokio::sync::oneshot;

#[cfg(feature = "cell")]
use crate::commands::{cell::Cell, edit::Edit, open::Open};
#[cfg(feature = "queue")]
use crate::commands::{queue::Queue, recordable::Recordable};
use crate::{
    commands::{
        bench::Bench, completions::Completions, decode::Decode, delete::Delete, drain::Drain,
        export::Export, get::Get, goto::Goto, idl::Idl, invite::Invite, leave::Leave,
        list::ContentList, man::Man, meeting::MeetingCommand, notes::NotesCommand, people::People,
        poll::Poll, present::Present, proxy::Proxy, qna::Qna, rename::Rename, serve::Serve,
        share::Share, share_slides::ShareSlides, stop::Stop, store::Store, use_link::UseLink,
        visibility::Visibility, watch::Watch, whiteboard::Whiteboard,
    },
    error::{CommandError, Result, USAGE_STATUS},
    meeting::{link, saved_links::SavedLinks},
    signals::{INTERRUPTED_STATUS, interrupted},
    terminal::logs::LogFormat,
};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// A web-conferencing server (MS-PSOM), and its clients on the command line.
#[derive(Debug, Parser)]
#[command(name = "psom", version, styles = STYLES, arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  psom serve --demo                        start a server with a meeting to try
  psom meeting create team                 create another meeting on it
  psom invite team --name Ada --role presenter
  psom share LINK Plan.pdf                 share a file, with the link that `invite` printed
  psom slides LINK Talk.pdf                share a presentation, slide by slide
  psom whiteboard LINK Ideas create        create a whiteboard
  psom poll LINK create Lunch --question \"When?\" --choice now --choice later
  psom export LINK -o review               save boards, slides, polls, questions and files
  psom watch LINK                          print what happens in the meeting
  psom use LINK                            save the link, so that later commands need none

Logs go to standard error. PSOM_LOG=debug or RUST_LOG=debug shows more of them, and PSOM_TRACE=1
shows every message.")]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// To add a command, add its module to `commands/mod.rs`, a variant here, and a line in
/// [`Cli::dispatch`].
#[derive(Debug, Subcommand)]
enum Command {
    Serve(Serve),
    Proxy(Proxy),
    Meeting(MeetingCommand),
    Invite(Invite),
    #[command(name = "use")]
    UseLink(UseLink),
    Leave(Leave),
    Watch(Watch),
    List(ContentList),
    People(People),
    Share(Share),
    #[cfg(feature = "cell")]
    Edit(Edit),
    #[cfg(feature = "cell")]
    Open(Open),
    Slides(ShareSlides),
    Goto(Goto),
    Get(Get),
    Export(Export),
    Rename(Rename),
    Delete(Delete),
    Present(Present),
    Stop(Stop),
    Visibility(Visibility),
    Whiteboard(Whiteboard),
    Poll(Poll),
    Qna(Qna),
    Notes(NotesCommand),
    Idl(Idl),
    Decode(Decode),
    #[cfg(feature = "queue")]
    Queue(Queue),
    #[cfg(feature = "cell")]
    Cell(Cell),
    Drain(Drain),
    Store(Store),
    Bench(Bench),
    Completions(Completions),
    Man(Man),
}

impl Cli {
    /// Parses the command line. A command that needs a join link and has none gets the saved one.
    ///
    /// # Errors
    /// No link is saved under a given name, or this program was built without the command.
    pub(crate) fn from_command_line() -> Result<Self> {
        let words = std::env::args_os().collect();
        let words = link::complete(words, &Self::command(), SavedLinks::load)?;
        Self::try_parse_from(words).map_err(|error| match names_one_of(&LEFT_OUT_NAMES, &error) {
            true => CommandError::Status { status: USAGE_STATUS, message: LEFT_OUT.into() },
            false => error.exit(),
        })
    }

    /// Returns the log filter that applies if the environment sets none.
    pub(crate) fn default_log(&self) -> &'static str {
        match self.command {
            Command::Serve(_) | Command::Proxy(_) => "info",
            _ => "warn",
        }
    }

    /// Returns the form of the logs.
    pub(crate) fn log_format(&self) -> LogFormat {
        match &self.command {
            Command::Serve(serve) => serve.log_format(),
            Command::Proxy(proxy) => proxy.log_format(),
            _ => LogFormat::default(),
        }
    }

    /// Runs the command. On the first signal, most commands clean up and end. On the second one,
    /// they end at once.
    pub(crate) async fn run(self) -> Result {
        use Command::{Completions, Decode, Idl, Man, Present, Proxy, Serve, UseLink, Watch};
        // Commands without anything to clean up, which may block on standard input.
        let needs_no_cleanup =
            matches!(self.command, Idl(_) | Decode(_) | Completions(_) | Man(_) | UseLink(_));
        // Commands that run until they are interrupted, and handle the signal themselves.
        let handles_signals = matches!(self.command, Serve(_) | Proxy(_) | Watch(_) | Present(_));
        #[cfg(feature = "cell")]
        let handles_signals = handles_signals
            || matches!(&self.command, Command::Cell(cell) if cell.handles_signals());
        if needs_no_cleanup || handles_signals {
            return self.dispatch().await;
        }
        let first = interrupted()?;
        let (sender, receiver) = oneshot::channel();
        tokio::spawn(async move {
            first.await;
            let second = interrupted();
            let _ = sender.send(());
            if let Ok(second) = second {
                second.await;
                process::exit(INTERRUPTED_STATUS.into());
            }
        });
        tokio::select! {
            result = self.dispatch() => result,
            Ok(()) = receiver => Err(CommandError::Interrupted),
        }
    }

    /// Parses a command that is to be recorded.
    #[cfg(feature = "queue")]
    fn recordable(words: Vec<String>) -> Result<Box<dyn Recordable>> {
        let parsed = Self::try_parse_from(words).map_err(|error| {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            CommandError::new(line.trim_start_matches("error: "))
        })?;
        let why = match parsed.command {
            Command::Whiteboard(command) => return Ok(Box::new(command)),
            Command::Poll(command) => return Ok(Box::new(command)),
            Command::Notes(command) => return Ok(Box::new(command)),
            Command::Rename(command) => return Ok(Box::new(command)),
            Command::Delete(command) => return Ok(Box::new(command)),
            Command::Visibility(command) => return Ok(Box::new(command)),
            Command::Share(command) => return Ok(Box::new(command)),
            Command::Slides(command) => return Ok(Box::new(command)),
            Command::Present(command) => return Ok(Box::new(command)),
            Command::Stop(command) => return Ok(Box::new(command)),
            Command::Goto(command) => return Ok(Box::new(command)),
            Command::Qna(command) => return Ok(Box::new(command)),
            #[cfg(feature = "cell")]
            Command::Edit(_) => {
                "`psom edit` takes the file from the meeting, which needs a connection; record \
                 `share FILE --edit`, or run it while connected"
            }
            _ => "this command changes nothing in a meeting; run it without `psom queue record`",
        };
        Err(CommandError::new(why))
    }

    async fn dispatch(self) -> Result {
        match self.command {
            Command::Serve(serve) => Box::pin(serve.run()).await,
            Command::Proxy(proxy) => proxy.run().await,
            Command::Meeting(meeting) => meeting.run().await,
            Command::Invite(invite) => invite.run().await,
            Command::UseLink(link) => link.run(),
            Command::Leave(leave) => leave.run().await,
            Command::Watch(watch) => Box::pin(watch.run()).await,
            Command::List(list) => list.run().await,
            Command::People(people) => people.run().await,
            Command::Share(share) => share.run().await,
            #[cfg(feature = "cell")]
            Command::Edit(edit) => edit.run().await,
            #[cfg(feature = "cell")]
            Command::Open(open) => open.run().await,
            Command::Slides(slides) => slides.run().await,
            Command::Goto(goto) => goto.run().await,
            Command::Get(get) => get.run().await,
            Command::Export(export) => export.run().await,
            Command::Rename(rename) => rename.run().await,
            Command::Delete(delete) => delete.run().await,
            Command::Present(present) => Box::pin(present.run()).await,
            Command::Stop(stop) => stop.run().await,
            Command::Visibility(visibility) => visibility.run().await,
            Command::Whiteboard(whiteboard) => whiteboard.run().await,
            Command::Poll(poll) => poll.run().await,
            Command::Qna(qna) => qna.run().await,
            Command::Notes(notes) => notes.run().await,
            Command::Idl(idl) => idl.run(),
            Command::Decode(decode) => decode.run(),
            #[cfg(feature = "queue")]
            Command::Queue(queue) => queue.run(Self::recordable).await,
            #[cfg(feature = "cell")]
            Command::Cell(cell) => cell.run().await,
            Command::Drain(drain) => drain.run().await,
            Command::Store(store) => store.run().await,
            Command::Bench(bench) => Box::pin(bench.run()).await,
            Command::Completions(completions) => completions.run(&mut Self::command()),
            Command::Man(man) => man.run(Self::command()),
        }
    }
}

/// The error for a command or an option of a feature that this program was built without.
const LEFT_OUT: &str = "this psom was built without this command or option; install psom with \
    all of them: `cargo install --path psom-cli --features full`";

/// The commands and options that this program was built without.
const LEFT_OUT_NAMES: [&[&str]; 2] = [
    if cfg!(feature = "queue") { &[] } else { &["queue"] },
    if cfg!(feature = "cell") { &[] } else { &["cell", "edit", "open", "--edit", "--revision"] },
];

/// Reports whether a command line is wrong because of one of these names.
fn names_one_of(names: &[&[&str]], error: &clap::Error) -> bool {
    let unknown = [ContextKind::InvalidSubcommand, ContextKind::InvalidArg];
    unknown.iter().any(|kind| match error.get(*kind) {
        // An option can have its value in the same word.
        Some(ContextValue::String(word)) => {
            word.split('=').next().is_some_and(|name| names.iter().any(|it| it.contains(&name)))
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use clap::{Arg, Command};

    use super::*;

    #[test]
    fn a_name_that_was_left_out_is_told_from_a_mistyped_one() {
        let command = Command::new("psom").subcommand(Command::new("get").arg(Arg::new("title")));
        for (line, expected) in [
            ("psom queue record", true),
            ("psom get --revision 3", true),
            ("psom get --revision=3", true),
            ("psom get --revisions 3", false),
            ("psom queues", false),
            ("psom get queue more", false),
        ] {
            let error = command.clone().try_get_matches_from(line.split(' ')).unwrap_err();
            let names: [&[&str]; 2] = [&["queue"], &["--revision"]];
            assert_eq!(names_one_of(&names, &error), expected, "{line}");
        }
    }
}
