//! The commands, a file each.

mod completions;
mod decode;
mod delete;
mod get;
mod get_slides;
mod get_url;
mod goto;
mod idl;
mod invite;
mod meeting;
mod notes;
mod poll;
mod present;
mod proxy;
mod qna;
mod rename;
mod serve;
mod share;
mod slides;
mod stop;
mod store;
mod visibility;
mod watch;
mod whiteboard;

use std::process;

use clap::{
    Parser, Subcommand,
    builder::styling::{AnsiColor, Styles},
};
use tokio::sync::oneshot;

use psom_server::files::BlobConfig;

use crate::failure::{Failure, Result, While};

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
  psom serve --demo                        a server with a meeting to try
  psom meeting create team                 another meeting on it
  psom invite team --name Ada --role presenter
  psom share LINK Plan.pdf                 with the link that `invite` printed
  psom slides LINK Talk.pdf                a presentation, slide by slide
  psom whiteboard LINK Ideas create        something to draw on
  psom poll LINK create Lunch --question \"When?\" --choice now --choice later
  psom watch LINK                          what happens in the meeting

Logs go to standard error; PSOM_LOG=debug or RUST_LOG=debug shows more of them, and PSOM_TRACE=1
every message.")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Serve),
    Proxy(proxy::Proxy),
    Meeting(meeting::Meeting),
    Invite(invite::Invite),
    Watch(watch::Watch),
    Share(share::Share),
    Slides(slides::ShareSlides),
    Goto(goto::Goto),
    Get(get::Get),
    Rename(rename::Rename),
    Delete(delete::Delete),
    Present(present::Present),
    Stop(stop::Stop),
    Visibility(visibility::Visibility),
    Whiteboard(whiteboard::Whiteboard),
    Poll(poll::Poll),
    Qna(qna::Qna),
    Notes(notes::Notes),
    Idl(idl::Idl),
    Decode(decode::Decode),
    Store(store::Store),
    Completions(completions::Completions),
}

impl Cli {
    /// What is logged unless the environment says otherwise.
    pub fn default_log(&self) -> &'static str {
        match self.command {
            Command::Serve(_) | Command::Proxy(_) => "info",
            _ => "warn",
        }
    }

    /// Runs the command. Most clean up when they are interrupted, and end; interrupted again, they
    /// end at once.
    pub async fn run(self) -> Result {
        use Command::{Completions, Decode, Idl, Present, Proxy, Serve, Watch};
        // These have nothing to clean up, and may wait for standard input.
        if matches!(self.command, Idl(_) | Decode(_) | Completions(_)) {
            return self.dispatch().await;
        }
        // These go on until they are interrupted, and then end in good order by themselves.
        if matches!(self.command, Serve(_) | Proxy(_) | Watch(_) | Present(_)) {
            return self.dispatch().await;
        }
        let first = interrupted()?;
        let (tell, told) = oneshot::channel();
        tokio::spawn(async move {
            first.await;
            let again = interrupted();
            let _ = tell.send(());
            // Whoever cannot wait until all is cleaned up need not.
            if let Ok(again) = again {
                again.await;
                process::exit(crate::INTERRUPTED.into());
            }
        });
        tokio::select! {
            result = self.dispatch() => result,
            Ok(()) = told => Err(Failure::Interrupted),
        }
    }

    async fn dispatch(self) -> Result {
        match self.command {
            Command::Serve(serve) => serve.run().await,
            Command::Proxy(proxy) => proxy.run().await,
            Command::Meeting(meeting) => meeting.run().await,
            Command::Invite(invite) => invite.run().await,
            Command::Watch(watch) => watch.run().await,
            Command::Share(share) => share.run().await,
            Command::Slides(slides) => slides.run().await,
            Command::Goto(goto) => goto.run().await,
            Command::Get(get) => get.run().await,
            Command::Rename(rename) => rename.run().await,
            Command::Delete(delete) => delete.run().await,
            Command::Present(present) => present.run().await,
            Command::Stop(stop) => stop.run().await,
            Command::Visibility(visibility) => visibility.run().await,
            Command::Poll(poll) => poll.run().await,
            Command::Qna(qna) => qna.run().await,
            Command::Notes(notes) => notes.run().await,
            Command::Idl(idl) => idl.run(),
            Command::Decode(decode) => decode.run(),
            Command::Whiteboard(whiteboard) => whiteboard.run().await,
            Command::Store(store) => store.run().await,
            Command::Completions(completions) => completions.run(),
        }
    }
}

/// Where the files of a server's meetings are, with what the environment says about S3.
fn blobs(files: Option<String>) -> BlobConfig {
    let texts = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let aws = texts.filter(|(name, _)| name.starts_with("AWS_"));
    files.map_or(BlobConfig::Local, |url| BlobConfig::Url(url, aws.collect()))
}

/// Completes when the program is to end: SIGINT, and SIGTERM where there is such a thing. Signals
/// are caught from the call on.
fn interrupted() -> Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let catch = |kind| signal(kind).or_cannot("catch signals");
        let (mut interrupt, mut terminate) =
            (catch(SignalKind::interrupt())?, catch(SignalKind::terminate())?);
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
