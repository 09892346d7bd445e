use std::{
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anstyle::Style;
use clap::Args;
use psom_client::queue::{self, Receiver, Sender};
#[cfg(feature = "cell")]
use psom_objects::client::ContentEvent;
use psom_objects::client::{Event, Listener, Model};
use tokio::time::timeout;

use crate::{
    error::Result,
    meeting::{
        rejoining::{REJOINING, is_lost, join_again},
        session::{Connection, LinkArgs, overrun},
    },
    render::{event, names::user, news},
    signals::interrupted,
    terminal::out,
};
#[cfg(feature = "cell")]
use crate::{meeting::documents::Documents, render::document as render};

/// Print what happens in a meeting, one event per line
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom watch LINK
  psom watch LINK --json | jq 'select(.event == \"titled\").title'

The first lines are the state of the meeting. The command runs until the meeting ends or until it
is interrupted, which leaves the meeting. If the server restarts, the command joins again with the same
invitation. JSON numbers slides from 0, as the protocol does; everywhere else they are numbered
from 1.")]
pub(crate) struct Watch {
    #[command(flatten)]
    link: LinkArgs,
    /// Print each event as a JSON object.
    #[arg(long)]
    json: bool,
    /// Print all events, also those that are details of others.
    #[arg(long)]
    all: bool,
}

/// The time that the line about a user who leaves waits for the same user to join under another name. The
/// server sends both at once.
const RENAME_WAIT: Duration = Duration::from_millis(200);

/// The line for programs when the connection is lost and the command joins again.
const REJOINING_JSON: &str = r#"{"event":"lost"}"#;

impl Watch {
    pub(crate) async fn run(self) -> Result {
        let mut watching = Some(self.link.enter_by(async || self.join(false).await).await?);
        let mut interrupted = pin!(interrupted()?);
        while let Some(watching_now) = watching.take() {
            let ended = tokio::select! {
                ended = self.follow(watching_now.lines) => ended,
                () = &mut interrupted => return watching_now.connection.close().await,
            };
            ended?;
            let ended = watching_now.connection.ended().await;
            if !self.link.can_join_again()? {
                ended?;
                break;
            }
            is_lost(ended)?;
            let mut line = Some(if self.json { REJOINING_JSON } else { REJOINING });
            watching = tokio::select! {
                joined = join_again(&mut line, async || self.join(true).await) => joined?,
                () = &mut interrupted => return Ok(()),
            };
        }
        if self.json {
            out::line(json(&Event::Ended))
        } else {
            out::line("The meeting has ended, or the server has stopped.")
        }
    }

    /// Joins the meeting. If it is joined again, the state that people have already seen is not printed.
    async fn join(&self, again: bool) -> Result<Watching> {
        let (lines, received) = queue::queue();
        let lines = Arc::new(Mutex::new(lines));
        #[cfg(feature = "cell")]
        let (titles, documents) = {
            let titles = Titles::default();
            let (json, known, lines) = (self.json, Arc::clone(&titles), Arc::clone(&lines));
            let documents = Documents::reporting(move |id, event| {
                let title = lock(&known).get(&id).cloned().unwrap_or_default();
                if let Some(line) = render::line(json, id, &title, event) {
                    send(&lines, line);
                }
            });
            (titles, documents)
        };
        let watcher = Watcher {
            as_json: self.json,
            is_detailed: self.all,
            is_silent: again && !self.json,
            line: None,
            lines,
            #[cfg(feature = "cell")]
            titles,
        };
        #[cfg(feature = "cell")]
        let connection = self.link.connect_with(watcher, documents).await?;
        #[cfg(not(feature = "cell"))]
        let connection = self.link.connect(watcher).await?;
        Ok(Watching { connection, lines: received })
    }

    /// Prints the lines until the connection has ended.
    async fn follow(&self, mut received: Receiver<WatchLine>) -> Result {
        let mut following = None;
        loop {
            let next = match following.take() {
                Some(line) => Some(line),
                None => received.next().await,
            };
            match next {
                Some(WatchLine::Event(line) | WatchLine::Joined { line, .. }) => out::line(line)?,
                Some(WatchLine::Left { id, name, line }) => {
                    following = timeout(RENAME_WAIT, received.next()).await.ok().flatten();
                    match &following {
                        Some(WatchLine::Joined { id: same, name: new, .. }) if *same == id => {
                            // The same user has run another command under the same name, so there is
                            // no change to print.
                            if name != *new {
                                let (name, new) = (out::printable(&name), out::printable(new));
                                out::line(format_args!("{name} is now called {new}."))?;
                            }
                            following = None;
                        }
                        _ => out::line(line)?,
                    }
                }
                None if received.is_overrun() => return Err(overrun()),
                Some(WatchLine::End) | None => return Ok(()),
            }
        }
    }
}

/// A connection and the lines about its meeting.
struct Watching {
    connection: Connection,
    lines: Receiver<WatchLine>,
}

enum WatchLine {
    Event(String),
    Joined { id: i64, name: String, line: String },
    Left { id: i64, name: String, line: String },
    End,
}

/// Turns the events of a meeting into lines.
struct Watcher {
    as_json: bool,
    is_detailed: bool,
    /// True while the state of a meeting that was joined again arrives, whose lines are not printed.
    is_silent: bool,
    /// The line of the current event, if it has one.
    line: Option<WatchLine>,
    lines: Lines,
    #[cfg(feature = "cell")]
    titles: Titles,
}

/// The queue of lines. It is shared by the listeners for documents and for all other events.
type Lines = Arc<Mutex<Sender<WatchLine>>>;

/// The titles of the contents, for the events of documents.
#[cfg(feature = "cell")]
type Titles = Arc<Mutex<std::collections::BTreeMap<i64, String>>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(feature = "cell")]
fn send(lines: &Lines, line: String) {
    let bytes = size_of::<WatchLine>() + line.len();
    lock(lines).send(WatchLine::Event(line), bytes);
}

impl Watcher {
    /// Reports whether the lines are those for people.
    fn is_plain(&self) -> bool {
        !self.as_json && !self.is_detailed
    }
}

impl Listener for Watcher {
    fn before(&mut self, event: &Event, model: &Model) {
        #[cfg(feature = "cell")]
        if let Event::Content { id, event: ContentEvent::Titled { title } } = event {
            lock(&self.titles).insert(*id, title.clone());
        }
        self.is_silent &= !model.is_complete();
        let line = if self.is_silent {
            None
        } else if self.as_json {
            Some(json(event))
        } else if self.is_detailed {
            Some(text(event, event::line(event, model)))
        } else {
            news::line(event, model).map(|line| text(event, line))
        };
        self.line = line.map(|line| match event {
            Event::UserAdded { id, user } if self.is_plain() => {
                WatchLine::Joined { id: *id, name: user.name.clone(), line }
            }
            Event::UserRemoved { id } if self.is_plain() => {
                WatchLine::Left { id: *id, name: user(model, *id), line }
            }
            _ => WatchLine::Event(line),
        });
    }

    fn changed(&mut self, event: Event, is_change: bool) {
        let line = self.line.take();
        if event == Event::Ended {
            lock(&self.lines).send(WatchLine::End, size_of::<WatchLine>());
        } else if let Some(line) = line.filter(|_| is_change || self.as_json) {
            // People do not need answers and repetitions, so only JSON contains them.
            let text = match &line {
                WatchLine::Event(text)
                | WatchLine::Joined { line: text, .. }
                | WatchLine::Left { line: text, .. } => text.len(),
                WatchLine::End => 0,
            };
            lock(&self.lines).send(line, size_of::<WatchLine>() + text);
        }
    }
}

fn json(event: &Event) -> String {
    // Events consist of strings, numbers and lists under fixed names, which can be serialized.
    out::printable_json(&serde_json::to_string(event).unwrap_or_default())
}

fn text(event: &Event, line: String) -> String {
    let style = match event {
        Event::ActiveContent { .. } | Event::ActivePresenter { .. } => out::STRONG,
        _ => Style::new(),
    };
    format!("{style}{line}{style:#}")
}
