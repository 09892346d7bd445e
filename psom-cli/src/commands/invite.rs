use clap::Args;
use psom_client::JoinCredential;
use psom_objects::types::Role;
use serde_json::{Value, json};
use ureq::http::Method;

use super::args;
use crate::{
    error::{CommandError, Result},
    http::admin::ServerArgs,
    meeting::{link, texts},
    terminal::out,
};

/// Print a link with which a user joins a meeting
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom invite team --name Ada --role organizer
  psom invite team --name Alan --browser
  psom invite team --name Grace --uri sip:grace@example.com
  psom watch \"$(psom invite team --name Watcher)\"
  psom invite team --revoke LINK

The link stays valid as long as the meeting exists, and can be used repeatedly. With --once, it is
valid for one connection within two minutes. Links with the same address are for the same user.")]
pub(crate) struct Invite {
    /// The meeting.
    meeting: String,
    /// The name that others see.
    #[arg(long, required_unless_present = "revoke")]
    name: Option<String>,
    /// Revoke a link of the meeting: the link, or its first characters as `psom meeting links`
    /// prints them. Users who have joined by it stay.
    #[arg(long, value_name = "LINK", conflicts_with_all = ["name", "role", "uri", "once", "browser"])]
    revoke: Option<String>,
    /// The user's role.
    #[arg(long, default_value = "attendee", value_parser = args::role())]
    role: Role,
    /// The user's address; by default made from the name.
    #[arg(long)]
    uri: Option<String>,
    /// Make a link for one connection in the next two minutes.
    #[arg(long)]
    once: bool,
    /// Print the address of the page at which a browser joins.
    #[arg(long, conflicts_with = "once")]
    browser: bool,
    #[command(flatten)]
    server: ServerArgs,
}

impl Invite {
    pub(crate) async fn run(self) -> Result {
        if let Some(link) = &self.revoke {
            return self.revoke(link).await;
        }
        let name = self.name.unwrap_or_default();
        texts::check_name(&name)?;
        let uri = self.uri.unwrap_or_else(|| address(&name));
        let user = json!({ "uri": uri, "displayName": name, "role": self.role });
        let kind = if self.once { "users" } else { "invitations" };
        let path = [self.meeting.as_str(), kind];
        let answer = self.server.open()?.meetings(Method::POST, &path, Some(user)).await?;
        let name = if self.browser { "joinPage" } else { "joinLink" };
        match answer[name].as_str() {
            Some(link) => out::line(link),
            None => Err(CommandError::new("the server gave no join link; update psom")),
        }
    }

    async fn revoke(&self, link: &str) -> Result {
        let server = self.server.open()?;
        let secret = if link.contains("://") {
            let link = link::parse(link)?;
            let JoinCredential::Invitation { secret, .. } = link.credential else {
                return Err(CommandError::new(
                    "this link is for one connection only and expires after two minutes, so it cannot be \
                     revoked; wait until it has expired",
                ));
            };
            secret
        } else {
            let path = [self.meeting.as_str(), "invitations"];
            let answer = server.meetings(Method::GET, &path, None).await?;
            secret_with(&answer, link)?
        };
        let path = [self.meeting.as_str(), "invitations", secret.as_str()];
        server.meetings(Method::DELETE, &path, None).await.map(drop)
    }
}

/// Returns the secret that begins with these characters, which `psom meeting links` has printed.
fn secret_with(answer: &Value, start: &str) -> Result<String> {
    let all = answer["invitations"].as_array().into_iter().flatten();
    let secrets = all.filter_map(|link| link["invite"].as_str());
    let matching: Vec<_> = secrets.filter(|secret| secret.starts_with(start)).collect();
    match &matching[..] {
        [secret] if !start.is_empty() => Ok((*secret).to_owned()),
        _ => Err(CommandError::new(format!(
            "the meeting has no link {start:?}; `psom meeting links` lists the links"
        ))),
    }
}

/// Makes an address from a name: everything but letters and digits becomes a dot. The random part
/// keeps two users of one name apart.
fn address(name: &str) -> String {
    let number = rand::random::<u32>();
    let parts = name.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    let user = parts.collect::<Vec<_>>().join(".").to_lowercase();
    let user = if user.is_empty() { "guest" } else { user.as_str() };
    format!("sip:{user}.{number:08x}@psom.invalid")
}
