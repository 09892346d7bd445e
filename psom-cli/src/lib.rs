//! The `psom` program: a conferencing server, and its clients on the command line.
//!
//! It is a library with one function so that the tests of this package run it with every feature.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(feature = "cell")]
mod cell;
mod cli;
mod clock;
mod commands;
mod drawing;
mod error;
mod files;
mod http;
mod meeting;
mod memory;
mod render;
mod renderer;
mod signals;
mod slides;
mod terminal;
mod xml;

use std::{process::ExitCode, time::Duration};

use cli::Cli;
use error::{CommandError, OrCannot as _};
use signals::INTERRUPTED_STATUS;
use terminal::{logs, out};

/// The time that the runtime waits at the end for blocked threads, such as a read from an unresponsive
/// network.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// Runs the program with the arguments of the process, and returns its exit status.
pub fn main() -> ExitCode {
    let result = Cli::from_command_line().and_then(|cli| {
        logs::start(cli.default_log(), cli.log_format());
        run(cli)
    });
    match result {
        Ok(()) | Err(CommandError::OutputClosed) => ExitCode::SUCCESS,
        Err(CommandError::Message(message) | CommandError::Unreachable(message)) => {
            out::error(&message);
            ExitCode::FAILURE
        }
        Err(CommandError::Status { status, message }) => {
            out::error(&message);
            ExitCode::from(status)
        }
        Err(CommandError::Interrupted) => {
            out::error("interrupted");
            ExitCode::from(INTERRUPTED_STATUS)
        }
    }
}

/// Runs a command in the runtime.
fn run(cli: Cli) -> error::Result {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.or_cannot("start")?;
    let result = runtime.block_on(async {
        let result = cli.run().await;
        meeting::closing::finish().await;
        result
    });
    runtime.shutdown_timeout(SHUTDOWN_TIMEOUT);
    result
}
