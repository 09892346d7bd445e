//! Files go through a store, an answer and a client's store and come back as the same bytes.

use bytes::Bytes;
use fsshttpb::{
    atom::Guid,
    file::Chunking,
    message::{Operation, QueryChanges, Request, Response, SubRequest},
    object::types::Partition,
    store::{Ids, Received, Store},
};

use crate::{
    documents::{docx, noise, pptx, xlsx},
    support::capture,
};

/// Sends an operation to a server through bytes and returns the response.
pub(crate) fn ask(server: &mut Store, operation: Operation) -> Response {
    let sub = SubRequest::new(1, Partition::CONTENTS, operation);
    let request = Request::with(&[sub], Guid::NULL, 0).to_bytes();
    let response = server.answer(&Request::read(&request).unwrap()).to_bytes();
    Response::read(&response).unwrap()
}

fn query() -> Operation {
    Operation::QueryChanges(QueryChanges::default())
}

/// Copies a server's file to a new client.
pub(crate) fn open(server: &mut Store) -> Store {
    Store::from_response(&ask(server, query())).unwrap()
}

#[test]
fn documents_come_back_with_the_same_bytes() {
    let files = [
        ("docx", docx()),
        ("xlsx", xlsx()),
        ("pptx", pptx(12, 50_000, None)),
        ("large pptx", pptx(10, 4 * 1024 * 1024, None)),
        ("text", b"one line\n".repeat(300_000)),
        ("empty", vec![]),
        ("not quite a zip file", [b"PK\x03\x04".to_vec(), noise(3, 5_000)].concat()),
    ];
    for (name, file) in files {
        let mut server = Store::from_file(&file).unwrap();
        assert!(open(&mut server).file().unwrap() == file, "{name}");
    }
}

#[test]
fn the_upload_of_the_specification_yields_its_zip_file() {
    use sha2::Digest as _;
    let request = Request::read(&capture("fsshttpd_3_1")).unwrap();
    let mut store = Store::default();
    store.apply(request.put_changes().unwrap()).unwrap();
    let file = store.file().unwrap();
    assert_eq!(file.len(), 220);
    let digest = sha2::Sha256::digest(&file).into_iter().map(|byte| format!("{byte:02x}"));
    assert_eq!(
        digest.collect::<String>(),
        "45ca7c9472acf88ffae5bd27085adbef8dbd4c70c189c766c107b05a04305213"
    );
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(file)).unwrap();
    let names: Vec<_> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(names, ["Hello.txt", "World.txt"]);
    for name in ["Hello", "World"] {
        let mut text = String::new();
        let mut entry = archive.by_name(&format!("{name}.txt")).unwrap();
        std::io::Read::read_to_string(&mut entry, &mut text).unwrap();
        assert_eq!(text, name);
    }
}

#[test]
fn an_edit_of_one_slide_uploads_less_than_a_twentieth() {
    let (before, after) = (pptx(40, 500_000, None), pptx(40, 500_000, Some(17)));
    assert!(before.len() > 20_000_000);
    let mut server = Store::from_file(&before).unwrap();
    let mut client = open(&mut server);
    let mut ids = Ids::from_seed(b"client");
    for file in [&after, &before] {
        let file = Bytes::copy_from_slice(file);
        let put = client.edit(&file, &mut ids, &Chunking::default()).unwrap();
        let sub = SubRequest::new(1, Partition::CONTENTS, Operation::PutChanges(put.clone()));
        let request = Request::with(&[sub], Guid::NULL, 0).to_bytes();
        assert!(request.len() * 20 < file.len(), "{} of {} bytes", request.len(), file.len());
        let response = server.answer(&Request::read(&request).unwrap());
        assert_eq!(client.accept(&put, &response).unwrap(), Received::Complete);
        assert!(server.file().unwrap() == file);
        assert!(client.file().unwrap() == file);
    }
}

#[test]
fn an_insertion_into_a_text_uploads_less_than_a_tenth() {
    let before: Vec<u8> =
        (0..200_000u64).flat_map(|n| format!("{} ", n * n).into_bytes()).collect();
    let mut after = before.clone();
    after.splice(700_000..700_000, *b"some new words");
    let mut server = Store::from_file(&before).unwrap();
    let client = open(&mut server);
    let mut ids = Ids::from_seed(b"client");
    let put = client.edit(&Bytes::from(after.clone()), &mut ids, &Chunking::default()).unwrap();
    let sub = SubRequest::new(1, Partition::CONTENTS, Operation::PutChanges(put));
    let request = Request::with(&[sub], Guid::NULL, 0).to_bytes();
    assert!(request.len() * 10 < after.len(), "{} of {} bytes", request.len(), after.len());
    server.answer(&Request::read(&request).unwrap());
    assert!(server.file().unwrap() == after);
}
