//! The `psom` program: a conferencing server, and its clients on the command line.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod admin;
mod commands;
mod download;
mod events;
mod failure;
mod files;
mod guest;
mod http;
mod joined;
mod logs;
mod out;
mod patience;
mod progress;
mod slides;
mod texts;
mod upload;

use std::{process::ExitCode, time::Duration};

use clap::Parser;

use commands::Cli;
use failure::Failure;

/// The status of a program that was interrupted, as shells have it: 128 and the number of SIGINT.
const INTERRUPTED: u8 = 130;

fn main() -> ExitCode {
    let cli = Cli::parse();
    logs::start(cli.default_log());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(cli.run());
            // What still reads from a network that does not answer is not waited for.
            runtime.shutdown_timeout(Duration::from_secs(1));
            result
        }
        Err(error) => Err(Failure::new(format!("cannot start: {error}"))),
    };
    match result {
        Ok(()) | Err(Failure::NobodyListens) => ExitCode::SUCCESS,
        Err(Failure::Said(why)) => {
            out::error(&why);
            ExitCode::FAILURE
        }
        Err(Failure::Interrupted) => {
            out::error("interrupted");
            ExitCode::from(INTERRUPTED)
        }
    }
}
