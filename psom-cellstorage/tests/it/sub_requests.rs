//! The sub-requests that read facts or change a document without a message of MS-FSSHTTPB.

use axum::{body::Body, http::Request};
use psom_cellstorage::{
    ErrorName,
    soap::{Responses, SubResponse},
};

use crate::support::{PATH, URL, client, put, query, send, site, soap, upload};

async fn ask(router: &axum::Router, sub_requests: &str) -> Vec<SubResponse> {
    let request = Request::post("/_vti_bin/cellstorage.svc/CellStorageService")
        .header("content-type", "text/xml; charset=utf-8")
        .header("authorization", "User ada")
        .body(Body::from(soap(sub_requests)))
        .unwrap();
    let (status, content_type, _, body) = send(router, request).await;
    assert_eq!(status, 200);
    Responses::read(&content_type, &body).unwrap().responses.remove(0).sub_responses
}

fn sub(kind: &str, attributes: &str, inside: &str) -> String {
    format!(
        "<SubRequest Type=\"{kind}\" SubRequestToken=\"1\"><SubRequestData {attributes}>{inside}\
         </SubRequestData></SubRequest>"
    )
}

#[tokio::test]
async fn metadata_requests_are_answered() {
    let (router, _) = site();
    put(&router, "ada", &mut client(1), b"first").await.unwrap();
    let who = ask(&router, &sub("WhoAmI", "", "")).await.remove(0);
    assert_eq!((who.get("UserLogin"), who.get("UserIsAnonymous")), (Some("ada"), Some("False")));
    let time = ask(&router, &sub("ServerTime", "", "")).await.remove(0);
    assert!(time.get("ServerTime").unwrap().parse::<u64>().unwrap() > 639_000_000_000_000_000);
    let info = ask(&router, &sub("GetDocMetaInfo", "", "")).await.remove(0);
    let names: Vec<_> = info.data.children.iter().map(|child| child.name.as_str()).collect();
    assert_eq!(names, ["DocProps", "FolderProps"]);
    let names = sub("Properties", "PropertiesRequestType=\"PropertyEnumerate\"", "");
    let names = ask(&router, &names).await.remove(0);
    assert!(names.data.children[0].children.len() >= 4);
    let value =
        "<PropertyIds><PropertyId id=\"vti_filesize\"/><PropertyId id=\"x\"/></PropertyIds>";
    let value = sub("Properties", "PropertiesRequestType=\"PropertyGet\"", value);
    let value = ask(&router, &value).await.remove(0);
    let values = &value.data.children[0].children;
    assert_eq!((values.len(), values[0].text.as_str()), (1, "5"));
    let lock = ask(&router, &sub("LockStatus", "", "")).await.remove(0);
    assert_eq!(lock.get("LockType"), Some("0"));
    let alone = ask(&router, &sub("AmIAlone", "", "")).await.remove(0);
    assert_eq!(alone.get("AmIAlone"), Some("True"));
}

#[tokio::test]
async fn revisions_are_listed_and_restored() {
    let (router, documents) = site();
    let mut ada = client(1);
    put(&router, "ada", &mut ada, b"first").await.unwrap();
    put(&router, "ada", &mut ada, b"second").await.unwrap();
    let list = ask(&router, &sub("GetVersions", "", "")).await.remove(0);
    let results = &list.beside[0].children[0].children[0];
    let versions: Vec<_> =
        results.all("result").map(|result| result.get("version").unwrap()).collect();
    assert_eq!(versions, ["@2.0", "1.0"]);
    let list = sub("Versioning", "VersioningRequestType=\"GetVersionList\"", "");
    let list = ask(&router, &list).await.remove(0);
    assert_eq!(list.data.first("UserTable").unwrap().children.len(), 1);
    let restore = |version: &str| {
        let attributes = format!("VersioningRequestType=\"RestoreVersion\" Version=\"{version}\"");
        sub("Versioning", &attributes, "")
    };
    let absent = ask(&router, &restore("9.0")).await.remove(0);
    assert_eq!(absent.error, ErrorName::VersionNotFound);
    assert_eq!(ask(&router, &restore("1.0")).await[0].error, ErrorName::Success);
    assert_eq!(documents.files(PATH), ["first", "second", "first"]);
    query(&router, "ada", &mut ada).await.unwrap();
    assert_eq!((&ada.file().unwrap()[..], ada.revision()), (&b"first"[..], Some(3)));
}

#[tokio::test]
async fn a_rename_moves_the_document() {
    let (router, documents) = site();
    put(&router, "ada", &mut client(1), b"first").await.unwrap();
    let rename = |name: &str| {
        sub("FileOperation", &format!("FileOperation=\"Rename\" NewFileName=\"{name}\""), "")
    };
    for bad in ["../x", "a/b", "", ".hidden", "a\\b"] {
        let refused = ask(&router, &rename(bad)).await.remove(0);
        assert_eq!(refused.error, ErrorName::InvalidArgument, "{bad}");
    }
    assert_eq!(ask(&router, &rename("plan.docx")).await[0].error, ErrorName::Success);
    assert_eq!(documents.files("/docs/plan.docx"), ["first"]);
    let gone = ask(&router, &sub("LockStatus", "", "")).await.remove(0);
    assert_eq!(gone.error, ErrorName::FileNotExistsOrCannotBeCreated);
}

#[tokio::test]
async fn an_upload_without_the_lock_is_refused() {
    let (router, documents) = site();
    let mut ada = client(1);
    put(&router, "ada", &mut ada, b"first").await.unwrap();
    let lock = "ExclusiveLockRequestType=\"GetLock\" ExclusiveLockID=\"{A}\"";
    assert_eq!(ask(&router, &sub("ExclusiveLock", lock, "")).await[0].error, ErrorName::Success);
    let refused = put(&router, "ada", &mut ada, b"second").await.unwrap_err();
    assert!(refused.to_string().contains("FileAlreadyLockedOnServer"), "{refused}");
    query(&router, "ada", &mut ada).await.unwrap();
    let parts = ada.edit(&b"second"[..].into()).unwrap();
    let with_lock = [("ExclusiveLockID", "{a}"), ("Timeout", "600")];
    upload(&router, "ada", &mut ada, &parts, &with_lock).await.unwrap();
    assert_eq!(documents.files(PATH), ["first", "second"]);
}

#[tokio::test]
async fn malformed_bodies_and_attributes_are_refused() {
    let (router, _) = site();
    put(&router, "ada", &mut client(1), b"first").await.unwrap();
    for (body, status) in [
        ("", 400),
        ("<a>", 400),
        ("<a/>", 400),
        ("<!DOCTYPE a><a/>", 400),
        (&soap("").replace("Version=\"2\"", "Version=\"1\""), 200),
        (&soap("").replace("RequestToken", "X"), 400),
        (&soap("<SubRequest Type=\"WhoAmI\"/>"), 400),
        (&"<a>".repeat(100), 400),
    ] {
        let request = Request::post("/_vti_bin/cellstorage.svc").body(Body::from(body.to_owned()));
        let (found, _, _, answer) = send(&router, request.unwrap()).await;
        assert_eq!(found, status, "{body}");
        assert!(String::from_utf8_lossy(&answer).contains("ErrorCode"));
    }
    for (kind, attributes, inside) in [
        ("Cell", "BinaryDataSize=\"2\"", "AA=="),
        ("Cell", "BinaryDataSize=\"1\"", "?"),
        ("Cell", "BinaryDataSize=\"1\" PartitionID=\"x\"", "AA=="),
        ("Cell", "BinaryDataSize=\"1\"", "<xop:Include href=\"cid:none\"/>"),
        ("Coauth", "CoauthRequestType=\"Join\"", ""),
        ("Coauth", "CoauthRequestType=\"JoinCoauthoring\" ClientID=\"a\"", ""),
        ("ExclusiveLock", "ExclusiveLockRequestType=\"GetLock\"", ""),
        (
            "ExclusiveLock",
            "ExclusiveLockRequestType=\"GetLock\" ExclusiveLockID=\"a\" Timeout=\"x\"",
            "",
        ),
        ("EditorsTable", "EditorsTableRequestType=\"JoinEditingSession\"", ""),
        ("EditorsTable", "EditorsTableRequestType=\"UpdateEditorMetadata\" ClientID=\"a\"", ""),
        ("FileOperation", "FileOperation=\"Delete\"", ""),
        ("Versioning", "VersioningRequestType=\"X\"", ""),
        ("Properties", "PropertiesRequestType=\"X\"", ""),
    ] {
        let answer = ask(&router, &sub(kind, attributes, inside)).await.remove(0);
        assert_eq!(answer.error, ErrorName::InvalidArgument, "{kind} {attributes}");
    }
    // Bytes that are not a message get an answer with the protocol's own error.
    let answer = ask(&router, &sub("Cell", "BinaryDataSize=\"1\"", "AA==")).await.remove(0);
    assert_eq!(answer.error, ErrorName::CellRequestFail);
    assert!(answer.binary.is_some());
}

#[tokio::test]
async fn discovery_headers_are_sent() {
    let (router, _) = site();
    put(&router, "ada", &mut client(1), b"first").await.unwrap();
    let request = Request::options("/docs/").body(Body::empty()).unwrap();
    let (status, _, headers, _) = send(&router, request).await;
    assert_eq!((status, headers["x-msfsshttp"].to_str().unwrap()), (200, "1.5"));
    let (status, _, headers, body) =
        send(&router, Request::get(URL).body(Body::empty()).unwrap()).await;
    assert_eq!((status, &body[..]), (200, &b"first"[..]));
    assert_eq!(headers["etag"], "\"1\"");
    let (status, ..) = send(&router, Request::get("/no").body(Body::empty()).unwrap()).await;
    assert_eq!(status, 404);
    let (status, ..) = send(&router, Request::delete(URL).body(Body::empty()).unwrap()).await;
    assert_eq!(status, 405);
}
