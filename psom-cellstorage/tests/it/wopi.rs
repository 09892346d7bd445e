//! The transport inside WOPI.

use axum::{Router, body::Body, http::Request};
use bytes::Bytes;
use fsshttpb::{
    atom::Guid,
    file::Chunking,
    message::{Operation, QueryChanges, Request as Message, Response, SubRequest},
    object::types::Partition,
    store::{Ids, Store},
};
use psom_cellstorage::soap::Responses;

use crate::support::{PATH, client, put, send, site, soap};

async fn call(
    router: &Router,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> (u16, axum::http::HeaderMap, Bytes) {
    let mut request = Request::post(format!("/docs/wopi/files/{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (status, _, headers, body) = send(router, request.body(body.into()).unwrap()).await;
    (status, headers, body)
}

fn query() -> Vec<u8> {
    let query = Operation::QueryChanges(QueryChanges::default());
    Message::with(&[SubRequest::new(1, Partition::CONTENTS, query)], Guid::NULL, 0).to_bytes()
}

#[tokio::test]
async fn a_raw_message_gets_a_raw_answer() {
    let (router, _) = site();
    put(&router, "ada", &mut client(1), b"first").await.unwrap();
    let cobalt = [("X-WOPI-Override", "COBALT"), ("Content-Type", "text/xml")];
    let (status, headers, body) = call(&router, "report.docx", &cobalt, query()).await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "text/html"));
    let response = Response::read(&body).unwrap();
    assert_eq!(Store::from_response(&response).unwrap().file().unwrap(), b"first");
}

#[tokio::test]
async fn xml_without_an_envelope_gets_the_same_form() {
    let (router, _) = site();
    put(&router, "ada", &mut client(1), b"first").await.unwrap();
    let body = soap("<SubRequest Type=\"LockStatus\" SubRequestToken=\"7\"/>");
    let inner = body.split_once("<s:Body>").unwrap().1.split_once("</s:Body>").unwrap().0;
    let inner = inner.replace("Url=\"http://localhost/docs/report.docx\"", "");
    let cobalt = [("X-WOPI-Override", "COBALT")];
    let (status, _, body) = call(&router, "report.docx", &cobalt, format!("\u{feff}{inner}")).await;
    assert_eq!(status, 200);
    assert!(body.starts_with("\u{feff}<ResponseVersion".as_bytes()));
    let answer = Responses::read("text/xml", &body).unwrap();
    let response = &answer.responses[0];
    assert_eq!((response.url.as_deref(), &response.sub_responses[0].token[..]), (None, "7"));
}

#[tokio::test]
async fn locks_protect_the_file() {
    let (router, documents) = site();
    put(&router, "ada", &mut client(1), b"first").await.unwrap();
    let lock =
        |kind: &'static str, id: &'static str| [("X-WOPI-Override", kind), ("X-WOPI-Lock", id)];
    let file = "report.docx";
    let put_file = |id: &'static str| [("X-WOPI-Override", "PUT"), ("X-WOPI-Lock", id)];
    let contents = "report.docx/contents";

    assert_eq!(call(&router, contents, &put_file("a"), "x").await.0, 409, "no lock");
    assert_eq!(call(&router, file, &lock("REFRESH_LOCK", "a"), "").await.0, 409);
    assert_eq!(call(&router, file, &lock("LOCK", ""), "").await.0, 400);
    assert_eq!(call(&router, file, &lock("LOCK", "a"), "").await.0, 200);
    assert_eq!(call(&router, file, &lock("LOCK", "a"), "").await.0, 200, "locks again");
    let (status, headers, _) = call(&router, file, &lock("LOCK", "b"), "").await;
    assert_eq!((status, headers["x-wopi-lock"].to_str().unwrap()), (409, "a"));
    assert_eq!(call(&router, contents, &put_file("b"), "x").await.0, 409);
    let (status, headers, _) = call(&router, contents, &put_file("a"), "second").await;
    assert_eq!((status, headers["x-wopi-itemversion"].to_str().unwrap()), (200, "2"));
    let relock = [("X-WOPI-Override", "LOCK"), ("X-WOPI-Lock", "b"), ("X-WOPI-OldLock", "a")];
    assert_eq!(call(&router, file, &relock, "").await.0, 200);
    assert_eq!(call(&router, file, &lock("UNLOCK", "a"), "").await.0, 409);
    assert_eq!(call(&router, file, &lock("REFRESH_LOCK", "b"), "").await.0, 200);
    assert_eq!(call(&router, file, &lock("UNLOCK", "b"), "").await.0, 200);
    assert_eq!(call(&router, file, &lock("RENAME_FILE", "b"), "").await.0, 501);
    assert_eq!(documents.files(PATH), ["first", "second"]);
}

#[tokio::test]
async fn the_file_is_described_and_downloaded() {
    let (router, _) = site();
    put(&router, "ada", &mut client(1), b"first").await.unwrap();
    let get = |path: &str| Request::get(format!("/docs/wopi/files/{path}")).body(Body::empty());
    let (status, kind, _, body) = send(&router, get("report.docx").unwrap()).await;
    assert_eq!((status, &kind[..]), (200, "application/json"));
    let text = String::from_utf8(body.to_vec()).unwrap();
    for part in ["\"BaseFileName\":\"report.docx\"", "\"Size\":5", "\"SupportsCobalt\":true"] {
        assert!(text.contains(part), "{text}");
    }
    let (status, _, _, body) = send(&router, get("report.docx/contents").unwrap()).await;
    assert_eq!((status, &body[..]), (200, &b"first"[..]));
    let (status, ..) = send(&router, get("absent.docx").unwrap()).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_raw_upload_passes_only_the_lock_of_its_user() {
    let (router, documents) = site();
    put(&router, "ada", &mut client(1), b"first").await.unwrap();
    let call_as = async |user: &str, headers: &[(&str, &str)], body: Vec<u8>| {
        let user = format!("User {user}");
        let headers = [headers, &[("Authorization", &user)]].concat();
        call(&router, "report.docx", &headers, body).await
    };
    let (_, _, body) = call_as("ada", &[("X-WOPI-Override", "COBALT")], query()).await;
    let store = Store::from_response(&Response::read(&body).unwrap()).unwrap();
    let lock = [("X-WOPI-Override", "LOCK"), ("X-WOPI-Lock", "a")];
    assert_eq!(call_as("ada", &lock, vec![]).await.0, 200);
    for (user, status) in [("grace", 409), ("ada", 200)] {
        let file = Bytes::from_static(b"second");
        let put = store.edit(&file, &mut Ids::from_seed(b"client"), &Chunking::default()).unwrap();
        let sub = SubRequest::new(1, Partition::CONTENTS, Operation::PutChanges(put));
        let upload = Message::with(&[sub], Guid::NULL, 0).to_bytes();
        let (found, headers, _) = call_as(user, &[("X-WOPI-Override", "COBALT")], upload).await;
        assert_eq!(found, status, "{user}");
        assert_eq!(headers.contains_key("x-wopi-lock"), status == 409);
    }
    assert_eq!(documents.files(PATH), ["first", "second"]);
}

#[tokio::test]
async fn pages_of_other_sites_are_refused() {
    let (router, documents) = site();
    put(&router, "ada", &mut client(1), b"first").await.unwrap();
    for (origin, status) in [("http://evil.example", 403), ("null", 403), ("http://localhost", 200)]
    {
        let request = Request::get(PATH).header("host", "localhost").header("origin", origin);
        let (found, ..) = send(&router, request.body(Body::empty()).unwrap()).await;
        assert_eq!(found, status, "{origin}");
    }
    assert_eq!(documents.files(PATH), ["first"]);
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_refused() {
    let (router, _) = site();
    put(&router, "ada", &mut client(1), b"first").await.unwrap();
    let router = psom_cellstorage::loopback_only(router);
    for (host, status) in [
        ("127.0.0.1:8059", 200),
        ("127.0.0.1", 200),
        ("[::1]:8059", 200),
        ("LocalHost:8059", 200),
        ("evil.example:8059", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example:80", 421),
        ("192.168.1.7:8059", 421),
        ("", 421),
    ] {
        let request = Request::get(PATH).header("host", host).body(Body::empty()).unwrap();
        assert_eq!(send(&router, request).await.0, status, "{host}");
    }
    let request = Request::get(PATH).body(Body::empty()).unwrap();
    assert_eq!(send(&router, request).await.0, 421);
}
