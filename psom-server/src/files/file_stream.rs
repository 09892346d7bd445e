use std::{
    fs::File,
    io::{self, Read as _},
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// Bytes of a file on the disk that are in memory at a time. Each read costs a switch to a blocking
/// thread, so small buffers are slow.
const READ_BUFFER_BYTES: u64 = 64 << 10;

/// A range of a stored file, read while it is sent.
pub(crate) struct FileStream {
    /// The chunks of the disk, or those of an object store as they arrive.
    chunks: BoxStream<'static, io::Result<Bytes>>,
    left: u64,
}

impl FileStream {
    /// Creates a stream of the next `length` bytes of a file. Each read needs a permit of `readers`.
    pub(super) fn of_file(file: File, length: u64, readers: Arc<Semaphore>) -> Self {
        let chunks = stream::try_unfold((file, length), move |(file, left)| {
            let readers = Arc::clone(&readers);
            async move {
                let permit = readers.acquire_owned().await.map_err(io::Error::other)?;
                let read = spawn_blocking(move || {
                    // A download that ends keeps its permit until the read has ended.
                    let _permit = permit;
                    read(file, left.min(READ_BUFFER_BYTES))
                });
                let (file, chunk) = read.await??;
                let left = left.saturating_sub(chunk.len() as u64);
                Ok((!chunk.is_empty()).then_some((chunk, (file, left))))
            }
        });
        Self::of_stream(chunks.boxed(), length)
    }

    pub(super) fn of_stream(chunks: BoxStream<'static, io::Result<Bytes>>, length: u64) -> Self {
        Self { chunks, left: length }
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
        while self.left > 0 {
            let chunk = ready!(self.chunks.poll_next_unpin(cx)).transpose()?;
            let mut chunk = chunk.ok_or(io::ErrorKind::UnexpectedEof)?;
            if chunk.is_empty() {
                continue;
            }
            chunk.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
            self.left -= chunk.len() as u64;
            return Poll::Ready(Ok(Some(chunk)));
        }
        Poll::Ready(Ok(None))
    }
}

/// Reads up to `max_bytes` of a file, with one request to the system if it has the bytes. The result is empty at the end
/// of the file.
fn read(mut file: File, max_bytes: u64) -> io::Result<(File, Bytes)> {
    let mut chunk = vec![0; usize::try_from(max_bytes).unwrap_or(usize::MAX)];
    let count = loop {
        match file.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            count => break count?,
        }
    };
    chunk.truncate(count);
    Ok((file, chunk.into()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::{future::poll_fn, io::Write as _};

    use futures_util::FutureExt as _;

    use super::*;

    const BYTES: [u8; 3] = [1, 2, 3];

    fn stream(length: u64, readers: &Arc<Semaphore>) -> FileStream {
        let file = tempfile::NamedTempFile::new().unwrap();
        file.as_file().write_all(&BYTES).unwrap();
        FileStream::of_file(file.reopen().unwrap(), length, Arc::clone(readers))
    }

    #[tokio::test]
    async fn read_waits_until_a_permit_is_free() {
        let readers = Arc::new(Semaphore::new(1));
        let mut stream = stream(3, &readers);
        let busy = readers.acquire().await.unwrap();
        assert!(poll_fn(|cx| stream.poll_next(cx)).now_or_never().is_none());
        drop(busy);
        let chunk = poll_fn(|cx| stream.poll_next(cx)).await.unwrap();
        assert_eq!(chunk.as_deref(), Some(&BYTES[..]));
        assert_eq!(poll_fn(|cx| stream.poll_next(cx)).await.unwrap(), None);
        assert_eq!(readers.available_permits(), 1);
    }

    #[tokio::test]
    async fn file_that_ends_before_the_range_is_an_error() {
        let mut stream = stream(4, &Arc::new(Semaphore::new(1)));
        let chunk = poll_fn(|cx| stream.poll_next(cx)).await.unwrap();
        assert_eq!((chunk.as_deref(), stream.left()), (Some(&BYTES[..]), 1));
        let error = poll_fn(|cx| stream.poll_next(cx)).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
