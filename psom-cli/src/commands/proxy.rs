use std::{path::PathBuf, sync::Arc, time::Duration};

use clap::Args;
use psom_server::{
    proxy::{self, ProxyOptions},
    tls::{ALTERNATIVE_NAME, Identity},
};

use crate::{
    error::{OrCannot as _, Result},
    signals::interrupted,
    terminal::{
        logs::{LogArgs, LogFormat},
        out,
    },
};

/// The time that the proxy waits at shutdown for connections to close.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

/// Run a forwarding proxy in front of a server
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom proxy --upstream 127.0.0.1:8057 --header-file header
  psom proxy --listen 0.0.0.0:8059 --upstream 10.0.0.7:8057 --ca ca.pem --header-file header

A client has to send the header first (mode \"fwdtls\"). The proxy closes the connection of any
other client without an answer. It ends on SIGINT or SIGTERM.")]
pub(crate) struct Proxy {
    /// The address for clients. Port 0 selects a free port.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8059")]
    listen: String,
    /// The address of the server.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8057")]
    upstream: String,
    /// A file with the header, 1 to 4,096 bytes. The header is a secret, so it is not an argument:
    /// every user of the machine can read the command line.
    #[arg(long, value_name = "FILE")]
    header_file: PathBuf,
    /// The certificate authority of the server; by default, the one in the data directory.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// The name in the server's certificate.
    #[arg(long, value_name = "NAME", default_value = ALTERNATIVE_NAME)]
    upstream_name: String,
    /// The name or address under which clients reach the proxy, for its certificate.
    #[arg(long)]
    host: Option<String>,
    /// The directory with the proxy's certificate. In a server's data directory, the proxy uses the
    /// server's certificate.
    #[arg(long, value_name = "DIR", default_value = "psom-data")]
    data: PathBuf,
    #[command(flatten)]
    logs: LogArgs,
}

impl Proxy {
    /// Returns the form of the logs.
    pub(crate) fn log_format(&self) -> LogFormat {
        self.logs.log_format
    }

    pub(crate) async fn run(self) -> Result {
        let interrupted = interrupted()?;
        let making = format!("write to {}", self.data.display());
        std::fs::create_dir_all(&self.data).or_cannot(making)?;
        let hosts: Vec<_> = self.host.as_deref().into_iter().collect();
        let own = Identity::open(&self.data, &hosts)?;
        let upstream_tls = match &self.ca {
            Some(ca) => {
                let reading = format!("read {}", ca.display());
                psom::tls::client(&std::fs::read(ca).or_cannot(&reading)?).or_cannot(reading)?
            }
            None => Arc::clone(&own.client),
        };
        let reading = format!("read {}", self.header_file.display());
        let header = std::fs::read(&self.header_file).or_cannot(reading)?;
        let options =
            ProxyOptions::new(self.listen, self.upstream, header, own.server, upstream_tls);
        let options = ProxyOptions { upstream_name: self.upstream_name, ..options };
        let proxy = proxy::run(options).await?;
        out::line(format_args!("Listening on {}.", proxy.local_addr()))?;
        interrupted.await;
        proxy.shutdown(SHUTDOWN_GRACE).await;
        Ok(())
    }
}
