//! `psom cell`: messages and documents of Office's cell storage (MS-FSSHTTPB), a file per command.

mod get;

use clap::{Args, Subcommand};

use self::get::Get;
use crate::error::Result;

/// Read, write and serve Office's cell storage (MS-FSSHTTP, MS-FSSHTTPB)
#[derive(Debug, Args)]
pub struct Cell {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Get(Get),
}

impl Cell {
    pub async fn run(self) -> Result {
        match self.command {
            Command::Get(get) => get.run().await,
        }
    }
}
