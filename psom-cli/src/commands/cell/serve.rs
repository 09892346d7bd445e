use std::{path::PathBuf, sync::Arc};

use clap::Args;
use psom_cellstorage::{Folder, cell_router, document::LockRules, loopback_only};
use tokio::net::TcpListener;

use crate::{
    error::{CommandError, OrCannot as _, Result},
    signals::interrupted,
    terminal::out,
};

/// Serve the documents of a folder to Office
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom cell serve Documents
  psom cell serve Documents --listen 127.0.0.1:0 --no-coauthoring

Every program that reaches the address can read and change the documents. The address must therefore be one
of this machine, and requests must name it as 127.0.0.1, [::1] or localhost. For other machines, put a web
server with TLS and a login in front of it that sends such a Host header. Old revisions are kept in the
folder `.psom-cell`.")]
pub(super) struct CellServe {
    /// The folder with the documents.
    folder: PathBuf,
    /// The address to listen on. Port 0 selects a free port.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8059")]
    listen: String,
    /// Let only one user edit a document at a time.
    #[arg(long)]
    no_coauthoring: bool,
}

impl CellServe {
    pub(super) async fn run(self) -> Result {
        let Self { folder, listen, no_coauthoring } = self;
        let interrupted = interrupted()?;
        let rules = LockRules { coauthoring: !no_coauthoring, ..LockRules::default() };
        let opened = Folder::open(&folder, rules);
        let documents = opened.or_cannot(format_args!("open {}", folder.display()))?;
        let listener = TcpListener::bind(&listen).await;
        let listener = listener.or_cannot(format_args!("listen on {listen}"))?;
        let address = listener.local_addr().or_cannot("read the address")?;
        if !address.ip().is_loopback() {
            let why =
                "documents are served without a login, so the address must be 127.0.0.1 or [::1]";
            return Err(CommandError::new(why));
        }
        out::line(format_args!(
            "Serving the documents of {} at http://{address}/",
            folder.display()
        ))?;
        let serving = axum::serve(listener, loopback_only(cell_router(Arc::new(documents))));
        serving.with_graceful_shutdown(interrupted).await.or_cannot("serve the documents")
    }
}
