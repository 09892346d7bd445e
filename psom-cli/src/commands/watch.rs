use std::pin::pin;

use anstyle::Style;
use clap::Args;
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

/// Print what happens in a meeting, one event per line
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom watch LINK
  psom watch LINK --json | jq 'select(.event == \"titled\").title'

The first lines are the state of the meeting. The command runs until the meeting ends or until it
is interrupted. JSON numbers slides from 0, as the protocol does; everywhere else they are numbered
from 1.")]
pub struct Watch {
    #[command(flatten)]
    link: LinkArgs,
    /// Print each event as a JSON object.
    #[arg(long)]
    json: bool,
}

impl Watch {
    pub async fn run(self) -> Result {
        let (lines, mut received) = queue::queue();
        let watcher = Watcher { as_json: self.json, line: String::new(), lines };
        let connection = self.link.connect(watcher).await?;
        let mut interrupted = pin!(interrupted()?);
        loop {
            let next = tokio::select! {
                next = received.next() => next,
                () = &mut interrupted => return connection.close().await,
            };
            match next {
                Some(Line::Event(line)) => out::line(line)?,
                None if received.is_overrun() => return Err(overrun()),
                Some(Line::End) | None => break,
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

enum Line {
    Event(String),
    End,
}

/// Turns the events of a meeting into lines.
struct Watcher {
    as_json: bool,
    /// The line of the current event.
    line: String,
    lines: Sender<Line>,
}

impl Listener for Watcher {
    fn before(&mut self, event: &Event, model: &Model) {
        self.line = if self.as_json { json(event) } else { text(event, model) };
    }

    fn changed(&mut self, event: Event, is_change: bool) {
        let line = std::mem::take(&mut self.line);
        if event == Event::Ended {
            self.lines.send(Line::End, size_of::<Line>());
        } else if is_change || self.as_json {
            // Answers and repetitions are of interest to programs only.
            let bytes = size_of::<Line>() + line.len();
            self.lines.send(Line::Event(line), bytes);
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
