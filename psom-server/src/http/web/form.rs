//! Finds the file in a form, `multipart/form-data` (RFC 7578), while the form arrives. It buffers at most
//! two frames of the body and the head of one part, never the body of a part.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};
use multer::{Field, Multipart};

use super::refusal::UploadRefusal;

/// Number of bytes that the parser may buffer while it looks for the end of a part's head. A head
/// has the name of a file and two or three short headers.
const MAX_HEAD_BYTES: usize = 8 << 10;

/// Upper bound on the parts of a form. Browsers send one part for the file and one for each other
/// field.
const MAX_PARTS: usize = 100;

/// A form that arrives frame by frame.
pub(super) struct Form {
    parts: Multipart<'static>,
    /// The part whose body arrives.
    part: Option<Field<'static>>,
    /// Whether this part is the file.
    in_file: bool,
    has_file: bool,
    part_count: usize,
    /// Upper bound on the bytes that the parser buffers.
    buffered: Arc<AtomicUsize>,
}

impl Form {
    /// Returns the form in a body of this content type.
    ///
    /// # Errors
    ///
    /// The content type is not that of a form.
    pub(super) fn new(
        content_type: &str,
        body: impl Stream<Item = Result<Bytes, UploadRefusal>> + Send + 'static,
    ) -> Result<Self, UploadRefusal> {
        let boundary = multer::parse_boundary(content_type)
            .ok()
            .filter(|boundary| !boundary.is_empty())
            .ok_or(UploadRefusal::Malformed("the body is not a form"))?;
        let buffered = Arc::new(AtomicUsize::new(0));
        let parts = Multipart::new(frames(body, Arc::clone(&buffered)), boundary);
        Ok(Self { parts, part: None, in_file: false, has_file: false, part_count: 0, buffered })
    }

    /// Returns the next bytes of the first file in the form, or `None` after the end of the form.
    ///
    /// # Errors
    ///
    /// The form is malformed, has no file, or cannot be received.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, UploadRefusal> {
        loop {
            while let Some(part) = &mut self.part {
                let data = part.chunk().await?;
                self.buffered.store(0, Ordering::Relaxed);
                match data {
                    Some(data) if self.in_file => return Ok(Some(data)),
                    Some(_) => {}
                    None => self.part = None,
                }
            }
            let Some(part) = self.parts.next_field().await? else { break };
            self.buffered.store(0, Ordering::Relaxed);
            self.part_count += 1;
            if self.part_count > MAX_PARTS {
                return Err(UploadRefusal::Malformed("the form has too many parts"));
            }
            // A browser sends an empty name for a field without a file.
            let is_file = part.file_name().is_some_and(|name| !name.is_empty());
            self.in_file = is_file && !self.has_file;
            self.has_file |= is_file;
            self.part = Some(part);
        }
        if self.has_file {
            Ok(None)
        } else {
            Err(UploadRefusal::Malformed("there is no file in the form"))
        }
    }
}

/// Limits how much of the body the parser buffers. The parser reads every frame that is ready before it
/// parses, so this stream yields to the executor before each frame.
fn frames(
    body: impl Stream<Item = Result<Bytes, UploadRefusal>> + Send + 'static,
    buffered: Arc<AtomicUsize>,
) -> impl Stream<Item = Result<Bytes, UploadRefusal>> + Send + 'static {
    // The parser may not have seen the last frame yet, so its length does not count.
    stream::unfold((Box::pin(body), buffered, 0), |(mut body, buffered, last)| async move {
        tokio::task::yield_now().await;
        if buffered.load(Ordering::Relaxed) > MAX_HEAD_BYTES + last {
            let refusal = UploadRefusal::Malformed("the head of a part is too long");
            return Some((Err(refusal), (body, buffered, 0)));
        }
        let frame = body.next().await?;
        let last = frame.as_ref().map_or(0, Bytes::len);
        buffered.fetch_add(last, Ordering::Relaxed);
        Some((frame, (body, buffered, last)))
    })
}

impl From<multer::Error> for UploadRefusal {
    fn from(error: multer::Error) -> Self {
        match error {
            multer::Error::StreamReadFailed(source) => match source.downcast() {
                Ok(refusal) => *refusal,
                Err(_) => Self::Malformed("the form is truncated"),
            },
            _ => Self::Malformed("the form is malformed or truncated"),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/form-data; boundary=X-17";

    /// Parses a body that arrives in frames of this size.
    async fn read_as(
        content_type: &str,
        body: &[u8],
        size: usize,
    ) -> Result<Vec<u8>, UploadRefusal> {
        let frames: Vec<_> = body.chunks(size).map(|f| Ok(Bytes::copy_from_slice(f))).collect();
        let mut form = Form::new(content_type, stream::iter(frames))?;
        let mut file = Vec::new();
        while let Some(data) = form.next().await? {
            file.extend_from_slice(&data);
        }
        Ok(file)
    }

    async fn read(body: &str, size: usize) -> Result<Vec<u8>, UploadRefusal> {
        read_as(TYPE, body.as_bytes(), size).await
    }

    fn malformed(result: Result<Vec<u8>, UploadRefusal>) -> &'static str {
        match result {
            Err(UploadRefusal::Malformed(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    fn part(disposition: &str, body: &str) -> String {
        format!("--X-17\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{body}\r\n")
    }

    #[tokio::test]
    async fn first_file_is_found_for_every_frame_size() {
        let content = "a\r\n--X-1\r\r\n-\r\n--X--17\r\n\r\n--\r";
        let body = [
            "preamble\r\n".to_owned(),
            part("name=\"note\"", "not a file; filename=\"x\""),
            part("name=\"none\"; filename=\"\"", ""),
            part("name=\"a\"; filename=\"a;\\\"b\\\".txt\"\r\nContent-Type: text/plain", content),
            part("name=\"b\"; filename=\"second.txt\"", "another"),
            "--X-17--\r\nepilogue --X-17".to_owned(),
        ]
        .concat();
        for size in 1..=body.len() {
            assert_eq!(read(&body, size).await.unwrap(), content.as_bytes(), "{size}");
        }
    }

    #[tokio::test]
    async fn large_parts_are_not_buffered() {
        let large = "\r\n".repeat(500_000);
        let body = [part("name=\"a\"", &large), part("name=\"b\"; filename=\"b\"", &large)];
        let body = format!("{}--X-17--", body.concat());
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&taken);
        // Every frame is ready at once, as from a client that is faster than the disk.
        let frames: Vec<_> = body.as_bytes().chunks(1000).map(Bytes::copy_from_slice).collect();
        let frames = stream::iter(frames).map(move |frame| {
            counter.fetch_add(frame.len(), Ordering::Relaxed);
            Ok(frame)
        });
        let mut form = Form::new(TYPE, frames).unwrap();
        let mut read = part("name=\"a\"", &large).len();
        while let Some(data) = form.next().await.unwrap() {
            read += data.len();
            assert!(taken.load(Ordering::Relaxed) < read + 3000);
        }
        assert!(read > 2 * large.len());
    }

    #[tokio::test]
    async fn files_are_distinguished_from_fields() {
        for (disposition, is_file) in [
            ("name=\"a\"; filename=\"a\"", true),
            ("name=a; filename=a", true),
            ("filename = \"C:\\dir\\a.txt\"", true),
            ("name=\"ü\"; filename=\"ü\"", true),
            ("name=\"filename=b\"", false),
            ("name=\"a\"; filename=\"\"", false),
            ("name=\"a\"; filename=\"a", false),
            ("name", false),
            ("", false),
        ] {
            let body = format!("{}--X-17--", part(disposition, "content"));
            let file = read(&body, 7).await;
            if is_file {
                assert_eq!(file.unwrap(), b"content", "{disposition}");
            } else {
                assert_eq!(malformed(file), "there is no file in the form", "{disposition}");
            }
        }
    }

    #[tokio::test]
    async fn malformed_forms_are_refused() {
        let good = part("filename=\"a\"", "content");
        for (body, why) in [
            (String::new(), "the form is malformed or truncated"),
            ("--X-17--".into(), "there is no file in the form"),
            (good.clone(), "the form is malformed or truncated"),
            (format!("{good}--X-17-"), "the form is malformed or truncated"),
            (format!("{good}--X-17"), "the form is malformed or truncated"),
            (format!("{good}--X-17xy"), "the form is malformed or truncated"),
            (format!("{good}--X-17-x"), "the form is malformed or truncated"),
            ("x".repeat(20_000), "the head of a part is too long"),
            (format!("--X-17\r\nA: {}", "x".repeat(20_000)), "the head of a part is too long"),
            (part("name=\"a\"", "").repeat(101), "the form has too many parts"),
        ] {
            for size in [1, 1000] {
                assert_eq!(malformed(read(&body, size).await), why, "{body:.80}");
            }
        }
        let blanks = format!("{}--X-17--", good.replace("--X-17\r\n", "--X-17 \t \r\n"));
        assert_eq!(read(&blanks, 1).await.unwrap(), b"content");
    }

    #[tokio::test]
    async fn form_needs_a_boundary() {
        let body = format!("{}--X-17--", part("filename=\"a\"", "content"));
        for content_type in [
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=\"\r\n\"",
            "multipart/mixed; boundary=X-17",
            "application/x-www-form-urlencoded",
        ] {
            let file = read_as(content_type, body.as_bytes(), 100).await;
            assert_eq!(malformed(file), "the body is not a form", "{content_type}");
        }
        let other_case = "Multipart/Form-Data;charset=utf-8; Boundary=\"X-17\"";
        assert_eq!(read_as(other_case, body.as_bytes(), 100).await.unwrap(), b"content");
    }
}
