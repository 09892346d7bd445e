//! Office documents without a server: a client opens a document from a response, changes it, and
//! uploads only the parts that changed. A second client that edited the old document is refused.
//!
//! `cargo run --example office_document`
#![expect(clippy::print_stdout, reason = "an example prints its results")]

use fsshttpb::{
    atom::Guid,
    file::Chunking,
    message::{CellCode, Operation, QueryChanges, Request, Response, SubRequest},
    object::types::Partition,
    print,
    store::{Ids, Store},
};
use psom_examples::Result;

/// Creates a request with one operation on the contents of the document.
fn request(operation: Operation) -> Request {
    let sub_request = SubRequest::new(1, Partition::CONTENTS, operation);
    Request::with(&[sub_request], Guid::NULL, 0)
}

/// Opens the document of a server as a client: the request and the response travel as bytes.
fn open(server: &mut Store) -> Result<Store> {
    let bytes = request(Operation::QueryChanges(QueryChanges::default())).to_bytes();
    let bytes = server.answer(&Request::read(&bytes)?).to_bytes();
    let response = Response::read(&bytes)?;
    println!("a response of {} bytes begins with these objects:", bytes.len());
    print::element(&response.root, 12).lines().take(4).for_each(|line| println!("  {line}"));
    Ok(Store::from_response(&response)?)
}

/// Creates the request that replaces the document. `client` identifies the client in the world.
fn upload(store: &Store, document: &str, client: &[u8]) -> Result<Request> {
    let document = document.as_bytes().to_vec().into();
    let put = store.edit(&document, &mut Ids::from_seed(client), &Chunking::default())?;
    Ok(request(Operation::PutChanges(put)))
}

fn main() -> Result {
    // A text of 700 KB. Ada adds a line in its middle, Grace at its end.
    let lines: Vec<_> =
        (0..20_000).map(|n| format!("line {n} of the minutes, {}\n", n * n)).collect();
    let minutes = lines.concat();
    let (first, second) = lines.split_at(10_000);
    let by_ada = [&first.concat(), "Ada agrees.\n", &second.concat()].concat();
    let by_grace = format!("{minutes}Grace disagrees.\n");

    let mut server = Store::from_file(minutes.as_bytes())?;
    let ada = open(&mut server)?;
    let grace = open(&mut server)?;
    assert_eq!(ada.file()?, minutes.as_bytes());

    let bytes = upload(&ada, &by_ada, b"Ada's GUID")?.to_bytes();
    println!("Ada uploads {} bytes of {}", bytes.len(), by_ada.len());
    assert!(bytes.len() * 5 < by_ada.len());
    let put = Request::read(&bytes)?.put_changes().ok_or("the request has no upload")?;
    server.apply(put)?;
    assert_eq!(server.file()?, by_ada.as_bytes());

    let late = upload(&grace, &by_grace, b"Grace's GUID")?;
    let put = late.put_changes().ok_or("the request has no upload")?;
    let Err(failure) = server.apply(put) else { return Err("both uploads won".into()) };
    println!("Grace's upload is refused: {failure}");
    assert!(failure.is(CellCode::COHERENCY));
    Ok(())
}
