//! Requests of desktop Word 16. The files are outside the project. If they are absent, the tests
//! print `skipped`.

use axum::{body::Body, http::Request};
use fsshttpb::{
    message::{Answer, Response},
    object::types::Partition,
    store::Store,
};
use psom_cellstorage::{ErrorName, client::Client, soap::Responses};

use crate::support::{outside, post, put, send, site};

const BOUNDARY: &str = "multipart/related; type=\"application/xop+xml\"; \
    boundary=\"urn:uuid:D8D03A0A-E34A-4C64-BD2F-D2BC4E7F171D\"; \
    start=\"<http://tempuri.org/xml/0>\"; start-Info=\"text/xml; charset=utf-8\"";

async fn prepared(url: &str) -> axum::Router {
    let (router, _) = site();
    let mut client = Client::new(url, fsshttpb::atom::Guid::from_u128(1));
    put(&router, "ada", &mut client, b"the document").await.unwrap();
    let request = client.query();
    post(&router, "ada", request).await;
    router
}

fn contents(response: &Response) -> Vec<u8> {
    Store::from_response(response).unwrap().file().unwrap()
}

#[tokio::test]
async fn the_open_request_of_word_gets_the_document_in_mtom() {
    let Some(body) = outside("word/open-request.mtom") else { return };
    let router =
        prepared("https://sharepoint.dev.localhost:8443/Shared%20Documents/Document.docx").await;
    let request = Request::post("/_vti_bin/cellstorage.svc/CellStorageService")
        .header("content-type", BOUNDARY)
        .body(Body::from(body))
        .unwrap();
    let (status, content_type, _, body) = send(&router, request).await;
    assert_eq!(status, 200);
    assert!(content_type.starts_with("multipart/related; type=\"application/xop+xml\""));
    assert!(body.starts_with(b"\r\n--urn:uuid:"), "the body begins with a line end");
    let head = String::from_utf8_lossy(&body[..400]).into_owned();
    for part in [
        "Content-ID: <http://tempuri.org/0>\r\n",
        "Content-Transfer-Encoding: 8bit\r\n",
        "Content-Type: application/xop+xml;charset=utf-8;type=\"text/xml\"\r\n\r\n<s:Envelope",
    ] {
        assert!(head.contains(part), "{head}");
    }
    let binary = b"Content-Transfer-Encoding: binary\r\nContent-Type: application/octet-stream";
    assert!(body.windows(binary.len()).any(|window| window == binary));
    let answer = Responses::read(&content_type, &body).unwrap();
    let response = &answer.responses[0];
    assert_eq!((response.token.as_str(), response.sub_responses.len()), ("1", 6));
    for sub in &response.sub_responses {
        assert_eq!(sub.error, ErrorName::Success, "{sub:?}");
    }
    let subs = &response.sub_responses;
    for name in ["Etag", "CreateTime", "LastModifiedTime", "ModifiedBy", "CoalesceHResult"] {
        assert!(subs[0].get(name).is_some(), "{name}");
    }
    let document = Response::read(subs[0].binary.as_ref().unwrap()).unwrap();
    assert_eq!(document.version, 13);
    assert_eq!(contents(&document), b"the document");
    let access = Response::read(subs[5].binary.as_ref().unwrap()).unwrap();
    assert!(matches!(access.sub_responses()[0].answer, Ok(Answer::QueryAccess(_))));
}

#[tokio::test]
async fn the_editing_request_of_word_joins_the_session() {
    let Some(body) = outside("word/enable-editing-request.xml") else { return };
    let router = prepared("https://localhost:7292/shared/test.docx").await;
    let request = Request::post("/_vti_bin/cellstorage.svc/CellStorageService")
        .header("content-type", "text/xml; charset=utf-8")
        .header("authorization", "User Ada")
        .body(Body::from(body))
        .unwrap();
    let (status, content_type, _, body) = send(&router, request).await;
    assert_eq!((status, &content_type[..]), (200, "text/xml; charset=utf-8"));
    let answer = Responses::read(&content_type, &body).unwrap();
    let subs = &answer.responses[0].sub_responses;
    let find = |token: &str| subs.iter().find(|sub| sub.token == token).unwrap();
    let join = find("1");
    assert_eq!(join.error, ErrorName::Success);
    assert_eq!(
        (join.get("CoauthStatus"), join.get("LockType")),
        (Some("Alone"), Some("SchemaLock"))
    );
    assert_eq!(find("5").error, ErrorName::DependentOnlyOnNotSupportedRequestGetSupported);
    // The queries depend on the execution of 5, which did not run.
    for token in ["6", "7", "8"] {
        assert_eq!(find(token).error, ErrorName::DependentRequestNotExecuted);
    }
    for token in ["2", "3", "4", "9", "10"] {
        assert_eq!(find(token).error, ErrorName::Success, "{token}");
    }
    assert_eq!(find("9").get("UserName"), Some("Ada"));
}

#[tokio::test]
async fn the_editors_table_lists_the_editors() {
    let (router, _) = site();
    put(&router, "ada", &mut crate::support::client(1), b"first").await.unwrap();
    let join = "<SubRequest Type=\"EditorsTable\" SubRequestToken=\"1\"><SubRequestData \
        EditorsTableRequestType=\"JoinEditingSession\" ClientID=\"{C1}\" Timeout=\"600\"/></SubRequest>";
    let query = {
        use base64::Engine as _;
        use fsshttpb::message::{Operation, QueryChanges, Request as Message, SubRequest};
        let sub = SubRequest::new(
            1,
            Partition::CONTENTS,
            Operation::QueryChanges(QueryChanges::default()),
        );
        let bytes = Message::with(&[sub], fsshttpb::atom::Guid::NULL, 0).to_bytes();
        let text = base64::prelude::BASE64_STANDARD.encode(&bytes);
        format!(
            "<SubRequest Type=\"Cell\" SubRequestToken=\"2\"><SubRequestData \
             PartitionID=\"7808F4DD-2385-49D6-B7CE-37ACA5E43602\" BinaryDataSize=\"{}\">{text}\
             </SubRequestData></SubRequest>",
            bytes.len()
        )
    };
    let request = Request::post("/_vti_bin/cellstorage.svc")
        .header("authorization", "User Ada")
        .body(Body::from(crate::support::soap(&format!("{join}{query}"))))
        .unwrap();
    let (_, content_type, _, body) = send(&router, request).await;
    let answer = Responses::read(&content_type, &body).unwrap();
    let binary = answer.responses[0].sub_responses[1].binary.clone().unwrap();
    let table = contents(&Response::read(&binary).unwrap());
    let packed = table.strip_prefix(&fsshttpb::file::EDITORS_TABLE_HEADER).unwrap();
    let mut text = String::new();
    let mut decoder = flate2::read::DeflateDecoder::new(packed);
    std::io::Read::read_to_string(&mut decoder, &mut text).unwrap();
    for part in ["<CacheID>{C1}</CacheID>", "<FriendlyName>Ada</FriendlyName>", "<Timeout>"] {
        assert!(text.contains(part), "{text}");
    }
}
