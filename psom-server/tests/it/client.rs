//! Users of a meeting who join with `psom-client`.

use std::{path::Path, time::Duration};

use psom::{CallError, net::Backoff};
use psom_client::{ActionError, JoinLink, Joined, Upload};
use psom_objects::{
    annotation::{Kind, Properties, Property},
    client::RequestError,
    types::{ContentVisibility, Role, TitleReservationStatus},
};
use psom_server::{Options, Server};

const GRACE: Duration = Duration::from_secs(30);

/// Starts a server with the meeting `demo` on addresses.
async fn start(data: &Path, psom: &str, http: &str) -> Server {
    let (listen, http, data) = (psom.into(), http.into(), data.into());
    Server::start(Options { listen, http, data, demo: true, ..Options::default() }).await.unwrap()
}

fn link(server: &Server, role: Role) -> JoinLink {
    server.demo_links().iter().find(|demo| demo.role == role).unwrap().link.clone()
}

/// A presenter and an attendee in a meeting.
async fn meeting(data: &Path) -> (Server, Joined, Joined) {
    let server = start(data, "127.0.0.1:0", "127.0.0.1:0").await;
    let ada = link(&server, Role::Presenter).enter("Ada").await.unwrap();
    let bob = link(&server, Role::Attendee).enter("Bob").await.unwrap();
    (server, ada, bob)
}

fn refused(result: Result<(), ActionError>) -> bool {
    matches!(result, Err(ActionError::Refused(_)))
}

#[tokio::test]
async fn actions_return_when_the_server_has_handled_them() {
    let data = tempfile::tempdir().unwrap();
    let (server, ada, bob) = meeting(data.path()).await;
    assert_eq!(ada.admitted().name.as_deref(), Some("Ada"));
    let poll = Upload::poll("Lunch", "When?", ["now", "later"]).unwrap();
    let poll = ada.upload(poll).await.unwrap();
    ada.present(poll).await.unwrap();
    bob.settled().await.unwrap();
    assert_eq!(bob.content("Lunch").await.unwrap().unwrap().0, poll);
    bob.vote(poll, 1).await.unwrap();
    ada.settled().await.unwrap();
    let votes =
        move |model: &psom_client::Model| model.contents[&poll].poll.as_ref().unwrap().votes(1);
    assert_eq!(ada.read(votes).await.unwrap(), 1);
    bob.withdraw_vote(poll).await.unwrap();
    ada.rename(poll, "Dinner").await.unwrap();
    ada.set_visibility(poll, ContentVisibility::Presenters).await.unwrap();
    ada.stop_presenting(poll).await.unwrap();

    let board = ada.upload(Upload::whiteboard("Ideas").unwrap()).await.unwrap();
    let text = [
        (Property::Anchor, "1,2"),
        (Property::Text, "here"),
        (Property::Width, "100"),
        (Property::FontFace, "Arial"),
        (Property::FontSize, "12"),
        (Property::FontColor, "#000000"),
        (Property::TextDirection, "LTR"),
    ];
    let text: Properties = text.map(|(property, value)| (property, value.to_owned())).into();
    let drawn = ada.annotate(board, Kind::Text, text.clone()).await.unwrap();
    ada.remove_annotation(board, drawn).await.unwrap();
    let refused = bob.annotate(board, Kind::Text, text).await;
    assert!(matches!(refused, Err(ActionError::Refused(_))), "{refused:?}");
    let qna = ada.upload(Upload::qna("Questions").unwrap()).await.unwrap();
    bob.settled().await.unwrap();
    bob.ask(qna, "01", "Why?", "Bob").await.unwrap();
    ada.answer(qna, "01", "Because.", "Ada").await.unwrap();
    ada.delete(board).await.unwrap();
    bob.leave().await;
    ada.leave().await;
    server.shutdown(GRACE).await;
}

#[tokio::test]
async fn refused_actions_are_errors() {
    let data = tempfile::tempdir().unwrap();
    let (server, ada, bob) = meeting(data.path()).await;
    let poll = || Upload::poll("Lunch", "When?", ["now", "later"]).unwrap();
    let content = ada.upload(poll()).await.unwrap();
    bob.settled().await.unwrap();
    assert!(refused(bob.present(content).await));
    assert!(refused(bob.rename(content, "Mine").await));
    assert!(refused(bob.delete(content).await));
    assert!(refused(bob.set_poll_open(content, false).await));
    assert!(refused(bob.vote(content, 9).await));
    assert_eq!(bob.vote(77, 0).await, Err(ActionError::Call(CallError::Gone)));

    let status = |error: ActionError| match error {
        ActionError::Request(RequestError::TitleRefused { status, .. }) => status,
        error => panic!("{error}"),
    };
    let taken = ada.upload(poll()).await.unwrap_err();
    assert_eq!(status(taken), TitleReservationStatus::FailedReservedForCreation);
    let refused = bob.reserve_title("Mine").await.unwrap_err();
    assert_eq!(status(refused), TitleReservationStatus::FailedNotAuthorized);
    // A released title is free again, and a reserved one belongs to the upload.
    let reserved = ada.reserve_title("Plan").await.unwrap();
    ada.release_title(reserved).await.unwrap();
    let reserved = ada.reserve_title("Plan").await.unwrap();
    ada.upload_reserved(reserved, Upload::qna("Plan").unwrap()).await.unwrap();

    ada.set_poll_open(content, false).await.unwrap();
    bob.settled().await.unwrap();
    assert!(matches!(bob.vote(content, 0).await, Err(ActionError::Call(CallError::NotNow(_)))));
    server.end_meeting("demo").await.unwrap();
    assert_eq!(bob.ended().await, psom::Error::PeerClosed);
    let ended = bob.vote(content, 0).await;
    assert_eq!(ended, Err(ActionError::Ended(psom::Error::PeerClosed)));
    let ended = ada.upload(poll()).await;
    assert_eq!(ended, Err(ActionError::Ended(psom::Error::PeerClosed)));
    server.shutdown(GRACE).await;
}

#[tokio::test]
async fn user_comes_back_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let server = start(data.path(), "127.0.0.1:0", "127.0.0.1:0").await;
    let entrance = link(&server, Role::Presenter).entrance().name("Bot");
    let entrance = entrance.secret("the secret of the bot");
    let mut bot = entrance.enter().await.unwrap();
    let uri = bot.admitted().uri.clone();
    let content = bot.upload(Upload::whiteboard("Ideas").unwrap()).await.unwrap();
    let (psom, http) = (server.psom_addr().to_string(), server.http_addr().to_string());
    let ended = async {
        while bot.next().await.is_some() {}
        bot.ended().await
    };
    let (ended, ()) = tokio::join!(ended, server.shutdown(GRACE));
    assert_eq!(ended, psom::Error::PeerClosed);
    assert!(!bot.is_overrun());

    // The first attempts fail: no server listens.
    let backoff = Backoff::new(Duration::from_millis(1), Duration::from_millis(10));
    let (bot, server) =
        tokio::join!(entrance.enter_again(backoff, GRACE), start(data.path(), &psom, &http));
    let bot = bot.unwrap();
    assert_eq!(bot.admitted().uri, uri, "the server recognizes the guest");
    assert_eq!(bot.content("Ideas").await.unwrap().unwrap().0, content);
    server.end_meeting("demo").await.unwrap();
    let refused = entrance.enter_again(backoff, GRACE).await.unwrap_err();
    assert!(!refused.is_transient(), "{refused}");
    server.shutdown(GRACE).await;
}
