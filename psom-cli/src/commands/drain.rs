use std::time::Duration;

use clap::Args;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use ureq::http::Method;

use crate::{
    error::{CommandError, Result},
    http::admin::{Admin, ServerArgs},
    terminal::out::{self, counted},
};

/// The time between two questions about the progress.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The time without progress after which the command gives up.
const MAX_STANDSTILL: Duration = Duration::from_secs(60);

/// Hand all meetings of a cluster's server over to the others
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom drain                     # lists the servers of the cluster
  psom drain 7f3a9c01            # then that server can be stopped or updated

The server accepts no new meetings and gives each of its meetings to the server with the fewest. People in
the meetings join again by themselves within a second or so. The command ends when the server has no
meetings. Any server of the cluster can be asked; a restarted server accepts meetings again.")]
pub(crate) struct Drain {
    /// The server, as the list shows it.
    node: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

impl Drain {
    pub(crate) async fn run(self) -> Result {
        let admin = self.server.open()?;
        let Some(node) = self.node else { return list(&admin).await };
        admin.nodes(Method::POST, &[&node, "drain"]).await?;
        let (mut left, mut since) = (u64::MAX, Instant::now());
        loop {
            let answer = admin.nodes(Method::GET, &[]).await?;
            let nodes = answer["nodes"].as_array().into_iter().flatten();
            let known = nodes.into_iter().find(|known| known["id"] == node.as_str());
            match known.and_then(|known| known["meetings"].as_u64()) {
                None | Some(0) => {
                    return out::line("The server has no meetings; it can be stopped.");
                }
                Some(now) if now < left => (left, since) = (now, Instant::now()),
                Some(_) if since.elapsed() > MAX_STANDSTILL => {
                    return Err(CommandError::new(format!(
                        "the server still has {}; check that another server of the cluster runs and is \
                         not being drained, and see the log",
                        counted(usize::try_from(left).unwrap_or(usize::MAX), "meeting", "meetings")
                    )));
                }
                Some(_) => {}
            }
            sleep(POLL_INTERVAL).await;
        }
    }
}

/// Prints the servers of the cluster.
async fn list(admin: &Admin) -> Result {
    let answer = admin.nodes(Method::GET, &[]).await?;
    let nodes = answer["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    if nodes.is_empty() {
        return Err(CommandError::new("the server is not part of a cluster"));
    }
    for node in nodes {
        let text = |name: &str| out::printable(node[name].as_str().unwrap_or_default());
        let meetings = node["meetings"].as_u64().unwrap_or_default();
        let meetings = usize::try_from(meetings).unwrap_or(usize::MAX);
        let draining =
            if node["draining"] == Value::Bool(true) { ", is being drained" } else { "" };
        let meetings = counted(meetings, "meeting", "meetings");
        out::line(format_args!("{}  {}  {meetings}{draining}", text("id"), text("http")))?;
    }
    Ok(())
}
