//! Clients of older versions get only the methods of their versions.

use std::sync::Arc;

use psom::{Client, Context, Handle, Scope, Server, Tokens, Violation, distributed_object};
use psom_objects::{
    interfaces::*,
    package::{ContentDetail, CreateContent, Manifest},
    server::Meeting,
    types::{Participant, Role, TitleReservationStatus, UploadFinishReason},
};

use super::{
    client::Log,
    store::MemoryStore,
    world::{config, pack},
};
use crate::net::common::eventually;

/// The interfaces of version 1.
mod v1 {
    use bytes::Bytes;
    use psom::{Context, ObjectRef, psom_interface};
    use psom_objects::types::{ContentVisibility, SetTitleStatus, UploadFinishReason};

    #[psom_interface(
        name = "Microsoft.Rtc.Server.DataMCU.Meeting.Content",
        version = 1,
        hash = -6470662138903778586
    )]
    pub(super) trait ContentServer {}

    #[psom_interface(
        name = "Microsoft.Rtc.Server.DataMCU.Meeting.Content",
        version = 1,
        hash = 1113513223610002283
    )]
    pub(super) trait ContentClient {
        fn c_connect_completed(&mut self, cx: &mut Context<Self>);
        fn c_force_sync(&mut self) {}
        fn c_set_creation_time(&mut self, _time: String) {}
        fn c_set_last_used_time(&mut self, _time: String) {}
        fn c_set_native_file_info(
            &mut self,
            _name: String,
            _key: Bytes,
            _iv: Bytes,
            _hash: Bytes,
            _size: i64,
        ) {
        }
        fn c_set_owner_id(&mut self, _id: i64) {}
        fn c_set_present_info(&mut self, _presented: bool, _presenter: i64) {}
        fn c_set_presentation_order(&mut self, _order: i64) {}
        fn c_set_title(&mut self, _title: String) {}
        fn c_set_title_complete(&mut self, _status: SetTitleStatus, _title: String) {}
        fn c_set_visibility(&mut self, _visibility: ContentVisibility) {}
    }

    #[psom_interface(
        name = "Microsoft.Rtc.Server.DataMCU.Meeting.UploadManager",
        version = 1,
        hash = 4004400404121921234
    )]
    #[expect(dead_code, reason = "only its proxy is used")]
    pub(super) trait UploadManagerServer {
        #[wire(name = "sRequestUpload")]
        fn s_request_upload_of_manifest(&mut self, length: i64, cookie: i32, manifest: String);
        fn s_request_upload(&mut self, packed: i64, unpacked: i64, cookie: i32);
    }

    #[psom_interface(
        name = "Microsoft.Rtc.Server.DataMCU.Meeting.UploadManager",
        version = 1,
        hash = -8511879503649873756
    )]
    pub(super) trait UploadManagerClient {
        fn c_accept_upload(&mut self, _cookie: i32, _stream: ObjectRef) {}
        fn c_reject_upload(&mut self, cookie: i32, reason: UploadFinishReason);
        fn c_set_available_space(&mut self, _size: i64) {}
        fn c_upload_finished(&mut self, _cookie: i32, _reason: UploadFinishReason) {}
    }
}

/// A client of version 1 that connects every content.
#[distributed_object(serves = MeetingClient, calls = MeetingServer)]
struct OldClient {
    log: Log,
    #[child("contentManager")]
    contents: Handle<OldContents>,
    #[child("contentUserManager")]
    users: Handle<OldUsers>,
}

impl OldClient {
    fn new(scope: &mut Scope) -> Self {
        let log = Log::default();
        let uploads = scope.add(OldUploads(Arc::clone(&log)));
        let contents = scope.add(OldContents { log: Arc::clone(&log), uploads });
        Self { log, contents, users: scope.add(OldUsers) }
    }
}

impl MeetingClient for OldClient {
    fn c_meeting_ready(&mut self, _: &mut Context<Self>) {}
    fn c_set_info(&mut self, _: &str) {}
    fn c_set_server_time(&mut self, _: &mut Context<Self>, _: String) {}
    fn c_set_url_base(&mut self, _: &mut Context<Self>, _: String) {}
}

#[distributed_object(serves = ContentUserManagerClient, calls = ContentUserManagerServer)]
struct OldUsers;

impl ContentUserManagerClient for OldUsers {
    fn c_users_added(
        &mut self,
        _: &mut Context<Self>,
        _: Vec<i64>,
        _: Vec<String>,
        _: Vec<String>,
    ) -> Result<(), Violation> {
        Ok(())
    }
    fn c_users_removed(&mut self, _: &mut Context<Self>, _: Vec<i64>) {}
}

#[distributed_object(
    serves = ContentManagerClient,
    calls = ContentManagerServer,
    connects = OldContent
)]
struct OldContents {
    log: Log,
    #[child("uploadManager")]
    uploads: Handle<OldUploads>,
}

impl ContentManagerClient for OldContents {
    fn c_content_added(&mut self, cx: &mut Context<Self>, id: i64, _: String) {
        let content = cx.add(OldContent(Arc::clone(&self.log)));
        cx.caller().connect(format!("content.{id}"), content).unwrap();
    }
    fn c_content_created(&mut self, _: &mut Context<Self>, _: i64, _: i32) {}
    fn c_content_creation_failed(&mut self, _: i32, _: i32) {}
    fn c_content_removed(&mut self, _: &mut Context<Self>, _: i64) {}
    fn c_reserve_title_completed(
        &mut self,
        _: &mut Context<Self>,
        _: TitleReservationStatus,
        _: i32,
        _: i64,
        _: i64,
    ) {
    }
    fn c_set_active_content(&mut self, _: &mut Context<Self>, _: i64) {}
    fn c_set_active_presenter(&mut self, _: &mut Context<Self>, _: i64) {}
    fn c_title_released(&mut self, _: &mut Context<Self>, _: i32) {}
}

#[distributed_object(serves = v1::UploadManagerClient, calls = v1::UploadManagerServer)]
struct OldUploads(Log);

impl v1::UploadManagerClient for OldUploads {
    fn c_reject_upload(&mut self, cookie: i32, reason: UploadFinishReason) {
        self.0.lock().unwrap().push(format!("rejected {cookie} {reason:?}"));
    }
}

#[distributed_object(serves = v1::ContentClient, calls = v1::ContentServer)]
struct OldContent(Log);

impl v1::ContentClient for OldContent {
    fn c_connect_completed(&mut self, cx: &mut Context<Self>) {
        let version = cx.caller().version();
        self.0.lock().unwrap().push(format!("content completed, version {version}"));
    }
}

/// Returns a package whose manifest has the original URL of its file.
fn package() -> Vec<u8> {
    let content = CreateContent::new("plan.txt", ContentDetail::NativeFileOnly);
    let mut content = content.with_native_file("native.file");
    content.common.original_file_url = Some("file://plans/plan.txt".into());
    pack(&Manifest::CreateContent(content), &[("native.file", b"hello")])
}

#[tokio::test]
async fn client_gets_only_methods_of_its_version() {
    let config = config(MemoryStore::default());
    let tokens = Tokens::new();
    let server = Server::builder().root_with(|scope| Meeting::new(scope, config));
    let server = server.authenticator(tokens.clone()).start().unwrap();
    let transport = |id: i64| {
        let (near, far) = tokio::io::duplex(64 * 1024);
        server.accept(far);
        let uri = format!("sip:{id}@example.com");
        let participant = Participant { uri, role: Role::Presenter };
        (near, tokens.issue(participant.user(id, "somebody")))
    };
    let (near, token) = transport(1);
    let new = Client::builder().root_with(super::client::Client::new).token(token);
    let new = new.connect_stream(near).await.unwrap();
    let (near, token) = transport(2);
    let old = Client::builder().root_with(OldClient::new).token(token);
    let old = old.connect_stream(near).await.unwrap();

    // The client of version 10 shares a file.
    let log = new.run(|client, _| Arc::clone(&client.log)).await.unwrap();
    let logged = async |log: &Log, line: &str| {
        eventually(async || log.lock().unwrap().iter().any(|received| received == line)).await;
    };
    logged(&log, "meeting.ready").await;
    let package = package();
    let length = package.len() as i64;
    new.run(move |client, cx| {
        cx.try_tell(client.contents, |_, cx| drop(cx.peers().s_reserve_title("plan.txt", 1)))
            .unwrap();
        cx.try_tell(client.uploads, move |_, cx| {
            drop(cx.peers().s_request_upload(length, 1000, 1))
        })
        .unwrap();
    })
    .await
    .unwrap();
    logged(&log, "uploads.accepted 1").await;
    new.run(move |client, cx| {
        let stream = cx.get(client.uploads).unwrap().streams[0];
        cx.try_tell(stream, move |_, cx| drop(cx.peers().s_write(package.into(), 1))).unwrap();
        cx.try_tell(client.uploads, |_, cx| drop(cx.peers().s_upload_finished(1, false))).unwrap();
    })
    .await
    .unwrap();
    logged(&log, "uploads.finished 1 Ok").await;
    new.run(|client, cx| {
        let content = cx.add(super::client::Content::new(Arc::clone(&client.log), 1));
        cx.try_tell(client.contents, move |_, cx| {
            let _ = cx.peers().connect("content.1", content);
        })
        .unwrap();
    })
    .await
    .unwrap();

    // Version 10 gets the original URL; version 1 has no method for it and continues.
    logged(&log, "content 1.original file://plans/plan.txt").await;
    logged(&log, "content 1.completed").await;
    let old_log = old.run(|client, _| Arc::clone(&client.log)).await.unwrap();
    logged(&old_log, "content completed, version 1").await;
    old.run(|client, cx| {
        let uploads = cx.get(client.contents).unwrap().uploads;
        cx.try_tell(uploads, |_, cx| drop(cx.peers().s_request_upload(-1, -1, 7))).unwrap();
    })
    .await
    .unwrap();
    logged(&old_log, "rejected 7 VerifyFailed").await;
    assert_eq!((new.version(), old.version()), (2, 2));
}
