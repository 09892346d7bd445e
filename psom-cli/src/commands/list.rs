use clap::Args;
use psom_objects::client::{ContentModel, Model};
use serde_json::{Value, json};

use crate::{
    error::Result,
    meeting::session::LinkArgs,
    render::names::{audience, content_type, user},
    terminal::{out, table},
};

/// List the contents of the meeting
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom list LINK
  psom list LINK --json | jq -r '.title'")]
pub(crate) struct ContentList {
    #[command(flatten)]
    link: LinkArgs,
    /// Print each content as a JSON object.
    #[arg(long)]
    json: bool,
}

impl ContentList {
    pub(crate) async fn run(self) -> Result {
        let model = self.link.in_meeting(async |meeting| meeting.read(Model::clone).await).await?;
        if self.json {
            for (id, content) in &model.contents {
                out::line(out::printable_json(&as_json(*id, content, &model).to_string()))?;
            }
            return Ok(());
        }
        if model.contents.is_empty() {
            return out::line("The meeting has no contents.");
        }
        let rows = model.contents.values().map(|content| row(content, &model));
        table::print(["TITLE", "TYPE", "OWNER", "SIZE", "VISIBLE TO", ""], rows)
    }
}

fn row(content: &ContentModel, model: &Model) -> [String; 6] {
    let noun = content_type(&content.kind).map(|noun| noun.trim_start_matches("a "));
    [
        content.title.clone().unwrap_or_default(),
        noun.unwrap_or(&content.kind).to_owned(),
        content.owner.map_or_else(String::new, |owner| user(model, owner)),
        size(content),
        content.visibility.map_or_else(String::new, audience),
        if content.presented { "on the stage".to_owned() } else { String::new() },
    ]
}

/// Returns the size in the unit that people count a content in.
fn size(content: &ContentModel) -> String {
    if let Some(count) = content.slides.as_ref().and_then(|slides| slides.count) {
        return out::counted(count as usize, "slide", "slides");
    }
    if let Some(file) = &content.file {
        return out::counted(usize::try_from(file.size).unwrap_or(0), "byte", "bytes");
    }
    if let Some(poll) = &content.poll {
        return out::counted(poll.choices.len(), "choice", "choices");
    }
    if let Some(board) = &content.board {
        return out::counted(board.annotations.len(), "annotation", "annotations");
    }
    String::new()
}

fn as_json(id: i64, content: &ContentModel, model: &Model) -> Value {
    json!({
        "content": id,
        "title": content.title,
        "type": content.kind,
        "owner": content.owner.map(|owner| user(model, owner)),
        "bytes": content.file.as_ref().map(|file| file.size),
        "slides": content.slides.as_ref().and_then(|slides| slides.count),
        "visibility": content.visibility.map(|visibility| visibility.to_string()),
        "created": content.creation_time.as_ref().map(|time| format!("{time}Z")),
        "onStage": content.presented,
    })
}
