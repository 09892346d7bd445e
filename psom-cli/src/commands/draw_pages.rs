use clap::Args;

use crate::{
    error::{OrCannot, Result},
    slides::{DrawLimits, draw_pages},
};

/// Draw the pages of a PDF for `psom slides`
///
/// Reads the PDF from standard input and writes messages to standard output. `psom slides` starts this
/// command, because a PDF can demand any amount of memory and time.
#[derive(Debug, Args)]
pub struct DrawPages {
    /// The long side of a page in pixels.
    #[arg(long)]
    size: u16,
    /// The quality of the JPEGs.
    #[arg(long)]
    quality: u8,
    /// How long a page may take.
    #[arg(long)]
    page_seconds: u64,
    /// Upper bound on the memory of the process, without the file.
    #[arg(long)]
    memory_mib: u64,
}

impl DrawPages {
    /// Draws the pages. Blocks, and limits the memory of this process.
    pub fn run(&self) -> Result {
        let limits =
            DrawLimits { memory_bytes: self.memory_mib << 20, page_seconds: self.page_seconds };
        draw_pages(self.size, self.quality, limits).or_cannot("draw the pages")
    }
}
