//! Arguments, constraints, filters, fragments and knowledge of QueryChanges.

use fsshttpb::{
    atom::{Blob, CellId, CompactU64, ExtendedGuid, FileChunk, Guid, SerialNumber},
    message::{
        Answer, CellCode, Depth, Filter, Knowledge, Operation, QueryChanges, Response, Selection,
    },
    object::{
        Element,
        types::{
            self, DataElementType as Type, Fragment, ObjectDataExcluded, Partition,
            QueryChangesBits as Bits, QueryChangesContent as Content,
        },
    },
    store::{Received, Store, StoreError},
};

use crate::{
    documents::{docx, noise},
    files::{ask, open},
};

fn types(response: &Response) -> Vec<Type> {
    let elements = response.elements().iter();
    elements.map(|element| element.get::<types::DataElement>().unwrap().kind).collect()
}

fn filtered(server: &mut Store, filters: &[(bool, Selection)]) -> Response {
    let filters = filters.iter().cloned();
    let filters = filters.map(|(include, selection)| Filter { include, selection }).collect();
    ask(server, Operation::QueryChanges(QueryChanges { filters, ..Default::default() }))
}

fn cell(store: &Store) -> CellId {
    store.partition(Partition::CONTENTS).unwrap().index().cells().next().unwrap().0
}

/// Checks the elements of an answer without filters: the manifests, the revision, its groups and
/// the index.
#[test]
fn a_query_without_filters_returns_everything() {
    let mut server = Store::from_file(b"text").unwrap();
    let kinds = types(&filtered(&mut server, &[]));
    let (groups, index) = (Type::OBJECT_GROUP, Type::STORAGE_INDEX);
    let manifests = [Type::STORAGE_MANIFEST, Type::CELL_MANIFEST, Type::REVISION_MANIFEST];
    assert_eq!(kinds, [&manifests[..], &[groups, groups, index]].concat());
}

#[test]
fn the_last_filter_that_selects_an_element_decides() {
    let mut server = Store::from_file(b"text").unwrap();
    let groups = Selection::Type(Type::OBJECT_GROUP);
    let kinds = types(&filtered(&mut server, &[(false, Selection::All), (true, groups.clone())]));
    assert_eq!(kinds, [Type::OBJECT_GROUP, Type::OBJECT_GROUP, Type::STORAGE_INDEX]);
    let kinds = types(&filtered(&mut server, &[(true, groups), (false, Selection::All)]));
    assert_eq!(kinds, [Type::STORAGE_INDEX]);
}

#[test]
fn filters_select_by_index_cell_and_identifier() {
    let mut server = Store::from_file(b"text").unwrap();
    let none = (false, Selection::All);
    let kinds = types(&filtered(&mut server, &[none.clone(), (true, Selection::IndexReferenced)]));
    assert_eq!(kinds.len(), 4);
    let cell = cell(&server);
    let kinds = types(&filtered(&mut server, &[(false, Selection::Cell(cell))]));
    assert_eq!(kinds, [Type::STORAGE_MANIFEST, Type::STORAGE_INDEX]);
    let all = filtered(&mut server, &[]);
    let id = all.elements()[2].get::<types::DataElement>().unwrap().id;
    let kinds = types(&filtered(&mut server, &[none, (true, Selection::Ids(vec![id]))]));
    assert_eq!(kinds, [Type::REVISION_MANIFEST, Type::STORAGE_INDEX]);
}

#[test]
fn a_hierarchy_filter_goes_as_deep_as_it_says() {
    let mut server = Store::from_file(b"text").unwrap();
    let CellId(first, second) = cell(&server);
    for (depth, count) in [
        (Depth::INDEX_ONLY, 0),
        (Depth::FIRST_DATA_ELEMENTS, 1),
        (Depth::SINGLE_LEVEL, 2),
        (Depth::DEEP, 4),
    ] {
        let selection = Selection::Hierarchy { key: vec![first, second], depth };
        let response = filtered(&mut server, &[(false, Selection::All), (true, selection)]);
        assert_eq!(response.elements().len(), count + 1, "{depth}");
        // The index has only the mapping of the cell.
        assert_eq!(response.elements()[count].children.len(), 1);
    }
    let key = vec![ExtendedGuid::new(Guid::from_u128(9), 9)];
    let selection = Selection::Hierarchy { key, depth: Depth::DEEP };
    let response = filtered(&mut server, &[(false, Selection::All), (true, selection)]);
    assert_eq!(response.elements().len(), 1);
}

#[test]
fn unknown_and_custom_filters_get_their_errors() {
    let mut server = Store::from_file(b"text").unwrap();
    for (kind, code) in [(5, CellCode::UNSUPPORTED_FILTER), (9, CellCode::UNKNOWN_FILTER)] {
        let filter = types::Filter { kind: types::FilterType(kind), ..Default::default() };
        let request = fsshttpb::message::Request::new(
            types::Request {},
            vec![Element::with(
                types::SubRequest {
                    kind: types::SubRequestType::QUERY_CHANGES,
                    ..Default::default()
                },
                vec![Element::new(types::QueryChanges::default()), Element::new(filter)],
            )],
        );
        let answer = server.answer(&request).sub_responses().remove(0).answer;
        assert!(answer.unwrap_err().is(code));
    }
}

#[test]
fn arguments_select_the_manifest_or_the_cells() {
    let mut server = Store::from_file(b"text").unwrap();
    let mut count = |content, cell| {
        let query = QueryChanges { arguments: Some((content, cell)), ..Default::default() };
        ask(&mut server, Operation::QueryChanges(query)).elements().len() - 1
    };
    assert_eq!(count(Content::STORAGE_MANIFEST, CellId::NULL), 1);
    assert_eq!(count(Content::CELL_CHANGES, CellId::NULL), 4);
    assert_eq!(count(Content::STORAGE_MANIFEST.with(Content::CELL_CHANGES), CellId::NULL), 5);
    let other = CellId(ExtendedGuid::new(Guid::from_u128(9), 9), ExtendedGuid::NULL);
    assert_eq!(count(Content::CELL_CHANGES, other), 0);
}

/// Queries until the answer is complete and returns the number of answers.
fn query_in_parts(server: &mut Store, client: &mut Store, query: &QueryChanges) -> usize {
    for count in 1..1_000 {
        let query = QueryChanges {
            knowledge: client.query(Partition::CONTENTS).knowledge,
            ..query.clone()
        };
        let limit = query.constraint.unwrap() as usize;
        let response = ask(server, Operation::QueryChanges(query));
        let len: usize = response.elements().iter().map(Element::encoded_len).sum();
        assert!(len < limit + 6 * 1024 * 1024, "{len}");
        if client.receive(Partition::CONTENTS, &response).unwrap() == Received::Complete {
            return count;
        }
    }
    panic!("the answers do not end");
}

#[test]
fn a_constraint_divides_the_answer() {
    let file = noise(2, 8 * 1024 * 1024);
    let mut server = Store::from_file(&file).unwrap();
    let mut client = Store::default();
    let query = QueryChanges { constraint: Some(2 * 1024 * 1024), ..Default::default() };
    assert!(query_in_parts(&mut server, &mut client, &query) >= 5);
    assert!(client.file().unwrap() == file);
}

#[test]
fn large_data_elements_are_divided_into_fragments() {
    let file = noise(2, 3 * 1024 * 1024);
    let mut server = Store::from_file(&file).unwrap();
    let mut client = Store::default();
    let query = QueryChanges {
        constraint: Some(300_000),
        flags: Bits::ALLOW_FRAGMENTS,
        ..Default::default()
    };
    assert!(query_in_parts(&mut server, &mut client, &query) >= 10);
    assert!(client.file().unwrap() == file);
}

#[test]
fn a_data_element_has_a_limited_number_of_parts() {
    let mut store = Store::default();
    let id = |value| ExtendedGuid::new(Guid::from_u128(7), value);
    let part = |start: u32| {
        let chunk = FileChunk { start: CompactU64(start.into()), length: CompactU64(1) };
        let data = Blob(vec![0].into());
        let fragment = Fragment { element: id(1), size: CompactU64(1_000_000), chunk, data };
        let serial = SerialNumber::new(Guid::from_u128(7), u64::from(start) + 1);
        let element = types::DataElement { id: id(start + 2), serial, kind: Type::FRAGMENT };
        let mut element = Element::new(element);
        element.children.push(Element::new(fragment));
        element
    };
    let parts: Vec<_> = (0..10_001).map(part).collect();
    let (last, parts) = parts.split_last().unwrap();
    store.insert(Partition::CONTENTS, id(0), parts).unwrap();
    let error = store.insert(Partition::CONTENTS, id(0), std::slice::from_ref(last)).unwrap_err();
    assert_eq!(error, StoreError::Fragments(id(1)));
    assert_eq!(store.pending_bytes(), 0, "nothing of a refused data element stays");
}

#[test]
fn a_request_for_the_hash_of_the_file_is_answered_without_it() {
    let mut server = Store::from_file(b"text").unwrap();
    let query = QueryChanges { flags: Bits::RETURN_FILE_HASH, ..Default::default() };
    let response = ask(&mut server, Operation::QueryChanges(query));
    let answer = response.sub_responses().remove(0).answer.unwrap();
    assert!(matches!(answer, Answer::QueryChanges { file_hash: None, .. }), "{answer:?}");
    assert_eq!(Store::from_response(&response).unwrap().file().unwrap(), b"text");
}

#[test]
fn objects_without_data_are_not_known_afterwards() {
    let mut server = Store::from_file(&docx()).unwrap();
    let query = QueryChanges { flags: Bits::EXCLUDE_OBJECT_DATA, ..Default::default() };
    let response = ask(&mut server, Operation::QueryChanges(query));
    assert!(response.root.encoded_len() < docx().len() / 10);
    let group = response.elements().iter().find_map(|element| {
        element.child::<types::ObjectGroupData>()?.first::<ObjectDataExcluded>()
    });
    assert!(group.is_some());
    let mut client = Store::from_response(&response).unwrap();
    assert!(client.file().is_err());
    let response = ask(&mut server, Operation::QueryChanges(client.query(Partition::CONTENTS)));
    client.receive(Partition::CONTENTS, &response).unwrap();
    assert!(client.file().unwrap() == docx());
}

#[test]
fn filtered_elements_are_known_only_with_their_flag() {
    let mut server = Store::from_file(b"text").unwrap();
    for (flags, elements) in [(Bits::INCLUDE_FILTERED_OUT, 1), (Bits::default(), 3)] {
        let selection = Selection::Type(Type::OBJECT_GROUP);
        let filters = vec![Filter { include: false, selection }];
        let query = QueryChanges { flags, filters, ..Default::default() };
        let client =
            Store::from_response(&ask(&mut server, Operation::QueryChanges(query))).unwrap();
        let response = ask(&mut server, Operation::QueryChanges(client.query(Partition::CONTENTS)));
        assert_eq!(response.elements().len(), elements);
    }
}

#[test]
fn opaque_knowledge_comes_back_unchanged() {
    let mut server = Store::from_file(b"text").unwrap();
    let blob = ExtendedGuid::new(Guid::from_u128(3), 1);
    let knowledge = Knowledge {
        content_tags: vec![(blob, b"clock"[..].into())],
        version_tokens: vec![b"token"[..].into()],
        ..Knowledge::default()
    };
    let query = QueryChanges { knowledge: knowledge.clone(), ..Default::default() };
    let response = ask(&mut server, Operation::QueryChanges(query));
    let answer = response.sub_responses().remove(0).answer.unwrap();
    let Answer::QueryChanges { knowledge: answered, .. } = answer else { panic!() };
    assert_eq!(answered.content_tags, knowledge.content_tags);
    assert_eq!(answered.version_tokens, knowledge.version_tokens);
    assert_eq!(answered.waterlines.len(), 1);
}

#[test]
fn a_client_can_ask_whether_changes_exist() {
    let mut server = Store::from_file(b"text").unwrap();
    let mut ask_for = |knowledge| {
        let query =
            QueryChanges { flags: Bits::CHECK_FOR_EXISTENCE, knowledge, ..Default::default() };
        let response = ask(&mut server, Operation::QueryChanges(query));
        assert_eq!(response.elements().len(), 1);
        match response.sub_responses().remove(0).answer {
            Ok(Answer::QueryChanges { partial, .. }) => partial,
            other => panic!("{other:?}"),
        }
    };
    assert!(ask_for(Knowledge::default()));
    let mut server = Store::from_file(b"text").unwrap();
    let knowledge = open(&mut server).query(Partition::CONTENTS).knowledge;
    assert!(!ask_for(knowledge));
}
