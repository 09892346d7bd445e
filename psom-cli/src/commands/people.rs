use clap::Args;
use psom_objects::client::Model;
use serde_json::json;

use crate::{
    error::Result,
    meeting::session::LinkArgs,
    terminal::{out, table},
};

/// List the people in the meeting
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom people LINK
  psom people LINK --json | jq -r '.name'

You are one of them while the command runs. The protocol does not announce the roles of others.")]
pub(crate) struct People {
    #[command(flatten)]
    link: LinkArgs,
    /// Print each person as a JSON object.
    #[arg(long)]
    json: bool,
}

impl People {
    pub(crate) async fn run(self) -> Result {
        let model = self.link.in_meeting(async |meeting| meeting.read(Model::clone).await).await?;
        let presents = |id: i64| model.active_presenter == Some(id);
        let present = model.users.iter().filter(|(_, user)| !user.is_gone);
        if self.json {
            for (id, user) in present {
                let presents = presents(*id);
                let person =
                    json!({ "user": id, "name": user.name, "uri": user.uri, "presents": presents });
                out::line(out::printable_json(&person.to_string()))?;
            }
            return Ok(());
        }
        let rows = present.map(|(id, user)| {
            let stage = if presents(*id) { "is presenting" } else { "" };
            [user.name.clone(), user.uri.clone(), stage.to_owned()]
        });
        table::print(["NAME", "ADDRESS", ""], rows)
    }
}
