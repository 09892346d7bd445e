use clap::{Args, ValueEnum};
use serde_json::json;
use ureq::http::Method;

use crate::{
    admin::ServerArgs,
    failure::{Failure, Result},
    out, texts,
};

/// Print a link by which somebody joins a meeting
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom invite team --name Ada --role organizer
  psom invite team --name Grace --uri sip:grace@example.com
  psom watch \"$(psom invite team --name Watcher)\"

The link is good for as long as the meeting, and as often as it is used; with --once it is good for
one connection within two minutes. Who joins with the same address is the same user.")]
pub struct Invite {
    /// The meeting.
    meeting: String,
    /// The name that others see.
    #[arg(long)]
    name: String,
    /// What the user may do.
    #[arg(long, default_value = "attendee")]
    role: Role,
    /// The user's address; by default one that is made of the name.
    #[arg(long)]
    uri: Option<String>,
    /// Make a link for one connection in the next two minutes.
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Role {
    /// Shares, presents; the meeting is theirs.
    Organizer,
    /// Shares and presents.
    Presenter,
    /// Sees what is shared.
    Attendee,
}

impl Invite {
    pub async fn run(self) -> Result {
        texts::check_name(&self.name)?;
        let role = match self.role {
            Role::Organizer => "organizer",
            Role::Presenter => "presenter",
            Role::Attendee => "attendee",
        };
        let uri = self.uri.unwrap_or_else(|| address(&self.name));
        let user = json!({ "uri": uri, "displayName": self.name, "role": role });
        let kind = if self.once { "users" } else { "invitations" };
        let path = [self.meeting.as_str(), kind];
        let answer = self.server.open()?.ask(Method::POST, &path, Some(user)).await?;
        match answer["joinLink"].as_str() {
            Some(link) => out::line(link),
            None => Err(Failure::new("the server gave no join link; update psom")),
        }
    }
}

/// An address for a name: letters and digits stay, everything else becomes a dot. Two people of one
/// name are two users, so each invitation has an address of its own.
fn address(name: &str) -> String {
    let number = rand::random::<u32>();
    let parts = name.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    let user = parts.collect::<Vec<_>>().join(".").to_lowercase();
    match user.is_empty() {
        true => format!("sip:guest.{number:08x}@psom.invalid"),
        false => format!("sip:{user}.{number:08x}@psom.invalid"),
    }
}
