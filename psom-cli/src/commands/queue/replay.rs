use std::{fs::File, path::PathBuf};

use clap::Args;
use psom::{
    Interface as _,
    error::DecodeError,
    net::Replaying,
    offline::RecordedCall,
    wire::{Decode as _, Decoder},
};
use psom_objects::{
    client::Conference, interfaces::ActionsServerProxy, package::Manifest, server::ACTIONS,
};

use crate::{
    commands::recordable::Actions,
    error::{CommandError, OrCannot as _, Result},
    meeting::{
        recorded_package,
        session::{LinkArgs, Meeting},
    },
    terminal::out,
};

/// The method that takes an uploaded package.
const TAKE_PACKAGE: &str = "sTakePackage";
/// The method that creates a content without files.
const CREATE: &str = "sCreate";

/// Replay recorded commands in a meeting
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom queue replay outbox LINK
  psom queue replay outbox LINK --stay

The calls are played in order as your own. If this program or the server is stopped meanwhile, replay the
outbox again; each call is still played exactly once. A call that the server refuses changes nothing. It
is printed with the reason and goes to the dead queue of the outbox, and the next call is played. `psom
queue list OUTBOX` shows the call, and `psom queue retry OUTBOX` tries it again. The exit code is 1 if a
call was refused.")]
pub(super) struct Replay {
    /// The folder of the outbox.
    outbox: PathBuf,
    #[command(flatten)]
    link: LinkArgs,
    /// Stay in the meeting until interrupted, so that a content that was presented stays on the stage.
    #[arg(long)]
    stay: bool,
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
        let mut meeting = self.link.enter().await?;
        let session = meeting.session()?;
        let files = actions.with_outbox(|outbox| outbox.files());
        let replayed = session
            .replay_with(&mut actions, async |replaying, pending| {
                let Some(package) = Package::of(&pending.call) else { return Ok(()) };
                package.send(&mut meeting, replaying, files.join(&package.file)).await.map_err(
                    |error| match error {
                        CommandError::Message(message) | CommandError::Unreachable(message) => {
                            message
                        }
                        _ => "the file could not be uploaded".to_owned(),
                    },
                )
            })
            .await;
        drop(session);
        let replayed = replayed.or_cannot(format_args!("replay {shown}"))?;
        let file_of = |call: &RecordedCall| Package::of(call).map(|package| package.file);
        let cleaned = actions.with_outbox(|outbox| outbox.remove_unused_files(file_of));
        cleaned.or_cannot(format_args!("clean up {shown}"))?;
        // Other commands can use the outbox while this one stays in the meeting.
        drop(actions);
        for refused in &replayed.refused {
            let (number, call, reason) = (refused.number, describe(&refused.call), &refused.reason);
            let line = format!("Call {number} was refused ({call}): {reason}.");
            out::line(out::printable(&line))?;
        }
        let played = usize::try_from(replayed.played).unwrap_or(usize::MAX);
        out::line(format!("Played {}.", out::counted(played, "call", "calls")))?;
        if self.stay {
            while meeting.next().await?.is_some() {}
        }
        meeting.leave().await?;
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

/// A package that has to be uploaded before its call is played.
struct Package {
    title: String,
    file: String,
    packed_bytes: u64,
    unpacked_bytes: u64,
}

impl Package {
    /// Returns the package that a call takes.
    fn of(call: &RecordedCall) -> Option<Self> {
        if method(call)? != TAKE_PACKAGE {
            return None;
        }
        let mut input = Decoder::new(&call.arguments);
        let mut read = || -> std::result::Result<Self, DecodeError> {
            let (title, file) = (String::decode(&mut input)?, String::decode(&mut input)?);
            let mut bytes = || Ok(u64::try_from(i64::decode(&mut input)?).unwrap_or(0));
            Ok(Self { title, file, packed_bytes: bytes()?, unpacked_bytes: bytes()? })
        };
        // The name that an outbox gives to a file. Others could lead out of its folder.
        let is_name =
            |name: &str| name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        read().ok().filter(|package| is_name(&package.file))
    }

    /// Uploads the package. The server keeps it until the call is played.
    async fn send(
        &self,
        meeting: &mut Meeting,
        replaying: &mut Replaying<'_, Conference>,
        path: PathBuf,
    ) -> Result {
        let file = File::open(&path).or_cannot(format_args!("read {}", path.display()))?;
        let cookie = meeting.act(|conference, _| Ok(conference.next_cookie())).await?;
        let prepared = replaying.prepare(ACTIONS, cookie.into()).await;
        prepared.or_cannot("announce the upload")?;
        let lengths = (self.packed_bytes, self.unpacked_bytes);
        recorded_package::send(meeting, cookie, file, lengths, out::printable(&self.title)).await
    }
}

/// Returns the name of the called method.
fn method(call: &RecordedCall) -> Option<&'static str> {
    let interface = ActionsServerProxy::<()>::DESC;
    let index = i8::try_from(call.method).ok()?;
    let method = interface.method(index, call.version)?;
    (call.interface == interface.name).then_some(method.name)
}

/// Describes a call for people: its content and its method.
fn describe(call: &RecordedCall) -> String {
    let Some(method) = method(call) else {
        return format!("method {} of {}", call.method, call.interface);
    };
    let text = String::decode(&mut Decoder::new(&call.arguments)).unwrap_or_default();
    let title = match Manifest::parse(&text) {
        Ok(Manifest::CreateContent(content)) if method == CREATE => content.common.title,
        _ => text,
    };
    let mut words = String::new();
    for letter in method.trim_start_matches('s').chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    format!("{words} \"{title}\"")
}
