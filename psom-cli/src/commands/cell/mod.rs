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
    apply::Apply, chunk::Chunk, decode::CellDecode, encode::CellEncode, file::File, get::CellGet,
    put::Put, serve::CellServe,
};
use crate::error::Result;

/// Read, write and serve Office's cell storage (MS-FSSHTTP, MS-FSSHTTPB)
#[derive(Debug, Args)]
pub(crate) struct Cell {
    #[command(subcommand)]
    command: CellCommand,
}

#[derive(Debug, Subcommand)]
enum CellCommand {
    Decode(CellDecode),
    Encode(CellEncode),
    File(File),
    Apply(Apply),
    Chunk(Chunk),
    Get(CellGet),
    Put(Put),
    Serve(CellServe),
}

impl Cell {
    /// Reports whether the command runs until it is interrupted, and handles the signal itself.
    pub(crate) fn handles_signals(&self) -> bool {
        matches!(self.command, CellCommand::Serve(_))
    }

    pub(crate) async fn run(self) -> Result {
        match self.command {
            CellCommand::Decode(decode) => decode.run(),
            CellCommand::Encode(encode) => encode.run(),
            CellCommand::File(file) => file.run(),
            CellCommand::Apply(apply) => apply.run(),
            CellCommand::Chunk(chunk) => chunk.run(),
            CellCommand::Get(get) => get.run().await,
            CellCommand::Put(put) => put.run().await,
            CellCommand::Serve(serve) => serve.run().await,
        }
    }
}
