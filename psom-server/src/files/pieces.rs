//! A file that is read while it is sent.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::{StreamExt, stream::BoxStream};
use tokio::{
    fs::File,
    io::{AsyncRead, ReadBuf},
};

/// How much of a file on the disk is in memory at once.
const WINDOW: usize = 64 << 10;

/// So many bytes of a file, piece by piece.
pub(crate) struct Pieces {
    source: Source,
    left: u64,
}

enum Source {
    File(File),
    /// What an object store sends, in the pieces in which it comes.
    Stream(BoxStream<'static, io::Result<Bytes>>),
}

impl Pieces {
    pub(super) fn of_file(file: File, length: u64) -> Self {
        Self { source: Source::File(file), left: length }
    }

    pub(super) fn of_stream(stream: BoxStream<'static, io::Result<Bytes>>, length: u64) -> Self {
        Self { source: Source::Stream(stream), left: length }
    }

    /// How many bytes are still to come.
    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// Reads on. A file that is shorter than it should be is an error.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        if self.left == 0 {
            return Poll::Ready(Ok(None));
        }
        let mut piece = match &mut self.source {
            Source::File(file) => ready!(read(file, self.left, cx))?,
            Source::Stream(stream) => loop {
                match ready!(stream.poll_next_unpin(cx)).transpose()? {
                    Some(piece) if piece.is_empty() => {}
                    piece => break piece.unwrap_or_default(),
                }
            },
        };
        if piece.is_empty() {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        piece.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= piece.len() as u64;
        Poll::Ready(Ok(Some(piece)))
    }
}

/// The next bytes of a file; none at its end.
fn read(file: &mut File, most: u64, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
    let size = usize::try_from(most).unwrap_or(WINDOW).min(WINDOW);
    let mut buffer = vec![0; size];
    let mut read = ReadBuf::new(&mut buffer);
    ready!(Pin::new(file).poll_read(cx, &mut read))?;
    let count = read.filled().len();
    buffer.truncate(count);
    Poll::Ready(Ok(buffer.into()))
}
