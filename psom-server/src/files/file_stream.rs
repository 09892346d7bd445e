use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
#[cfg(any(test, feature = "object-store"))]
use futures_util::{StreamExt as _, stream::BoxStream};
use tokio::{
    fs::File,
    io::{AsyncRead as _, ReadBuf},
};

/// Bytes of a file on the disk that are in memory at a time. Each read costs a switch to a blocking
/// thread, so small buffers are slow.
const READ_BUFFER_BYTES: usize = 64 << 10;

/// A range of a stored file, read while it is sent.
pub(crate) struct FileStream {
    source: StreamSource,
    left: u64,
}

enum StreamSource {
    File(File),
    /// The answer of an object store, in the chunks in which it arrives.
    #[cfg(any(test, feature = "object-store"))]
    Remote(BoxStream<'static, io::Result<Bytes>>),
}

impl FileStream {
    pub(super) fn of_file(file: File, length: u64) -> Self {
        Self { source: StreamSource::File(file), left: length }
    }

    #[cfg(any(test, feature = "object-store"))]
    pub(super) fn of_stream(stream: BoxStream<'static, io::Result<Bytes>>, length: u64) -> Self {
        Self { source: StreamSource::Remote(stream), left: length }
    }

    /// Returns the number of bytes that are still to come.
    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// Reads the next chunk, or `None` at the end of the range.
    ///
    /// # Errors
    /// Reading fails, or the file ends before the range does.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        if self.left == 0 {
            return Poll::Ready(Ok(None));
        }
        let mut chunk = match &mut self.source {
            StreamSource::File(file) => ready!(read(file, self.left, cx))?,
            #[cfg(any(test, feature = "object-store"))]
            StreamSource::Remote(stream) => loop {
                match ready!(stream.poll_next_unpin(cx)).transpose()? {
                    Some(chunk) if chunk.is_empty() => {}
                    chunk => break chunk.unwrap_or_default(),
                }
            },
        };
        if chunk.is_empty() {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        chunk.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= chunk.len() as u64;
        Poll::Ready(Ok(Some(chunk)))
    }
}

/// Reads up to `max_bytes` of a file. The result is empty at the end of the file.
fn read(file: &mut File, max_bytes: u64, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
    let size = usize::try_from(max_bytes).unwrap_or(READ_BUFFER_BYTES).min(READ_BUFFER_BYTES);
    let mut buffer = vec![0; size];
    let mut read = ReadBuf::new(&mut buffer);
    ready!(Pin::new(file).poll_read(cx, &mut read))?;
    let count = read.filled().len();
    buffer.truncate(count);
    Poll::Ready(Ok(buffer.into()))
}
