//! Cell storage: messages, OneNote packages, nodes and chunks.

use bytes::Bytes;
use fsshttpb::{
    DecodeError,
    atom::{Blob, Guid},
    file::{Chunking, Node, SignatureRule, chunks},
    message::{Message, Operation, QueryChanges, Request, Response, SubRequest},
    object::types::Partition,
    package::Package,
    print,
    store::Store,
};

/// The maximum size of an input for which JSON is checked. JSON is slow for larger ones.
const MAX_JSON_INPUT_BYTES: usize = 4096;

fn check_error(error: &DecodeError, bytes: &[u8]) {
    assert!(error.offset <= bytes.len(), "{error} in {} bytes", bytes.len());
}

/// Checks that a message that was read gives the same bytes, also by way of JSON. Checks that a
/// store that receives it as a request or a response never panics, and that its answer can be read.
pub fn message(bytes: &[u8]) {
    let message = match Message::read(bytes) {
        Ok(message) => message,
        Err(error) => return check_error(&error, bytes),
    };
    assert_eq!(message.to_bytes(), bytes);
    let tree = print::message(&message);
    assert!(tree.lines().count() >= 2);
    if let Err(error) = print::check(message.root(), 12) {
        check_error(&error, bytes);
    }
    if bytes.len() <= MAX_JSON_INPUT_BYTES {
        let json = serde_json::to_string(&message).expect("a message is JSON");
        let again: Message = serde_json::from_str(&json).expect("our own JSON");
        assert_eq!(again.to_bytes(), bytes);
    }
    match message {
        Message::Request(request) => answer(&request),
        Message::Response(response) => receive(&response),
    }
}

fn answer(request: &Request) {
    let mut stores = [Store::default(), Store::from_file(b"text").expect("a file has a store")];
    for store in &mut stores {
        let file = store.file();
        let answer = store.answer(request).to_bytes();
        let answer = Response::read(&answer).expect("our own answer");
        assert_eq!(answer.sub_responses().len(), request.sub_requests().len());
        // After refused uploads, the file is the same.
        if answer.sub_responses().iter().all(|sub| sub.answer.is_err()) {
            assert_eq!(store.file(), file);
        }
        let _ = store.file();
    }
}

fn receive(response: &Response) {
    let Ok(store) = Store::from_response(response) else { return };
    let Ok(file) = store.file() else { return };
    let mut server = store;
    let query = Operation::QueryChanges(QueryChanges::default());
    let query = Request::with(&[SubRequest::new(1, Partition::CONTENTS, query)], Guid::NULL, 0);
    let answer = server.answer(&query);
    // Another cell of the same storage may be incomplete. Then the answer is an error.
    if let Ok(copy) = Store::from_response(&answer) {
        assert_eq!(copy.file().as_ref(), Ok(&file));
    }
}

/// Checks that a OneNote package that was read gives the same bytes, and that its store never
/// panics.
pub fn package(bytes: &[u8]) {
    let mut package = match Package::read(bytes) {
        Ok(package) => package,
        Err(error) => return check_error(&error, bytes),
    };
    assert_eq!(package.to_bytes(), bytes);
    let _ = print::element(&package.root, 68);
    let Ok(store) = package.store() else { return };
    let _ = store.file();
    if package.set_store(&store).is_ok() {
        let written = package.to_bytes();
        assert_eq!(Package::read(&written).expect("our own package").to_bytes(), written);
    }
}

/// Checks that a node that was read is written and read as the same node.
pub fn node(bytes: &[u8]) {
    match Node::read(&Blob::from(bytes)) {
        Ok(node) => assert_eq!(Node::read(&node.to_bytes().into()), Ok(node)),
        Err(error) => check_error(&error, bytes),
    }
}

/// Checks that the chunks of a file are its bytes in order, and that the file comes back from a
/// store.
pub fn file(bytes: &[u8]) {
    let file = Bytes::copy_from_slice(bytes);
    for signatures in [SignatureRule::Xored, SignatureRule::Concatenated] {
        let chunking = Chunking { signatures, part_bytes: 700, ..Chunking::default() };
        let list = chunks(&file, &chunking);
        let joined: Vec<_> = list.iter().map(|chunk| &chunk.data[..]).collect();
        assert_eq!(joined.concat(), bytes);
    }
    assert_eq!(Store::from_file(bytes).expect("a file has a store").file().as_deref(), Ok(bytes));
}
