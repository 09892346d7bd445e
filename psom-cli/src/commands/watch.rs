use std::{
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anstyle::Style;
use clap::Args;
#[cfg(feature = "cell")]
use psom_objects::client::ContentEvent;
use psom_objects::client::{Event, Listener, Model};

use crate::{
    error::Result,
    meeting::{
        queue::{self, Sender},
        session::{LinkArgs, overrun},
    },
    render::event,
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
is interrupted. JSON numbers slides from 0, as the protocol does; everywhere else they are numbered
from 1.")]
pub(crate) struct Watch {
    #[command(flatten)]
    link: LinkArgs,
    /// Print each event as a JSON object.
    #[arg(long)]
    json: bool,
}

impl Watch {
    pub(crate) async fn run(self) -> Result {
        let (lines, mut received) = queue::queue();
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
            line: String::new(),
            lines,
            #[cfg(feature = "cell")]
            titles,
        };
        #[cfg(feature = "cell")]
        let connection = self.link.connect_with(watcher, documents).await?;
        #[cfg(not(feature = "cell"))]
        let connection = self.link.connect(watcher).await?;
        let mut interrupted = pin!(interrupted()?);
        loop {
            let next = tokio::select! {
                next = received.next() => next,
                () = &mut interrupted => return connection.close().await,
            };
            match next {
                Some(WatchLine::Event(line)) => out::line(line)?,
                None if received.is_overrun() => return Err(overrun()),
                Some(WatchLine::End) | None => break,
            }
        }
        connection.ended().await?;
        if self.json {
            out::line(json(&Event::Ended))
        } else {
            out::line("The meeting has ended, or the server has stopped.")
        }
    }
}

enum WatchLine {
    Event(String),
    End,
}

/// Turns the events of a meeting into lines.
struct Watcher {
    as_json: bool,
    /// The line of the current event.
    line: String,
    lines: Lines,
    #[cfg(feature = "cell")]
    titles: Titles,
}

/// The queue of lines. The events of documents and all others arrive in it.
type Lines = Arc<Mutex<Sender<WatchLine>>>;

/// The titles of the contents, for the events of documents.
#[cfg(feature = "cell")]
type Titles = Arc<Mutex<std::collections::BTreeMap<i64, String>>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn send(lines: &Lines, line: String) {
    let bytes = size_of::<WatchLine>() + line.len();
    lock(lines).send(WatchLine::Event(line), bytes);
}

impl Listener for Watcher {
    fn before(&mut self, event: &Event, model: &Model) {
        #[cfg(feature = "cell")]
        if let Event::Content { id, event: ContentEvent::Titled { title } } = event {
            lock(&self.titles).insert(*id, title.clone());
        }
        self.line = if self.as_json { json(event) } else { text(event, model) };
    }

    fn changed(&mut self, event: Event, is_change: bool) {
        let line = std::mem::take(&mut self.line);
        if event == Event::Ended {
            lock(&self.lines).send(WatchLine::End, size_of::<WatchLine>());
        } else if is_change || self.as_json {
            // Answers and repetitions are of interest to programs only.
            send(&self.lines, line);
        }
    }
}

fn json(event: &Event) -> String {
    // Events consist of strings, numbers and lists under fixed names, which can be serialized.
    out::printable_json(&serde_json::to_string(event).unwrap_or_default())
}

fn text(event: &Event, model: &Model) -> String {
    let style = match event {
        Event::ActiveContent { .. } | Event::ActivePresenter { .. } => out::STRONG,
        _ => Style::new(),
    };
    format!("{style}{}{style:#}", event::line(event, model))
}
