use clap::{Args, Subcommand};
use serde_json::{Value, json};
use ureq::http::Method;

use crate::{
    admin::ServerArgs,
    failure::{Failure, Result},
    out,
};

/// Create, list, show and end meetings
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom meeting create team --title \"The team\"
  psom meeting list
  psom meeting show team --json
  psom meeting end team")]
pub struct Meeting {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Create a meeting and print its id
    Create {
        /// The meeting's id; by default the server makes one.
        id: Option<String>,
        /// A title for people.
        #[arg(long)]
        title: Option<String>,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// List the meetings
    List {
        /// Print what the server says as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show who and what is in a meeting
    Show {
        /// The meeting.
        id: String,
        /// Print what the server says as JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// End a meeting: everybody leaves, and what was shared is deleted
    End {
        /// The meeting.
        id: String,
        #[command(flatten)]
        server: ServerArgs,
    },
}

impl Meeting {
    pub async fn run(self) -> Result {
        match self.action {
            Action::Create { id, title, server } => create(&server, id, title).await,
            Action::List { json, server } => {
                let answer = server.open()?.ask(Method::GET, &[], None).await?;
                if json { out::line(answer) } else { list(&answer) }
            }
            Action::Show { id, json, server } => {
                let answer = server.open()?.ask(Method::GET, &[&id], None).await?;
                if json { out::line(answer) } else { show(&answer) }
            }
            Action::End { id, server } => {
                server.open()?.ask(Method::DELETE, &[&id], None).await.map(drop)
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
    let answer = server.open()?.ask(Method::POST, &[], Some(meeting)).await?;
    match answer["id"].as_str() {
        Some(id) => out::line(out::printable(id)),
        None => Err(Failure::new("the server created the meeting but gave no id; update psom")),
    }
}

fn list(answer: &Value) -> Result {
    answer["meetings"].as_array().into_iter().flatten().try_for_each(summary)
}

/// A line for a meeting: id, title, and how much is in it, or why that cannot be said.
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
    match meeting["counts"].is_null() {
        true => text(meeting, "problem"),
        false => format!("{} users, {} contents", count("users"), count("contents")),
    }
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

/// A field for people; nothing where there is none.
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
    fn a_meeting_that_is_silent_is_told_from_an_empty_one() {
        let counts = json!({ "users": 2, "connections": 3, "contents": 0 });
        assert_eq!(state(&json!({ "counts": counts })), "2 users, 0 contents");
        let silent = json!({ "counts": null, "problem": "the disk is full" });
        assert_eq!(state(&silent), "the disk is full");
    }
}
