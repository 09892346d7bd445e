use clap::{Args, Subcommand};
use serde_json::{Value, json};
use ureq::http::Method;

use crate::{
    error::{CommandError, Result},
    http::admin::ServerArgs,
    terminal::out,
};

/// Create, list, show and end meetings
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom meeting create team --title \"The team\"
  psom meeting list
  psom meeting show team --json
  psom meeting end team")]
pub(crate) struct MeetingCommand {
    #[command(subcommand)]
    action: MeetingAction,
}

#[derive(Debug, Subcommand)]
enum MeetingAction {
    /// Create a meeting and print its ID
    Create {
        /// The meeting's ID; by default the server makes one.
        id: Option<String>,
        /// The title.
        #[arg(long)]
        title: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// List the meetings
    List {
        /// Print the server's answer as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show who and what is in a meeting
    Show {
        /// The meeting.
        id: String,
        /// Print the server's answer as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// End a meeting: everybody leaves, and all contents are deleted
    End {
        /// The meeting.
        id: String,
        #[command(flatten)]
        server: ServerArgs,
    },
}

impl MeetingCommand {
    pub(crate) async fn run(self) -> Result {
        match self.action {
            MeetingAction::Create { id, title, server } => create(&server, id, title).await,
            MeetingAction::List { json, server } => {
                let answer = server.open()?.meetings(Method::GET, &[], None).await?;
                if json { out::line(answer) } else { list(&answer) }
            }
            MeetingAction::Show { id, json, server } => {
                let answer = server.open()?.meetings(Method::GET, &[&id], None).await?;
                if json { out::line(answer) } else { show(&answer) }
            }
            MeetingAction::End { id, server } => {
                server.open()?.meetings(Method::DELETE, &[&id], None).await.map(drop)
            }
        }
    }
}

async fn create(server: &ServerArgs, id: Option<String>, title: Option<String>) -> Result {
    let mut meeting = json!({});
    for (name, value) in [("id", id), ("title", title)] {
        if let Some(value) = value {
            meeting[name] = value.into();
        }
    }
    let answer = server.open()?.meetings(Method::POST, &[], Some(meeting)).await?;
    match answer["id"].as_str() {
        Some(id) => out::line(out::printable(id)),
        None => {
            Err(CommandError::new("the server created the meeting but gave no ID; update psom"))
        }
    }
}

fn list(answer: &Value) -> Result {
    answer["meetings"].as_array().into_iter().flatten().try_for_each(summary)
}

/// Prints a line for a meeting: its ID, its title, and its counts or its problem.
fn summary(meeting: &Value) -> Result {
    let strong = out::STRONG;
    let title = text(meeting, "title");
    let title = if title.is_empty() { title } else { format!("  {title}") };
    let state = state(meeting);
    let id = text(meeting, "id");
    out::line(format_args!("{strong}{id}{strong:#}{title}  {state}"))
}

fn state(meeting: &Value) -> String {
    let count = |what: &str| meeting["counts"][what].as_u64().unwrap_or(0);
    if meeting["counts"].is_null() {
        return text(meeting, "problem");
    }
    format!("{} users, {} contents", count("users"), count("contents"))
}

fn show(meeting: &Value) -> Result {
    summary(meeting)?;
    for user in meeting["users"].as_array().into_iter().flatten() {
        let (name, role) = (text(user, "displayName"), text(user, "role"));
        out::line(format_args!("  user     {name}  {}  {role}", text(user, "uri")))?;
    }
    for content in meeting["contents"].as_array().into_iter().flatten() {
        let stage = if content["presented"] == true { "  on the stage" } else { "" };
        let (title, visibility) = (text(content, "title"), text(content, "visibility"));
        out::line(format_args!("  content  {title}  visible to {visibility}{stage}"))?;
    }
    Ok(())
}

/// Returns a field as printable text; empty if it is missing.
fn text(value: &Value, field: &str) -> String {
    match &value[field] {
        Value::String(text) => out::printable(text),
        Value::Null => String::new(),
        other => out::printable(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meeting_with_a_problem_is_not_shown_as_empty() {
        let counts = json!({ "users": 2, "connections": 3, "contents": 0 });
        assert_eq!(state(&json!({ "counts": counts })), "2 users, 0 contents");
        let broken = json!({ "counts": null, "problem": "the disk is full" });
        assert_eq!(state(&broken), "the disk is full");
    }
}
