use std::pin::pin;

use anstyle::Style;
use clap::Args;
use psom_objects::client::{Event, Model};

use super::interrupted;
use crate::{failure::Result, joined::LinkArgs, out};

/// Print what happens in a meeting, one line an event
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom watch LINK
  psom watch LINK --json | jq 'select(.event == \"titled\").title'

The first lines are the state of the meeting. It ends with the meeting, or when it is
interrupted.")]
pub struct Watch {
    #[command(flatten)]
    link: LinkArgs,
    /// Print each event as a JSON object.
    #[arg(long)]
    json: bool,
}

impl Watch {
    pub async fn run(self) -> Result {
        let mut joined = self.link.enter().await?;
        let mut interrupted = pin!(interrupted()?);
        loop {
            let event = tokio::select! {
                event = joined.next() => event?,
                () = &mut interrupted => break,
            };
            let Some(event) = event else { break };
            // The model as it was before still knows what is removed.
            let line = self.line(&event, &joined.model);
            // What only says again how things are is for programs.
            if joined.model.apply(&event) || self.json {
                out::line(line)?;
            }
        }
        joined.leave().await
    }

    fn line(&self, event: &Event, model: &Model) -> String {
        if self.json {
            return event.to_json();
        }
        let style = match event {
            Event::ActiveContent { .. } | Event::ActivePresenter { .. } => out::STRONG,
            _ => Style::new(),
        };
        format!("{style}{}{style:#}", event.line(model))
    }
}
