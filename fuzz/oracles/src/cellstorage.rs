//! The HTTP layer of cell storage: bodies of requests and their answers.

use std::{collections::BTreeMap, time::SystemTime};

use bytes::Bytes;
use fsshttpb::atom::Guid;
use psom_cellstorage::{
    document::{Caller, Document, Revision},
    soap::{Framing, Requests, Responses},
};

/// Reads a body as XML and as MTOM. Checks that a document answers its requests without a panic,
/// and that the answers can be read.
pub fn requests(bytes: &[u8]) {
    let body = Bytes::copy_from_slice(bytes);
    for content_type in ["text/xml", "multipart/related; boundary=b"] {
        let Ok((requests, framing)) = Requests::read(content_type, &body) else { continue };
        let (file, time) = (Bytes::from_static(b"text"), SystemTime::UNIX_EPOCH);
        let revision = Revision::of(&file, 1, Default::default(), time);
        let document =
            Document::new("a.docx".into(), "1".into(), vec![revision], Some(file), Guid([1; 16]));
        let mut document = document.expect("a file has a store");
        let caller = Caller { may_write: true, ..Caller::default() };
        let mut answers = vec![];
        for request in &requests.requests {
            let (answer, change) = document.answer(request, &caller, &BTreeMap::new(), time);
            document = change.document;
            answers.push(answer);
        }
        let count = answers.len();
        let framing = if framing == Framing::Bare { Framing::Bare } else { Framing::Soap };
        let (content_type, body) = Responses::new("http://a".into(), answers).write(framing, "u");
        let read = Responses::read(&content_type, &body.into()).expect("our own answer");
        assert_eq!(read.responses.len(), count);
    }
}
