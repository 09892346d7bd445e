use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use psom_objects::types::Role;
use psom_server::{Options, Server, store};

use super::{blobs, interrupted};
use crate::{
    failure::{Failure, Result},
    out,
};

/// How long clients have to take their leave.
const GRACE: Duration = Duration::from_secs(5);

/// Run a server
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom serve --demo
  psom serve --listen 0.0.0.0:8057 --http 0.0.0.0:8058 --https --host meet.example.com
  psom serve --data /var/lib/psom --listen 127.0.0.1:0 --http 127.0.0.1:0
  AWS_REGION=eu-central-1 psom serve --files s3://bucket/prefix

S3 is configured by the environment variables AWS_REGION, AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT and their like; it needs a psom built with --features s3.

It needs no configuration: what is missing in the data directory is made. It ends with SIGINT or
SIGTERM, after every client was told, and with status 1 where nothing can be saved any more. While
the disk is full it waits.")]
pub struct Serve {
    /// Where the conference listens; port 0 takes a free one.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8057")]
    listen: String,
    /// Where admission and files are served.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8058")]
    http: String,
    /// Serve admission and files over TLS; needed beyond this machine.
    #[arg(long)]
    https: bool,
    /// The name or address by which clients reach this machine, where it is another.
    #[arg(long)]
    host: Option<String>,
    /// The data directory.
    #[arg(long, value_name = "DIR", default_value = "psom-data")]
    data: PathBuf,
    /// An object store for the meetings' files: s3://BUCKET/PREFIX, in the place of the data
    /// directory. Nobody else may use this prefix.
    #[arg(long, value_name = "URL")]
    files: Option<String>,
    /// What is never lost of a meeting, once somebody has seen it.
    #[arg(long, default_value = "full")]
    durability: Durability,
    /// Create the meeting `demo` and print links to join it.
    #[arg(long)]
    demo: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Durability {
    /// Nothing, even where the power fails; every change waits for the disk.
    Full,
    /// Nothing where only the server is killed; faster. Where the power fails, the last moments.
    Process,
}

impl Serve {
    pub async fn run(self) -> Result {
        let Self { listen, http, https, host, data, files, durability, demo } = self;
        let durability = match durability {
            Durability::Full => store::Durability::Full,
            Durability::Process => store::Durability::Process,
        };
        let blobs = blobs(files);
        let options = Options {
            listen,
            http,
            https,
            host,
            data,
            blobs,
            durability,
            demo,
            ..Options::default()
        };
        // From here on a signal is not lost, also where it comes before the server is ready.
        let interrupted = interrupted()?;
        let server =
            Server::start(options).await.map_err(|error| Failure::new(error.to_string()))?;
        for demo in server.demo_links() {
            let role = match demo.role {
                Role::Organizer => "organizer",
                Role::Presenter => "presenter",
                Role::Attendee => "attendee",
            };
            let strong = out::STRONG;
            out::line(format_args!("{strong}{role:<10}{strong:#} {}", demo.link))?;
        }
        let result = tokio::select! {
            () = interrupted => Ok(()),
            error = server.failed() => Err(Failure::new(match error {
                error @ store::Error::Taken(_) => error.to_string(),
                error => format!(
                    "{error}; mend that and start the server again: what was acknowledged is there"
                ),
            })),
        };
        server.shutdown(GRACE).await;
        result
    }
}
