//! Documents in a folder.

use std::{fs, sync::Arc};

use axum::{Router, body::Body, http::Request};
use bytes::Bytes;
use fsshttpb::{
    atom::Guid,
    file::Chunking,
    message::{Operation, QueryChanges, Request as Message, Response, SubRequest},
    object::types::Partition,
    store::{Ids, Store},
};
use psom_cellstorage::{
    Address, DocumentError, Documents as _, Folder, cell_router, client::Client,
    document::LockRules,
};
use tempfile::TempDir;

use crate::support::{put, query, send};

fn open(folder: &TempDir) -> (Router, Arc<Folder>) {
    let documents = Arc::new(Folder::open(folder.path(), LockRules::default()).unwrap());
    (cell_router(Arc::<Folder>::clone(&documents)), documents)
}

fn client(number: u128) -> Client {
    Client::new("http://localhost/report.docx", Guid::from_u128(number))
}

#[tokio::test]
async fn revisions_survive_a_restart_and_changes_of_other_programs() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("report.docx");
    fs::write(&path, "first").unwrap();
    let (router, _) = open(&folder);
    let mut ada = client(1);
    query(&router, "ada", &mut ada).await.unwrap();
    put(&router, "ada", &mut ada, b"second").await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"second");
    fs::write(&path, "third").unwrap();

    let (router, documents) = open(&folder);
    let mut bob = client(2);
    query(&router, "bob", &mut bob).await.unwrap();
    assert_eq!((&bob.file().unwrap()[..], bob.revision()), (&b"third"[..], Some(3)));
    for (number, text) in [(1, "first"), (2, "second"), (3, "third")] {
        assert_eq!(documents.read("report.docx", number).await.unwrap(), text);
    }
    let absent = documents.read("report.docx", 4).await;
    assert!(matches!(absent, Err(DocumentError::NoRevision(4))));
    let loaded = documents.load("report.docx").await.unwrap();
    let authors: Vec<_> = loaded.revisions.iter().map(|it| it.author.login.as_str()).collect();
    assert_eq!(authors, ["owner", "ada", "owner"]);
}

#[tokio::test]
async fn an_interrupted_replacement_is_completed() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("report.docx");
    let (router, _) = open(&folder);
    let mut ada = client(1);
    put(&router, "ada", &mut ada, b"first").await.unwrap();
    put(&router, "ada", &mut ada, b"second").await.unwrap();
    // A crash after the description was saved leaves the old file in place.
    fs::write(&path, "first").unwrap();
    let (router, _) = open(&folder);
    let mut bob = client(2);
    query(&router, "bob", &mut bob).await.unwrap();
    assert_eq!((&bob.file().unwrap()[..], bob.revision()), (&b"second"[..], Some(2)));
    assert_eq!(fs::read(&path).unwrap(), b"second");
    fs::remove_file(&path).unwrap();
    let (router, _) = open(&folder);
    query(&router, "bob", &mut client(3)).await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"second");
}

#[tokio::test]
async fn an_upload_does_not_replace_the_change_of_another_program() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("report.docx");
    let (router, documents) = open(&folder);
    let mut ada = client(1);
    put(&router, "ada", &mut ada, b"first").await.unwrap();
    fs::write(&path, "from another program").unwrap();
    let error = put(&router, "ada", &mut ada, b"second").await.unwrap_err();
    assert!(error.to_string().contains("ColdStoreConcurrencyViolation"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), b"from another program");
    assert_eq!(documents.read("report.docx", 2).await.unwrap(), "from another program");
    let mut again = client(2);
    query(&router, "ada", &mut again).await.unwrap();
    assert_eq!(again.file().unwrap(), "from another program");
    put(&router, "ada", &mut again, b"third").await.unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"third");
}

#[tokio::test]
async fn paths_lead_only_to_files_in_the_folder() {
    let (folder, outside) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(outside.path().join("secret"), "x").unwrap();
    #[cfg(unix)]
    {
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(outside.path(), &link).unwrap();
        let file = folder.path().join("file.docx");
        std::os::unix::fs::symlink(outside.path().join("secret"), file).unwrap()
    };
    let (_, documents) = open(&folder);
    let find = async |path: &str| {
        let address = Address { path, resource_id: None, authorization: None };
        documents.find(address).await.is_ok()
    };
    assert!(find("/new.docx").await && find("/sub/new.docx").await);
    for path in [
        "/../secret",
        "/sub/../../secret",
        "//etc/passwd",
        "/.psom-cell/x",
        "/sub",
        "/",
        "",
        "/link/secret",
        "/file.docx",
        "/none/new.docx",
        "/a\\b",
        "/c:x",
    ] {
        assert!(!find(path).await, "{path}");
    }
}

#[tokio::test]
async fn the_metadata_outlast_the_server_and_a_new_name() {
    let folder = TempDir::new().unwrap();
    let (router, documents) = open(&folder);
    put(&router, "ada", &mut client(1), b"first").await.unwrap();
    let metadata = Bytes::from_static(b"metadata of Office");
    let ids = || Ids::from_seed(b"metadata");
    let mut upload = Store::new(ids()).edit(&metadata, &mut ids(), &Chunking::default()).unwrap();
    upload.partition = Partition::METADATA;
    let answer = raw(&router, Operation::PutChanges(upload), "report.docx").await;
    assert!(answer.sub_responses()[0].answer.is_ok());
    documents.rename("report.docx", "plan.docx").await.unwrap();

    let (router, documents) = open(&folder);
    let answer = raw(&router, Operation::QueryChanges(QueryChanges::default()), "plan.docx").await;
    let mut store = Store::default();
    store.receive(Partition::METADATA, &answer).unwrap();
    assert_eq!(store.file_of(Partition::METADATA).unwrap(), metadata);
    let loaded = documents.load("plan.docx").await.unwrap();
    assert_eq!(loaded.revisions.len(), 1, "metadata are no revision");
}

/// Runs an operation on the metadata of a document.
async fn raw(router: &Router, operation: Operation, name: &str) -> Response {
    let sub = SubRequest::new(1, Partition::METADATA, operation);
    let message = Message::with(&[sub], Guid::NULL, 0).to_bytes();
    let request = Request::post(format!("http://localhost/wopi/files/{name}"))
        .header("x-wopi-override", "COBALT")
        .body(Body::from(message))
        .unwrap();
    let (status, _, _, body) = send(router, request).await;
    assert_eq!(status, 200);
    Response::read(&body).unwrap()
}
