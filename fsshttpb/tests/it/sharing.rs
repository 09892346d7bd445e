//! Several clients edit one document: coherency, merges, partial uploads.

use bytes::Bytes;
use fsshttpb::{
    atom::{ExtendedGuid, Guid, SerialNumber},
    file::Chunking,
    message::{
        Access, Answer, CellCode, Failure, Operation, PutChanges, Request, Response, SubRequest,
    },
    object::{
        Element,
        types::{
            self, AdditionalBits, DataElementType, Partition, PutChangesFlags as Flags,
            SubRequestType,
        },
    },
    store::{Ids, Received, Store, split},
};

use crate::{
    documents::{docx, noise},
    files::{ask, open},
};

fn edit(client: &Store, file: &[u8], name: &str) -> PutChanges {
    let mut ids = Ids::from_seed(name.as_bytes());
    client.edit(&Bytes::copy_from_slice(file), &mut ids, &Chunking::default()).unwrap()
}

fn put(server: &mut Store, put: &PutChanges) -> Response {
    ask(server, Operation::PutChanges(put.clone()))
}

fn failure(response: &Response) -> Failure {
    response.sub_responses().remove(0).answer.unwrap_err()
}

#[test]
fn loser_of_a_race_gets_a_coherency_failure() {
    let mut server = Store::from_file(b"first").unwrap();
    let (mut winner, mut loser) = (open(&mut server), open(&mut server));
    let upload = edit(&winner, b"the winner's text", "winner");
    assert_eq!(winner.accept(&upload, &put(&mut server, &upload)).unwrap(), Received::Complete);
    let revision = server.revision(Partition::CONTENTS);

    let late = edit(&loser, b"the loser's text", "loser");
    assert!(failure(&put(&mut server, &late)).is(CellCode::COHERENCY));
    assert_eq!(server.revision(Partition::CONTENTS), revision);
    assert_eq!(server.file().unwrap(), b"the winner's text");

    let query = Operation::QueryChanges(loser.query(Partition::CONTENTS));
    assert_eq!(
        loser.receive(Partition::CONTENTS, &ask(&mut server, query)).unwrap(),
        Received::Complete
    );
    assert_eq!(loser.file().unwrap(), b"the winner's text");
    let merged = edit(&loser, b"the winner's text and the loser's", "loser again");
    assert_eq!(loser.accept(&merged, &put(&mut server, &merged)).unwrap(), Received::Complete);
    assert_eq!(server.file().unwrap(), b"the winner's text and the loser's");
}

#[test]
fn up_to_date_client_gets_only_the_index() {
    let mut server = Store::from_file(&docx()).unwrap();
    let client = open(&mut server);
    let response = ask(&mut server, Operation::QueryChanges(client.query(Partition::CONTENTS)));
    assert_eq!(response.elements().len(), 1);
    assert!(response.elements()[0].children.is_empty());
    let mut client = client;
    client.receive(Partition::CONTENTS, &response).unwrap();
    assert!(client.file().unwrap() == docx());
}

#[test]
fn an_unknown_expected_index_is_a_coherency_failure() {
    let mut server = Store::from_file(b"first").unwrap();
    let client = open(&mut server);
    let mut upload = edit(&client, b"second", "client");
    upload.expected = ExtendedGuid::new(Guid::from_u128(1), 1);
    assert!(failure(&put(&mut server, &upload)).is(CellCode::COHERENCY));
}

#[test]
fn a_null_expected_index_means_none_only_with_its_flag() {
    let mut server = Store::from_file(b"first").unwrap();
    let client = open(&mut server);
    let mut upload = edit(&client, b"second", "client");
    upload.expected = ExtendedGuid::NULL;
    assert!(failure(&put(&mut server, &upload)).is(CellCode::COHERENCY));
    upload.flags = Flags::FAVOR_COHERENCY_FAILURE;
    assert!(put(&mut server, &upload).sub_responses()[0].answer.is_ok());
    assert_eq!(server.file().unwrap(), b"second");
}

#[test]
fn the_last_writer_wins_with_its_flag() {
    let mut server = Store::from_file(b"first").unwrap();
    let (first, second) = (open(&mut server), open(&mut server));
    let upload = edit(&first, b"second", "first");
    put(&mut server, &upload);
    let mut late = edit(&second, b"third", "second");
    late.flags = late.flags.with(Flags::LAST_WRITER_WINS);
    assert!(put(&mut server, &late).sub_responses()[0].answer.is_ok());
    assert_eq!(server.file().unwrap(), b"third");
}

#[test]
fn the_parts_of_an_upload_change_nothing_before_the_last() {
    let mut server = Store::from_file(b"first").unwrap();
    let mut client = open(&mut server);
    let file = noise(5, 5 * 1024 * 1024);
    let upload = edit(&client, &file, "client");
    let parts = split(&upload, 1024 * 1024);
    assert!(parts.len() > 4);
    let (last, first) = parts.split_last().unwrap();
    for part in first {
        let response = put(&mut server, part);
        assert_eq!(client.accept(part, &response).unwrap(), Received::Pending);
        assert_eq!(server.file().unwrap(), b"first");
    }
    let response = put(&mut server, last);
    assert_eq!(client.accept(last, &response).unwrap(), Received::Complete);
    assert!(server.file().unwrap() == file);
    assert!(client.file().unwrap() == file);
}

#[test]
fn the_last_part_without_the_others_is_refused() {
    let mut server = Store::from_file(b"first").unwrap();
    let client = open(&mut server);
    let upload = edit(&client, &noise(5, 3 * 1024 * 1024), "client");
    let last = split(&upload, 1024 * 1024).pop().unwrap();
    assert!(failure(&put(&mut server, &last)).is(CellCode::REFERENCED_NOT_FOUND));
    assert_eq!(server.file().unwrap(), b"first");
}

#[test]
fn a_repeated_upload_is_no_coherency_failure() {
    let mut server = Store::from_file(b"first").unwrap();
    let client = open(&mut server);
    let upload = edit(&client, b"second", "client");
    // The client did not get the answer to its first upload.
    for _ in 0..2 {
        assert!(put(&mut server, &upload).sub_responses()[0].answer.is_ok());
        assert_eq!(server.file().unwrap(), b"second");
    }
}

#[test]
fn an_identifier_in_use_is_refused() {
    let mut server = Store::from_file(b"first").unwrap();
    let client = open(&mut server);
    let upload = edit(&client, b"second", "client");
    put(&mut server, &upload);
    let client = open(&mut server);
    // The same seed gives the same identifiers again.
    let again = edit(&client, b"third", "client");
    assert!(failure(&put(&mut server, &again)).is(CellCode::ID_COLLISION));
}

#[test]
fn an_upload_without_its_index_is_refused() {
    let mut server = Store::from_file(b"first").unwrap();
    let client = open(&mut server);
    let mut upload = edit(&client, b"second", "client");
    upload.elements.pop();
    assert!(failure(&put(&mut server, &upload)).is(CellCode::REFERENCED_NOT_FOUND));
}

#[test]
fn an_unrooted_data_element_is_refused_only_with_its_flag() {
    let mut server = Store::from_file(b"first").unwrap();
    let client = open(&mut server);
    let stray = edit(&client, b"stray", "stray").elements.remove(0);
    let mut upload = edit(&client, b"second", "client");
    upload.elements.insert(0, stray);
    upload.additional = upload.additional.with(AdditionalBits::REQUIRE_ROOTED);
    assert!(failure(&put(&mut server, &upload)).is(CellCode::ARGUMENT));
    upload.additional = AdditionalBits::default();
    assert!(put(&mut server, &upload).sub_responses()[0].answer.is_ok());
}

#[test]
fn a_full_file_replace_removes_the_other_keys() {
    let mut server = Store::from_file(b"first").unwrap();
    let client = Store::default();
    let mut upload = edit(&client, b"second", "client");
    upload.expected = server.revision(Partition::CONTENTS).unwrap();
    upload.additional = AdditionalBits::FULL_FILE_REPLACE;
    assert!(put(&mut server, &upload).sub_responses()[0].answer.is_ok());
    assert_eq!(server.file().unwrap(), b"second");
    assert_eq!(server.partition(Partition::CONTENTS).unwrap().index().mappings.len(), 3);
}

#[test]
fn an_answer_lists_the_index_and_the_elements_if_asked() {
    let mut server = Store::from_file(b"first").unwrap();
    let client = open(&mut server);
    let mut upload = edit(&client, b"second", "client");
    upload.additional =
        AdditionalBits::RETURN_APPLIED_INDEX.with(AdditionalBits::RETURN_ADDED_ELEMENTS);
    let answer = put(&mut server, &upload).sub_responses().remove(0).answer.unwrap();
    let Answer::PutChanges { applied: Some((index, added)), .. } = answer else { panic!() };
    assert_eq!(index, upload.index);
    // The upload added a leaf's group, the root's group, the revision and the cell manifest.
    assert_eq!(added.len(), 4);
}

#[test]
fn a_failed_upload_aborts_the_rest_only_with_its_flag() {
    for (flag, expected) in
        [(Flags::ABORT_REMAINING, Err(CellCode::ABORTED)), (Flags::default(), Ok(()))]
    {
        let mut server = Store::from_file(b"first").unwrap();
        let client = open(&mut server);
        let mut upload = edit(&client, b"second", "client");
        upload.expected = ExtendedGuid::new(Guid::from_u128(1), 1);
        upload.flags = upload.flags.with(flag);
        let subs = [Operation::PutChanges(upload), Operation::QueryAccess]
            .map(|operation| SubRequest::new(1, Partition::CONTENTS, operation));
        let answers = server.answer(&Request::with(&subs, Guid::NULL, 0)).sub_responses();
        assert!(answers[0].answer.as_ref().unwrap_err().is(CellCode::COHERENCY));
        match expected {
            Ok(()) => assert!(answers[1].answer.is_ok()),
            Err(code) => assert!(answers[1].answer.as_ref().unwrap_err().is(code)),
        }
    }
}

#[test]
fn a_reader_gets_no_upload_and_no_identifiers() {
    let mut server = Store::from_file(b"first").unwrap();
    let client = open(&mut server);
    let upload = Operation::PutChanges(edit(&client, b"second", "client"));
    let access = Access { read: 0, write: Access::DENIED };
    for operation in [upload, Operation::AllocateRange(10)] {
        let sub = SubRequest::new(1, Partition::CONTENTS, operation);
        let response = server.answer_as(&Request::with(&[sub], Guid::NULL, 0), access);
        assert!(failure(&response).is(CellCode::READ_ONLY));
    }
    let sub = SubRequest::new(1, Partition::CONTENTS, Operation::QueryAccess);
    let response = server.answer_as(&Request::with(&[sub], Guid::NULL, 0), access);
    let answer = response.sub_responses().remove(0).answer.unwrap();
    assert_eq!(answer, Answer::QueryAccess(access));
}

#[test]
fn ranges_of_identifiers_do_not_overlap() {
    let mut server = Store::from_file(b"first").unwrap();
    let mut allocate = |count| {
        let response = ask(&mut server, Operation::AllocateRange(count));
        response.sub_responses().remove(0).answer
    };
    let Ok(Answer::AllocateRange { guid, from, to }) = allocate(1_000) else { panic!() };
    assert_eq!(to - from, 1_000);
    let Ok(Answer::AllocateRange { guid: next_guid, from: next, .. }) = allocate(100_000) else {
        panic!()
    };
    assert!(guid == next_guid && next >= to);
    for count in [0, 1_000_001] {
        assert!(allocate(count).unwrap_err().is(CellCode::ARGUMENT));
    }
}

#[test]
fn sub_requests_without_a_known_layout_get_cell_error_4() {
    let mut server = Store::from_file(b"first").unwrap();
    for kind in [
        SubRequestType::QUERY_KNOWLEDGE,
        SubRequestType::QUERY_RAW_STORAGE,
        SubRequestType::PUT_RAW_STORAGE,
        SubRequestType::QUERY_DIAGNOSTIC_STORE_INFO,
        SubRequestType(99),
    ] {
        let mut sub = SubRequest::new(7, Partition::CONTENTS, Operation::QueryAccess);
        sub.kind = kind;
        let request = Request::with(&[sub], Guid::NULL, 0).to_bytes();
        let response = server.answer(&Request::read(&request).unwrap());
        assert_eq!(response.sub_responses()[0].id, 7);
        assert!(failure(&response).is(CellCode::NOT_SUPPORTED), "{kind}");
    }
}

#[test]
fn an_unknown_partition_is_refused_and_an_unused_one_is_empty() {
    let mut server = Store::from_file(b"first").unwrap();
    for (partition, refused) in [
        (Partition::METADATA, false),
        (Partition::EDITORS_TABLE, false),
        (Partition::WORD_ONLINE, false),
        (Partition(Guid::from_u128(5)), true),
    ] {
        let query = Operation::QueryChanges(Default::default());
        let sub = SubRequest::new(1, partition, query);
        let response = server.answer(&Request::with(&[sub], Guid::NULL, 0));
        if refused {
            assert!(failure(&response).is(CellCode::INVALID_PARTITION));
        } else {
            assert_eq!(response.elements().len(), 1, "{partition}");
            assert!(response.sub_responses()[0].answer.is_ok());
        }
    }
}

#[test]
fn an_editors_table_is_a_file_of_two_leaves() {
    let mut server = Store::from_file(b"first").unwrap();
    let header = Bytes::from_static(&fsshttpb::file::EDITORS_TABLE_HEADER);
    for xml in [noise(1, 270), noise(2, 300)] {
        let parts = vec![header.clone(), Bytes::from(xml.clone())];
        server.set_parts(Partition::EDITORS_TABLE, parts).unwrap();
        let file = server.file_of(Partition::EDITORS_TABLE).unwrap();
        assert_eq!(file, [&header[..], &xml].concat());
    }
    assert_eq!(server.file().unwrap(), b"first");
}

#[test]
fn incomplete_uploads_hold_a_limited_number_of_data_elements() {
    let mut server = Store::from_file(b"first").unwrap();
    let client = open(&mut server);
    let mut upload = edit(&client, b"second", "client");
    let guid = Guid::from_u128(9);
    let element = |number: u32| {
        let (id, serial) =
            (ExtendedGuid::new(guid, number), SerialNumber::new(guid, number.into()));
        Element::new(types::DataElement { id, serial, kind: DataElementType::OBJECT_DATA_BLOB })
    };
    let whole = upload.elements.clone();
    upload.flags = upload.flags.with(Flags::PARTIAL);
    upload.elements = (1..=100_000).map(element).collect();
    assert!(put(&mut server, &upload).sub_responses()[0].answer.is_ok());
    assert!(server.pending_bytes() > 0);
    upload.elements = vec![element(100_001)];
    assert!(failure(&put(&mut server, &upload)).is(CellCode::QUOTA));
    assert_eq!(server.pending_bytes(), 0);
    // The next upload begins anew.
    upload.flags = Flags::default();
    upload.elements = whole;
    assert!(put(&mut server, &upload).sub_responses()[0].answer.is_ok());
    assert_eq!(server.file().unwrap(), b"second");
}
