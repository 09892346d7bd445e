use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    fs::File,
    io::{AsyncRead, ReadBuf},
};

/// How much of a file is in memory at once.
const WINDOW: usize = 64 << 10;

/// So many bytes of a file, piece by piece.
pub(super) struct Pieces {
    file: File,
    left: u64,
}

impl Pieces {
    pub(super) fn new(file: File, length: u64) -> Self {
        Self { file, left: length }
    }

    /// How many bytes are still to come.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Reads on. A file that is shorter than it should be is an error.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Vec<u8>>>> {
        if self.left == 0 {
            return Poll::Ready(Ok(None));
        }
        let size = usize::try_from(self.left).unwrap_or(WINDOW).min(WINDOW);
        let mut buffer = vec![0; size];
        let mut read = ReadBuf::new(&mut buffer);
        ready!(Pin::new(&mut self.file).poll_read(cx, &mut read))?;
        let count = read.filled().len();
        if count == 0 {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        buffer.truncate(count);
        self.left -= count as u64;
        Poll::Ready(Ok(Some(buffer)))
    }
}
