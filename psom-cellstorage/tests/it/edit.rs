//! Two clients edit one document over HTTP.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use fsshttpb::{
    atom::Guid,
    file::Chunking,
    message::{Operation, PutChanges, QueryChanges, Request as Message, Response, SubRequest},
    object::types::Partition,
    store::{Ids, Store, split},
};
use psom_cellstorage::{
    ErrorName, SoapError,
    client::ClientError,
    document::{Caller, Document, Revision, User, WopiCall},
    soap::Requests,
};

use crate::support::{PATH, client, noise, post, pptx, put, query, site, soap, upload};

#[tokio::test]
async fn loser_of_a_race_queries_again_and_merges() {
    let (router, documents) = site();
    let mut ada = client(1);
    put(&router, "ada", &mut ada, b"first").await.unwrap();
    assert_eq!(ada.revision(), Some(1));
    let (mut winner, mut loser) = (client(2), client(3));
    query(&router, "win", &mut winner).await.unwrap();
    query(&router, "lose", &mut loser).await.unwrap();

    put(&router, "win", &mut winner, b"the winner's text").await.unwrap();
    let late = put(&router, "lose", &mut loser, b"the loser's text").await;
    assert!(matches!(late, Err(ClientError::Coherency)), "{late:?}");
    assert_eq!(documents.files(PATH).len(), 2, "a refused upload creates no revision");

    query(&router, "lose", &mut loser).await.unwrap();
    assert_eq!(&loser.file().unwrap()[..], b"the winner's text");
    assert_eq!(loser.revision(), Some(2));
    put(&router, "lose", &mut loser, b"the winner's text and the loser's").await.unwrap();
    let files = documents.files(PATH);
    assert_eq!(files.last().unwrap(), "the winner's text and the loser's");
    assert_eq!(files.len(), 3);
}

#[tokio::test]
async fn client_does_not_overwrite_a_file_that_it_believes_absent() {
    let (router, documents) = site();
    let (mut ada, mut bob) = (client(1), client(2));
    put(&router, "ada", &mut ada, b"first").await.unwrap();
    let late = put(&router, "bob", &mut bob, b"mine").await;
    assert!(matches!(late, Err(ClientError::Coherency)), "{late:?}");
    assert_eq!(documents.files(PATH), ["first"]);
    let absent = query(&router, "bob", &mut client(9)).await;
    assert!(absent.is_ok());
}

#[tokio::test]
async fn a_query_for_an_absent_file_names_the_error() {
    let (router, _) = site();
    let absent = query(&router, "ada", &mut client(1)).await;
    let Err(ClientError::Refused { name, .. }) = absent else { panic!("{absent:?}") };
    assert_eq!(name, ErrorName::FileNotExistsOrCannotBeCreated);
}

#[tokio::test]
async fn a_second_edit_of_20_mb_uploads_less_than_a_twentieth() {
    let (router, documents) = site();
    let (before, after) = (pptx(40, 520_000, None), pptx(40, 520_000, Some(17)));
    assert!(before.len() > 20_000_000);
    let mut ada = client(1);
    put(&router, "ada", &mut ada, &before).await.unwrap();
    let mut bob = client(2);
    query(&router, "bob", &mut bob).await.unwrap();
    assert!(bob.file().unwrap() == before);
    let bytes = put(&router, "bob", &mut bob, &after).await.unwrap();
    assert!(bytes * 20 < after.len(), "{bytes} bytes");
    assert!(documents.files(PATH)[1] == after);
    // The first client gets the change only.
    query(&router, "ada", &mut ada).await.unwrap();
    assert!(ada.file().unwrap() == after);
}

#[tokio::test]
async fn an_upload_in_parts_is_one_revision() {
    let (router, documents) = site();
    let mut ada = client(1);
    let file = noise(7, 9_000_000);
    let parts = ada.edit(&file.clone().into()).unwrap();
    assert!(parts.len() > 2);
    upload(&router, "ada", &mut ada, &parts[..1], &[]).await.unwrap();
    assert!(documents.files(PATH).is_empty());
    upload(&router, "ada", &mut ada, &parts[1..], &[]).await.unwrap();
    assert!(documents.files(PATH) == [file]);
    assert_eq!(ada.revision(), Some(1));
}

/// Runs a raw message on a document and returns the document after it.
fn raw(document: &Document, subs: &[SubRequest], now: SystemTime) -> (Document, Response) {
    let message = Message::with(subs, Guid::NULL, 0).to_bytes().into();
    let caller = Caller { user: User::default(), may_write: true };
    let (answer, change) = document.answer_wopi(&WopiCall::Cobalt(message), &caller, now);
    (change.document, Response::read(&answer.body).unwrap())
}

/// Returns a document with one revision.
fn document() -> Document {
    let (file, now) = (Bytes::from_static(b"first"), SystemTime::UNIX_EPOCH);
    let name = "report.docx".to_owned();
    let revision = Revision::of(&file, 1, User::default(), now);
    Document::new(name.clone(), name, vec![revision], Some(file), Guid::from_u128(1)).unwrap()
}

fn newest(document: &Document) -> u64 {
    document.newest().unwrap().number
}

fn query_changes() -> SubRequest {
    let query = Operation::QueryChanges(QueryChanges::default());
    SubRequest::new(1, Partition::CONTENTS, query)
}

fn put_changes(put: &PutChanges) -> SubRequest {
    SubRequest::new(1, Partition::CONTENTS, Operation::PutChanges(put.clone()))
}

#[test]
fn an_incomplete_upload_is_forgotten_after_ten_minutes() {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
    let document = document();
    let file = Bytes::from(noise(7, 3_000_000));
    let (_, response) = raw(&document, &[query_changes()], start);
    let client = Store::from_response(&response).unwrap();
    let mut ids = Ids::from_seed(b"client");
    let put = client.edit(&file, &mut ids, &Chunking::default()).unwrap();
    let parts = split(&put, 1_000_000);
    assert!(parts.len() > 2);
    let (first, rest) = parts.split_first().unwrap();
    let minutes = |minutes: u64| start + Duration::from_secs(60 * minutes);

    let (held, _) = raw(&document, &[put_changes(first)], start);
    assert!(held.held_bytes() > 900_000);
    // Each part starts the time anew.
    let (mut completed, mut last) = (held.clone(), None);
    for (number, part) in (1..).zip(rest) {
        let (next, response) = raw(&completed, &[put_changes(part)], minutes(9 * number));
        (completed, last) = (next, Some(response));
    }
    assert!(last.unwrap().sub_responses()[0].answer.is_ok());
    assert!(completed.file().unwrap() == file);
    assert_eq!((newest(&completed), completed.held_bytes()), (2, file.len() as u64));

    let (late, response) = raw(&held, &[put_changes(&rest[0])], minutes(11));
    assert!(response.sub_responses()[0].answer.is_ok(), "a part without the others is no error");
    let mut late = late;
    let mut failed = false;
    for part in &rest[1..] {
        let (next, response) = raw(&late, &[put_changes(part)], minutes(12));
        failed |= response.sub_responses()[0].answer.is_err();
        late = next;
    }
    assert!(failed && newest(&late) == 1, "the first part was forgotten");
}

#[test]
fn a_message_with_too_many_sub_requests_is_refused() {
    let document = document();
    let upload = Store::from_file(b"other").unwrap();
    let put = Store::new(Ids::from_seed(b"a"))
        .edit(&upload.file().unwrap().into(), &mut Ids::from_seed(b"a"), &Chunking::default())
        .unwrap();
    let mut subs = vec![query_changes(); 32];
    subs.push(put_changes(&put));
    let now = SystemTime::UNIX_EPOCH;
    let (after, response) = raw(&document, &subs, now);
    let failure = response.failure().unwrap().to_string();
    assert!(failure.contains("at most 32 sub-requests"), "{failure}");
    assert_eq!(newest(&after), 1, "nothing of a refused message is applied");
}

#[test]
fn a_body_with_too_many_requests_is_refused() {
    let sub = "<SubRequest Type=\"WhoAmI\" SubRequestToken=\"1\"/>";
    let body = soap(&sub.repeat(65));
    let error = Requests::read("text/xml", &Bytes::from(body)).unwrap_err();
    assert!(matches!(error, SoapError::Limit(why) if why.contains("64 sub-requests")), "{error}");
    let body = soap("</Request><Request RequestToken=\"1\">").replace(
        "</Request><Request RequestToken=\"1\">",
        &"</Request><Request RequestToken=\"1\">".repeat(16),
    );
    let error = Requests::read("text/xml", &Bytes::from(body)).unwrap_err();
    assert!(matches!(error, SoapError::Limit(why) if why.contains("16 requests")), "{error}");
}

#[tokio::test]
async fn a_server_that_announces_more_forever_is_refused() {
    let (router, _) = site();
    put(&router, "ada", &mut client(1), &noise(3, 100_000)).await.unwrap();
    let mut bob = client(2);
    let request = bob.query();
    let (content_type, body) = post(&router, "bob", request).await;
    let partial = partial(&body);
    // The first answer brings data. The same answer again brings nothing new.
    assert!(bob.receive(&content_type, &partial).is_ok());
    let error = bob.receive(&content_type, &partial).unwrap_err();
    assert!(matches!(error, ClientError::NoProgress), "{error}");
}

/// Sets the bit in an answer that announces more.
fn partial(body: &Bytes) -> Bytes {
    // The 32-bit header of the object 0x5F, whose last byte has the bit.
    let header = |window: &[u8]| {
        let word = u32::from_le_bytes(window.try_into().unwrap());
        word & 0b11 == 0b10 && (word >> 3) & 0x3FFF == 0x5F
    };
    let at = body.windows(4).rposition(header).unwrap();
    let word = u32::from_le_bytes(body[at..at + 4].try_into().unwrap());
    let mut bytes = body.to_vec();
    bytes[at + 3 + (word >> 17) as usize] |= 1;
    bytes.into()
}
