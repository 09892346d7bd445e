//! Stores that are incomplete or contradict themselves give errors.

use fsshttpb::{
    Rule,
    atom::{ExtendedGuid, Guid, SerialNumber},
    message::{CellCode, Code, Failure, Request, Response},
    object::{
        Element,
        types::{self, Partition},
    },
    store::{Key, Store, StoreError},
};

use crate::{
    files::ask,
    support::{capture, outside},
};

fn answer(file: &[u8]) -> Response {
    let mut server = Store::from_file(file).unwrap();
    ask(&mut server, fsshttpb::message::Operation::QueryChanges(Default::default()))
}

/// Changes the objects of a response's data elements.
fn change(response: &mut Response, change: &mut dyn FnMut(&mut Element)) {
    fn visit(element: &mut Element, change: &mut dyn FnMut(&mut Element)) {
        change(element);
        for child in &mut element.children {
            visit(child, change);
        }
    }
    visit(&mut response.root, change);
}

fn file(response: &Response) -> Result<Vec<u8>, StoreError> {
    Store::from_response(response)?.file()
}

#[test]
fn an_error_response_becomes_the_error_of_the_store() {
    let response = Response::read(&capture("thread-response-error-92")).unwrap();
    let sub = response.sub_responses().remove(0);
    assert_eq!(sub.id, 2);
    let failure = sub.answer.unwrap_err();
    let cause = Failure { code: Code::Win32(0x8007_0057), text: None, cause: None };
    assert_eq!(failure.cause.as_deref(), Some(&cause));
    assert_eq!(failure.to_string(), "cell error 1 (unknown error)");
    assert_eq!(cause.to_string(), "Win32 error 0x80070057");
    assert_eq!(Store::from_response(&response).unwrap_err(), StoreError::Answer(failure));
}

#[test]
fn an_error_with_its_cause_comes_back() {
    let failure = Failure {
        code: Code::Hresult(7),
        text: Some("a text".into()),
        cause: Some(Box::new(Failure { code: Code::Protocol(108), text: None, cause: None })),
    };
    assert_eq!(Failure::from_element(&failure.to_element()), Some(failure.clone()));
    let response = Response::failed(&failure);
    assert_eq!(Store::from_response(&response).unwrap_err(), StoreError::Answer(failure));
}

/// Reads files outside the project; see `support::outside`.
#[test]
fn upload_rejected_by_sharepoint_is_a_protocol_error() {
    let Some(bytes) = outside("cellbridge/response-rejected-111.bin") else { return };
    let failure = Response::read(&bytes).unwrap().sub_responses().remove(0).answer.unwrap_err();
    assert_eq!(failure.code, Code::Protocol(4));
    assert_eq!(failure.text.as_deref(), Some("The server does not apply this binary operation."));
}

/// Reads files outside the project; see `support::outside`.
#[test]
fn the_editors_table_of_sharepoint_is_a_file() {
    let Some(bytes) = outside("cellbridge/response-editors-table-1342.bin") else { return };
    let mut store = Store::default();
    let response = Response::read(&bytes).unwrap();
    store.receive(Partition::EDITORS_TABLE, &response).unwrap();
    let file = store.file_of(Partition::EDITORS_TABLE).unwrap();
    assert_eq!(file[..8], fsshttpb::file::EDITORS_TABLE_HEADER);
    assert_eq!(file.len(), 278);
}

#[test]
fn a_response_without_an_answer_is_an_error() {
    let response = Response::with(&[], vec![]);
    assert_eq!(Store::from_response(&response).unwrap_err(), StoreError::NoAnswer);
}

#[test]
fn an_empty_storage_has_no_file() {
    for name in ["thread-response-metadata-211", "spec4_15"] {
        let response = Response::read(&capture(name)).unwrap();
        assert_eq!(file(&response).unwrap_err(), StoreError::NoFile, "{name}");
    }
}

#[test]
fn an_absent_data_element_is_an_error() {
    let mut response = answer(b"text");
    let package = &mut response.root.children[0];
    for place in 0..package.children.len() - 1 {
        let mut response = response.clone();
        let removed = response.root.children[0].children.remove(place);
        let id = removed.get::<types::DataElement>().unwrap().id;
        assert_eq!(file(&response).unwrap_err(), StoreError::ElementAbsent(id));
    }
    let last = package_len(&response) - 1;
    response.root.children[0].children.remove(last);
    assert_eq!(file(&response).unwrap_err(), StoreError::NoFile);
}

fn package_len(response: &Response) -> usize {
    response.elements().len()
}

#[test]
fn a_revision_that_is_its_own_base_is_a_cycle() {
    let mut response = answer(b"text");
    change(&mut response, &mut |element| {
        if let Some(manifest) = element.get::<types::RevisionManifest>().cloned() {
            let base = manifest.revision;
            *element.body_mut() = types::RevisionManifest { base, ..manifest }.into();
        }
    });
    assert!(matches!(file(&response).unwrap_err(), StoreError::Cycle(_)));
}

#[test]
fn a_base_revision_gives_its_objects_and_roots() {
    // The revision with the root becomes the base of an empty one.
    let mut response = answer(b"text");
    let revision = ExtendedGuid::new(Guid::from_u128(77), 1);
    let id = ExtendedGuid::new(Guid::from_u128(77), 2);
    let mut old = ExtendedGuid::NULL;
    change(&mut response, &mut |element| {
        if let Some(current) = element.get::<types::CellManifestCurrentRevision>() {
            old = current.revision;
            *element.body_mut() = types::CellManifestCurrentRevision { revision }.into();
        }
        if element.get::<types::DataElement>().is_some_and(|element| element.kind.0 == 1) {
            let mapping =
                types::IndexRevisionMapping { revision, mapping: id, serial: SerialNumber::NULL };
            element.children.push(Element::new(mapping));
        }
    });
    let manifest = types::DataElement {
        id,
        serial: SerialNumber::new(Guid::from_u128(77), 3),
        kind: types::DataElementType::REVISION_MANIFEST,
    };
    let content = vec![Element::new(types::RevisionManifest { revision, base: old })];
    response.root.children[0].children.push(Element::with(manifest, content));
    assert_eq!(file(&response).unwrap(), b"text");
}

#[test]
fn a_wrong_size_and_a_wrong_node_are_errors() {
    let mut response = answer(b"text");
    let mut place = 0;
    change(&mut response, &mut |element| {
        let Some(object) = element.get::<types::ObjectData>().cloned() else { return };
        place += 1;
        if place == 1 {
            let node = fsshttpb::file::Node {
                leaf: false,
                signature: Default::default(),
                size: 9,
                hash: None,
            };
            let data = node.to_bytes().into();
            *element.body_mut() = types::ObjectData { data, ..object }.into();
        }
    });
    assert!(matches!(file(&response).unwrap_err(), StoreError::Size { size: 9, found: 4, .. }));
    change(&mut response, &mut |element| {
        if let Some(object) = element.get::<types::ObjectData>().cloned() {
            let data = vec![0xFF, 0xFF].into();
            *element.body_mut() = types::ObjectData { data, ..object }.into();
        }
    });
    let error = file(&response).unwrap_err();
    let StoreError::Object { source, .. } = error else { panic!("{error}") };
    assert_eq!(source.rule, Rule::StrayEnd(0x3FFF));
}

#[test]
fn nodes_that_contain_each_other_are_a_cycle() {
    let mut response = answer(b"text");
    let mut root = ExtendedGuid::NULL;
    change(&mut response, &mut |element| {
        if let Some(found) = element.get::<types::RevisionManifestRoot>() {
            root = found.object;
        }
        if let Some(object) = element.get::<types::ObjectData>().cloned()
            && object.data.first() == Some(&0x04)
        {
            let references = vec![root; 2];
            *element.body_mut() = types::ObjectData { references, ..object }.into();
        }
    });
    assert_eq!(file(&response).unwrap_err(), StoreError::Cycle(root));
}

#[test]
fn an_upload_of_the_wrong_data_element_type_is_refused() {
    let mut put = Request::read(&capture("fsshttpd_3_1")).unwrap().put_changes().unwrap();
    for element in &mut put.elements {
        if let Some(mut data) = element.get::<types::DataElement>().cloned()
            && data.kind == types::DataElementType::CELL_MANIFEST
        {
            data.kind = types::DataElementType::OBJECT_GROUP;
            *element.body_mut() = data.into();
        }
    }
    let mut store = Store::default();
    let failure = store.apply(put).unwrap_err();
    assert!(failure.is(CellCode::INVALID_OBJECT), "{failure}");
    assert!(store.file().is_err());
}

#[test]
fn the_revisions_of_an_index_do_not_accumulate() {
    let mut server = Store::from_file(b"0").unwrap();
    for number in 0..20 {
        let client = crate::files::open(&mut server);
        let mut ids = fsshttpb::store::Ids::from_seed(&[number]);
        let put = client.edit(&vec![number; 9].into(), &mut ids, &Default::default()).unwrap();
        server.apply(put).unwrap();
    }
    let storage = server.partition(Partition::CONTENTS).unwrap();
    let revisions = storage.index().mappings.keys().filter(|key| matches!(key, Key::Revision(_)));
    assert_eq!(revisions.count(), 1);
    assert_eq!(storage.elements().count(), 5);
}

#[test]
fn the_codes_of_errors_have_names() {
    for (code, text) in [
        (Code::Cell(CellCode(12)), "cell error 12 (coherency failure)"),
        (Code::Cell(CellCode(115)), "cell error 115 (too large to upgrade)"),
        (Code::Cell(CellCode(10)), "cell error 10 (undocumented)"),
        (Code::Protocol(142), "protocol error 142 (invalid stream object)"),
        (Code::Protocol(4), "protocol error 4"),
        (Code::Win32(0x8007_0057), "Win32 error 0x80070057"),
    ] {
        assert_eq!(code.to_string(), text);
    }
}
