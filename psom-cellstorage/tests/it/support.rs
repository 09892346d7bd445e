//! Clients and requests for the tests.

use std::{
    env, fs,
    io::{Cursor, Write as _},
    path::PathBuf,
    sync::Arc,
};

use axum::{Router, body::Body, http::Request};
use bytes::Bytes;
use fsshttpb::{atom::Guid, message::PutChanges};
use http_body_util::BodyExt as _;
use psom_cellstorage::{
    Memory, cell_router,
    client::{Client, ClientError, Next, Post},
    document::LockRules,
};
use tower::ServiceExt as _;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

pub(crate) const URL: &str = "http://localhost/docs/report.docx";
pub(crate) const PATH: &str = "/docs/report.docx";

/// Returns a router over documents in memory.
pub(crate) fn site() -> (Router, Arc<Memory>) {
    let documents = Arc::new(Memory::new(LockRules::default()));
    (cell_router(Arc::<Memory>::clone(&documents)), documents)
}

/// Sends a request and returns status, Content-Type, headers and body.
pub(crate) async fn send(
    router: &Router,
    request: Request<Body>,
) -> (u16, String, axum::http::HeaderMap, Bytes) {
    let response = router.clone().oneshot(request).await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let content_type = headers.get("content-type").map(|value| value.to_str().unwrap().to_owned());
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, content_type.unwrap_or_default(), headers, body)
}

/// Sends a client's request as a user.
pub(crate) async fn post(router: &Router, user: &str, post: Post) -> (String, Bytes) {
    let request = Request::post(post.url)
        .header("content-type", post.content_type)
        .header("soapaction", post.soap_action)
        .header("authorization", format!("User {user}"))
        .body(Body::from(post.body))
        .unwrap();
    let (status, content_type, _, body) = send(router, request).await;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    (content_type, body)
}

pub(crate) fn client(number: u128) -> Client {
    Client::new(URL, Guid::from_u128(number))
}

/// Queries until the client has everything.
pub(crate) async fn query(
    router: &Router,
    user: &str,
    client: &mut Client,
) -> Result<(), ClientError> {
    loop {
        let request = client.query();
        let (content_type, body) = post(router, user, request).await;
        if client.receive(&content_type, &body)? == Next::Done {
            return Ok(());
        }
    }
}

/// Uploads the parts of an edit and returns the number of bytes.
pub(crate) async fn upload(
    router: &Router,
    user: &str,
    client: &mut Client,
    parts: &[PutChanges],
    lock: &[(&str, &str)],
) -> Result<usize, ClientError> {
    let mut bytes = 0;
    for part in parts {
        let request = client.upload(part, lock);
        bytes += request.body.len();
        let (content_type, body) = post(router, user, request).await;
        client.accept(part, &content_type, &body)?;
    }
    Ok(bytes)
}

/// Edits the document and uploads it.
pub(crate) async fn put(
    router: &Router,
    user: &str,
    client: &mut Client,
    file: &[u8],
) -> Result<usize, ClientError> {
    let parts = client.edit(&Bytes::copy_from_slice(file))?;
    upload(router, user, client, &parts, &[]).await
}

/// Returns a body of SOAP with one request that has these sub-requests.
pub(crate) fn soap(sub_requests: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
         <RequestVersion Version=\"2\" MinorVersion=\"2\" \
         xmlns=\"http://schemas.microsoft.com/sharepoint/soap/\"/>\
         <RequestCollection CorrelationId=\"{{1}}\" \
         xmlns=\"http://schemas.microsoft.com/sharepoint/soap/\">\
         <Request Url=\"{URL}\" RequestToken=\"1\">{sub_requests}</Request>\
         </RequestCollection></s:Body></s:Envelope>"
    )
}

/// Returns bytes that do not compress, the same ones for the same seed.
pub(crate) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend_from_slice(&state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Returns a presentation with a picture per slide; `changed` has another picture.
pub(crate) fn pptx(slides: u64, picture_bytes: usize, changed: Option<u64>) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(vec![]));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for slide in 0..slides {
        writer.start_file(format!("ppt/media/image{slide}.png"), options).unwrap();
        let seed = if changed == Some(slide) { 1_000 } else { slide + 1 };
        writer.write_all(&noise(seed, picture_bytes)).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Reads a file that must not be copied into the project, from the folder that `FSSHTTPB_DATA`
/// names or from `../shared/data/fsshttpb` beside the repository. If the file is absent, it prints
/// that the test is skipped.
pub(crate) fn outside(file: &str) -> Option<Vec<u8>> {
    let folder = env::var_os("FSSHTTPB_DATA").map(PathBuf::from).unwrap_or_else(|| {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/fsshttpb")
    });
    let path = folder.join(file);
    let bytes = fs::read(&path).ok();
    if bytes.is_none() {
        eprintln!("skipped: {} is absent; set FSSHTTPB_DATA to its folder", path.display());
    }
    bytes
}
