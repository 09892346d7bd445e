use clap::{Args, Subcommand};
use serde_json::{Value, json};
use ureq::http::Method;

use crate::{
    error::{CommandError, Result},
    http::admin::ServerArgs,
    terminal::{out, table},
};

/// Create, list, show and end meetings
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom meeting create team --title \"The team\"
  psom meeting list
  psom meeting show team --json
  psom meeting links team
  psom meeting remove team Ada
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
    /// List the join links of a meeting; `psom invite` makes and revokes them
    Links {
        /// The meeting.
        id: String,
        /// Print the server's answer as JSON, with the links themselves.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Remove a person, who cannot come back with the same link
    #[command(after_help = "\
Example:
  psom meeting remove team Ada

The contents that the person has shared stay. A guest of an open link can come back as another guest; revoke
the link with `psom invite` to prevent that. A new invitation for the same address admits the person again.")]
    Remove {
        /// The meeting.
        id: String,
        /// The person: a name, an address, or a number, as `psom meeting show` prints them.
        person: String,
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
            MeetingAction::Links { id, json, server } => {
                let path = [id.as_str(), "invitations"];
                let answer = server.open()?.meetings(Method::GET, &path, None).await?;
                if json { out::line(answer) } else { links(&answer) }
            }
            MeetingAction::Remove { id, person, server } => remove(&server, &id, &person).await,
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

async fn remove(server: &ServerArgs, id: &str, person: &str) -> Result {
    let server = server.open()?;
    let meeting = server.meetings(Method::GET, &[id], None).await?;
    let users: Vec<_> = meeting["users"].as_array().into_iter().flatten().collect();
    let user = find(&users, person)?;
    let (number, name) = (user["id"].to_string(), text(user, "displayName"));
    server.meetings(Method::DELETE, &[id, "users", &number], None).await?;
    out::line(format_args!("{name} is removed from the meeting."))
}

/// Returns the user whom a name, an address or a number means.
fn find<'a>(users: &[&'a Value], person: &str) -> Result<&'a Value> {
    let fields =
        |user: &Value| [text(user, "uri"), user["id"].to_string(), text(user, "displayName")];
    let matching: Vec<_> =
        users.iter().filter(|it| fields(it).iter().any(|it| it == person)).collect();
    match &matching[..] {
        [user] => Ok(user),
        [] => {
            let names: Vec<_> = users.iter().map(|user| text(user, "displayName")).collect();
            let there = match &names[..] {
                [] => "nobody has joined it".into(),
                names => format!("there is {}", names.join(", ")),
            };
            let why = format!("nobody in the meeting is called {person:?}; {there}");
            Err(CommandError::new(why))
        }
        several => {
            let numbers: Vec<_> = several.iter().map(|user| user["id"].to_string()).collect();
            Err(CommandError::new(format!(
                "several people are called {person:?}; choose a number: {}",
                numbers.join(", ")
            )))
        }
    }
}

/// The number of characters of an invitation's secret that a list shows. They distinguish links, but are
/// too few to use one.
const SHOWN_SECRET_CHARS: usize = 8;

fn links(answer: &Value) -> Result {
    let links: Vec<_> = answer["invitations"].as_array().into_iter().flatten().collect();
    let rows = links.iter().map(|link| {
        let start = text(link, "invite").chars().take(SHOWN_SECRET_CHARS).collect();
        let name = match text(link, "displayName") {
            name if name.is_empty() => "anybody".to_owned(),
            name => name,
        };
        [start, text(link, "role"), name, text(link, "uri")]
    });
    table::print(["LINK", "ROLE", "FOR", "ADDRESS"], rows)
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
        let id = user["id"].to_string();
        out::line(format_args!("  user {id:<4}{name}  {}  {role}", text(user, "uri")))?;
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
    fn a_person_is_found_by_name_address_or_number() {
        let user = |id: i64, name: &str| json!({ "id": id, "displayName": name, "uri": format!("sip:{id}@h") });
        let (ada, bob, other) = (user(1, "Ada"), user(2, "Bob"), user(3, "Bob"));
        let users = [&ada, &bob, &other];
        let found = |person: &str| find(&users, person).map(|user| user["id"].as_i64()).ok();
        assert_eq!(found("Ada"), Some(Some(1)));
        assert_eq!(found("sip:3@h"), Some(Some(3)));
        assert_eq!(found("2"), Some(Some(2)));
        assert_eq!((found("Bob"), found("Carl")), (None, None));
    }

    #[test]
    fn unknown_person_is_refused_with_the_names_of_the_others() {
        let ada = json!({ "id": 1, "displayName": "Ada", "uri": "sip:ada@h" });
        let refusal = |users: &[&Value]| match find(users, "Carl") {
            Err(CommandError::Message(message)) => message,
            other => unreachable!("{other:?}"),
        };
        let unknown = "nobody in the meeting is called \"Carl\"";
        assert_eq!(refusal(&[&ada]), format!("{unknown}; there is Ada"));
        assert_eq!(refusal(&[]), format!("{unknown}; nobody has joined it"));
    }

    #[test]
    fn a_meeting_with_a_problem_is_not_shown_as_empty() {
        let counts = json!({ "users": 2, "connections": 3, "contents": 0 });
        assert_eq!(state(&json!({ "counts": counts })), "2 users, 0 contents");
        let broken = json!({ "counts": null, "problem": "the disk is full" });
        assert_eq!(state(&broken), "the disk is full");
    }
}
