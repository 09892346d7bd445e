#![allow(clippy::mem_forget, clippy::unwrap_used, reason = "tests")]

use psom::{Client, ClientSession, Server};
use psom_objects::client::Conference;

use std::{sync::Arc, time::Duration};

use psom::Write;
use psom_objects::types::Role;
use tokio::time::timeout;

use super::*;
use crate::{
    admission::tokens::TokenSource,
    app::App,
    testing::{Directory, PermitStore, app_on, eventually},
};

/// Starts a meeting on a store with a number of permits.
async fn start_meeting(permits: usize) -> (Directory, PermitStore, Arc<App>, Arc<RunningMeeting>) {
    let (directory, store) = (Directory::new(), PermitStore::new(permits));
    let app = app_on(&directory, |_| {}, store.clone());
    let meeting = app.meetings.create(Some("team".into()), None).await.unwrap();
    (directory, store, app, meeting)
}

/// Lets all other tasks run until they wait.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

async fn join(app: &App, token: String) -> ClientSession<Conference> {
    let server = Server::builder().authenticator(Arc::clone(&app.tokens)).start().unwrap();
    let (near, far) = tokio::io::duplex(1 << 16);
    server.accept(far);
    let client = Client::builder().root_with(|scope| Conference::new(scope, |_| {})).token(token);
    let session = client.connect_stream(near).await.unwrap();
    // Dropping the server would drop its connections.
    std::mem::forget(server);
    session
}

#[tokio::test]
async fn user_id_is_returned_when_it_is_durable() {
    let (_directory, store, _, meeting) = start_meeting(0).await;
    let admit = || {
        let meeting = Arc::clone(&meeting);
        tokio::spawn(async move { meeting.admit("sip:ada", "Ada", Role::Attendee).await })
    };
    let (first, second) = (admit(), admit());
    settle().await;
    assert!(!first.is_finished() && !second.is_finished());
    store.permits.add_permits(2);
    assert_eq!(first.await.unwrap().unwrap(), 1);
    assert_eq!(second.await.unwrap().unwrap(), 1);
    // Nothing has to be saved, so no permit is needed.
    assert_eq!(meeting.admit("sip:ada", "Ada", Role::Attendee).await.unwrap(), 1);
}

#[tokio::test]
async fn role_changes_when_the_change_is_durable() {
    let (_directory, store, app, meeting) = start_meeting(1).await;
    let bob = app
        .admit(&meeting, TokenSource::Administrator, "sip:bob", "Bob", Role::Attendee)
        .await
        .unwrap();
    let bob = join(&app, bob.token).await;
    let robert = tokio::spawn({
        let meeting = Arc::clone(&meeting);
        async move { meeting.admit("sip:bob", "Robert", Role::Organizer).await }
    });
    settle().await;
    let role = async || meeting.summary().await.unwrap().users[0].role;
    assert_eq!((&*meeting.user(1).unwrap().name, role().await), ("Bob", Role::Attendee));
    // The change is saved although the caller has stopped waiting.
    robert.abort();
    store.permits.add_permits(1);
    eventually(|| &*meeting.user(1).unwrap().name == "Robert").await;
    while role().await != Role::Organizer {
        tokio::task::yield_now().await;
    }
    drop(bob);
}

#[tokio::test(start_paused = true)]
async fn role_is_announced_when_a_stuck_meeting_resumes() {
    let (_directory, store, app, meeting) = start_meeting(1).await;
    let bob = app
        .admit(&meeting, TokenSource::Administrator, "sip:bob", "Bob", Role::Attendee)
        .await
        .unwrap();
    let bob = join(&app, bob.token).await;
    let organizer = tokio::spawn({
        let meeting = Arc::clone(&meeting);
        async move { meeting.admit("sip:bob", "Bob", Role::Organizer).await }
    });
    settle().await;
    // The space waits for the store with 64 commits, and 64 messages wait for the space.
    let mut runs = Vec::new();
    for _ in 0..130 {
        let space = meeting.space();
        let run = async move { space.run(|_, cx| cx.save("key", "value")).await };
        runs.push(tokio::spawn(run));
        settle().await;
    }
    store.permits.add_permits(1);
    assert_eq!(organizer.await.unwrap().unwrap(), 1, "a durable change is answered");
    assert!(runs.iter().all(|run| !run.is_finished()), "the meeting is stuck");
    store.permits.add_permits(1000);
    // The pending messages run before later ones.
    for run in runs {
        run.await.unwrap().unwrap();
    }
    assert_eq!(meeting.summary().await.unwrap().users[0].role, Role::Organizer);
    drop(bob);
}

#[tokio::test]
async fn clients_are_disconnected_when_the_end_is_durable() {
    let (_directory, store, app, meeting) = start_meeting(1).await;
    let ada = app
        .admit(&meeting, TokenSource::Administrator, "sip:ada", "Ada", Role::Presenter)
        .await
        .unwrap();
    let late = app
        .admit(&meeting, TokenSource::Administrator, "sip:ada", "Ada", Role::Presenter)
        .await
        .unwrap();
    let ada = join(&app, ada.token).await;
    let end = tokio::spawn({
        let meetings = Arc::clone(&app.meetings);
        async move { meetings.end("team").await }
    });
    eventually(|| !meeting.is_running()).await;
    assert!(meeting.summary().await.is_some(), "the meeting still answers");
    // A write after the end waits for the end and does not fail.
    let saved = meeting.save(Write { key: "key".into(), value: None });
    let mut saved = std::pin::pin!(saved);
    assert!(timeout(Duration::ZERO, saved.as_mut()).await.is_err());
    settle().await;
    assert!(!end.is_finished() && app.meetings.get("team").is_some());
    // No user is admitted in the meantime, and other requests do not wait.
    let admitted =
        app.admit(&meeting, TokenSource::Administrator, "sip:bob", "Bob", Role::Attendee).await;
    assert!(matches!(admitted.err(), Some(crate::AdmissionError::Ending(id)) if id == "team"));
    use psom::Authenticator as _;
    let late = psom::Credentials { token: late.token, proxy_header: None };
    assert!(app.tokens.authenticate(late).await.is_err());
    assert!(app.create_meeting(Some("team".into()), None).await.is_err());
    assert_eq!(app.meetings.end("other").await, Ok(false));

    store.permits.add_permits(1);
    assert_eq!(ada.ended().await, psom::Error::PeerClosed);
    assert_eq!((end.await.unwrap(), saved.await.is_ok()), (Ok(true), true));
    assert!(app.meetings.get("team").is_none());
}
