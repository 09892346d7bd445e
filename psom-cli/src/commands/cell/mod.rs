//! `psom cell`: messages and documents of Office's cell storage (MS-FSSHTTPB), a file per command.

mod apply;
mod chunk;
mod decode;
mod encode;
mod file;
mod get;
mod input;
mod output;
mod put;
mod remote;
mod serve;

use clap::{Args, Subcommand};

use self::{
    apply::Apply, chunk::Chunk, decode::Decode, encode::Encode, file::File, get::Get, put::Put,
    serve::Serve,
};
use crate::error::Result;

/// Read, write and serve Office's cell storage (MS-FSSHTTP, MS-FSSHTTPB)
#[derive(Debug, Args)]
pub struct Cell {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Decode(Decode),
    Encode(Encode),
    File(File),
    Apply(Apply),
    Chunk(Chunk),
    Get(Get),
    Put(Put),
    Serve(Serve),
}

impl Cell {
    /// Reports whether the command runs until it is interrupted, and handles the signal itself.
    pub fn handles_signals(&self) -> bool {
        matches!(self.command, Command::Serve(_))
    }

    pub async fn run(self) -> Result {
        match self.command {
            Command::Decode(decode) => decode.run(),
            Command::Encode(encode) => encode.run(),
            Command::File(file) => file.run(),
            Command::Apply(apply) => apply.run(),
            Command::Chunk(chunk) => chunk.run(),
            Command::Get(get) => get.run().await,
            Command::Put(put) => put.run().await,
            Command::Serve(serve) => serve.run().await,
        }
    }
}
