#![allow(clippy::mem_forget, clippy::unwrap_used, reason = "tests")]

use psom::{Client, ClientSession, Server};
use psom_objects::client::Conference;

use std::{sync::Arc, time::Duration};

use psom::Write;
use psom_objects::types::Role;
use tokio::time::timeout;

use super::*;
use crate::{
    admission::{invitations::InvitationTerms, tokens::TokenSource},
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

/// Returns a server on a real store.
async fn app_on_sqlite(directory: &Directory) -> Arc<App> {
    let store = crate::store::SqliteStore::open(directory, crate::Durability::Process);
    app_on(directory, |_| {}, store.await.unwrap())
}

#[tokio::test]
async fn unused_meeting_leaves_memory_and_comes_back() {
    let directory = Directory::new();
    let app = app_on_sqlite(&directory).await;
    let meeting = app.create_meeting(Some("team".into()), Some("Team".into())).await.unwrap();
    let terms = InvitationTerms { role: Role::Presenter, uri: None, display_name: None };
    let (secret, _) = app.invite(&meeting, terms).await.unwrap();
    let admit = async |meeting: &Arc<RunningMeeting>| {
        let source = TokenSource::Administrator;
        app.admit(meeting, source, "sip:ada", "Ada", Role::Presenter).await.unwrap()
    };
    let (first, second) = (admit(&meeting).await, admit(&meeting).await);
    let ada = join(&app, first.token).await;
    app.meetings.unload(&meeting, Duration::ZERO).await;
    assert!(app.meetings.get("team").is_some(), "somebody uses it");
    drop(ada);
    while meeting.connections().await != Some(0) {
        tokio::task::yield_now().await;
    }
    let weak = Arc::downgrade(&meeting);
    app.meetings.unload(&meeting, Duration::from_secs(60)).await;
    assert!(app.meetings.get("team").is_some(), "somebody has just used it");
    app.meetings.unload(&meeting, Duration::ZERO).await;
    drop(meeting);
    assert!(weak.upgrade().is_none(), "it is not in memory");
    assert!(app.meetings.get("team").is_none() && app.meetings.unloaded().len() == 1);
    let taken = app.create_meeting(Some("team".into()), None).await.err();
    assert!(matches!(taken, Some(crate::AdmissionError::MeetingExists)));

    // A token that was issued before, and the invitation, are still valid.
    let ada = join(&app, second.token).await;
    let again = app.meetings.get("team").unwrap();
    assert_eq!(
        (again.title.as_deref(), again.user(1).map(|user| user.id)),
        (Some("Team"), Some(1))
    );
    assert!(app.meetings.unloaded().is_empty());
    assert!(app.invitation(&secret).await.unwrap().is_some());
    drop(ada);
    while again.connections().await != Some(0) {
        tokio::task::yield_now().await;
    }
    app.meetings.unload(&again, Duration::ZERO).await;
    drop(again);
    assert_eq!(app.meetings.unloaded().len(), 1);
    assert!(app.invitation(&secret).await.unwrap().is_some(), "a join link brings it back");
    assert_eq!(app.meetings.unloaded().len(), 0);

    // A meeting that is not in memory can be ended.
    let meeting = app.meetings.get("team").unwrap();
    app.meetings.unload(&meeting, Duration::ZERO).await;
    drop(meeting);
    assert_eq!(app.meetings.end("team").await, Ok(true));
    assert!(app.invitation(&secret).await.unwrap().is_none());
    assert!(app.meeting("team").await.is_err() && app.meetings.unloaded().is_empty());
}

#[tokio::test]
async fn meetings_without_users_are_found_and_unloaded() {
    let directory = Directory::new();
    let app = app_on_sqlite(&directory).await;
    app.create_meeting(Some("team".into()), None).await.unwrap();
    let searching = unload_unused(Arc::downgrade(&app.meetings), Duration::from_millis(1));
    let searching = tokio::spawn(searching);
    eventually(|| app.meetings.unloaded().len() == 1).await;
    assert!(app.meeting("team").await.is_ok());
    drop(app);
    searching.await.unwrap();
}

#[tokio::test]
async fn token_for_an_earlier_meeting_is_not_valid_in_a_later_one() {
    let directory = Directory::new();
    let app = app_on_sqlite(&directory).await;
    let meeting = app.create_meeting(Some("team".into()), None).await.unwrap();
    let source = TokenSource::Administrator;
    let ada = app.admit(&meeting, source, "sip:ada", "Ada", Role::Presenter).await.unwrap();
    assert_eq!(app.meetings.end("team").await, Ok(true));
    // The two meetings differ in the time of their creation, in milliseconds.
    tokio::time::sleep(Duration::from_millis(2)).await;
    let later = app.create_meeting(Some("team".into()), None).await.unwrap();
    let source = TokenSource::Administrator;
    app.admit(&later, source, "sip:ada", "Ada", Role::Presenter).await.unwrap();
    use psom::Authenticator as _;
    let ada = psom::Credentials { token: ada.token, proxy_header: None };
    assert!(app.tokens.authenticate(ada).await.is_err());
}
