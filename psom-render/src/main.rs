//! The `psom-render` program. `psom` starts it to decode and draw pictures, within limits of memory
//! and time.
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![expect(clippy::print_stderr, reason = "a program reports its failure there")]

mod board;
mod jpeg;
mod limits;
mod pdf;
mod picture;
mod svg;

use std::{
    io::{self, Read as _},
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};
use psom_render::{BoardPicture, Frame, PageRemarks, Picture, one_line};

/// Decodes and draws pictures for `psom`, which starts this program when it needs one.
///
/// Reads a file from standard input and writes messages to standard output.
#[derive(Debug, Parser)]
#[command(name = psom_render::PROGRAM, version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// The upper bound on the memory of the process in MiB, without the file.
    #[arg(long, default_value_t = psom_render::MAX_MEMORY_BYTES >> 20)]
    memory_mib: u64,
    /// The upper bound on the processor time for one page or picture, in seconds.
    #[arg(long, default_value_t = 60)]
    page_seconds: u64,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Draw the pages of a PDF as JPEGs
    Pages(Pages),
    /// Check the JPEG of a slide, and make its thumbnail
    Slide,
    /// Check a PNG or a JPEG for a board, and rotate it as its EXIF orientation says
    Board,
    /// Draw an SVG as a PNG
    Svg,
}

#[derive(Debug, Args)]
struct Pages {
    /// The long side of a page in pixels.
    #[arg(long)]
    size: u16,
    /// The quality of the JPEGs: 1 to 100.
    #[arg(long)]
    quality: u8,
}

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", psom_render::PROGRAM);
            ExitCode::FAILURE
        }
    }
}

impl Cli {
    fn run(self) -> io::Result<()> {
        let mut file = Vec::new();
        io::stdin().lock().read_to_end(&mut file)?;
        limits::limit_memory((self.memory_mib << 20) + file.len() as u64);
        let page_seconds = self.page_seconds.max(1);
        let working = pdf::in_thread(move || {
            let output = io::stdout().lock();
            match self.command {
                Command::Pages(Pages { size, quality }) => {
                    pdf::draw(file, output, size, quality, |pages| {
                        limits::limit_processor_time((pages as u64 + 1) * page_seconds);
                    })
                }
                Command::Slide => {
                    limits::limit_processor_time(page_seconds);
                    match picture::from_jpeg(file) {
                        Ok(picture) => Frame::Page { remarks: PageRemarks::default() }
                            .write(Some(&picture), output),
                        Err(error) => undrawable(one_line(&error.to_string())).write(None, output),
                    }
                }
                Command::Board => {
                    limits::limit_processor_time(page_seconds);
                    one(board::read(file), output)
                }
                Command::Svg => {
                    limits::limit_processor_time(page_seconds);
                    one(svg::draw(&file), output)
                }
            }
        })?;
        working.join().unwrap_or_else(|_| Err(io::Error::other("the program failed")))
    }
}

/// Writes the message of a command that makes one picture.
fn one(drawn: Result<(BoardPicture, Vec<u8>), String>, output: impl io::Write) -> io::Result<()> {
    match drawn {
        Ok((picture, jpeg)) => {
            Frame::Board(picture).write(Some(&Picture { jpeg, thumbnail: Vec::new() }), output)
        }
        Err(why) => undrawable(why).write(None, output),
    }
}

fn undrawable(why: String) -> Frame {
    Frame::Undrawable { why }
}
