use std::pin::pin;

use anstyle::Style;
use clap::Args;
use psom_objects::client::{Event, Model, PollEvent};

use super::interrupted;
use crate::{failure::Result, joined::LinkArgs, out};

/// Print what happens in a meeting, one line an event
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom watch LINK
  psom watch LINK --json | jq 'select(.event == \"titled\").title'

The first lines are the state of the meeting. It ends with the meeting, or when it is
interrupted. In JSON, slides are counted from 0, as in the protocol; everywhere else from 1.")]
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
            let Some(event) = event else {
                let line = match self.json {
                    true => Event::Ended.to_json(),
                    false => "The meeting has ended, or the server has stopped.".to_owned(),
                };
                out::line(line)?;
                break;
            };
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
        if let Event::Poll { id, event: PollEvent::Results { results } } = event
            && let Some(content) = model.contents.get(id)
            && content.poll.as_ref().is_some_and(|poll| !poll.visible_to_all)
            && results.iter().all(|votes| *votes == 0)
        {
            // Those who do not see the results are told zeros.
            let title = out::printable(content.title.as_deref().unwrap_or_default());
            return format!("The results of \"{title}\" are hidden, or nobody has voted.");
        }
        let style = match event {
            Event::ActiveContent { .. } | Event::ActivePresenter { .. } => out::STRONG,
            _ => Style::new(),
        };
        format!("{style}{}{style:#}", event.line(model))
    }
}
