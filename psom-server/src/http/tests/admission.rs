use psom::{Authenticator, Credentials};

use super::*;
use crate::{Entry, JoinLink};

fn ada() -> Value {
    json!({ "uri": "sip:ada@example.com", "displayName": "Ada", "role": "presenter" })
}

async fn redeem(api: &Api, token: String) -> Result<psom::Admission, String> {
    let credentials = Credentials { token, proxy_header: None };
    api.app.door.authenticate(credentials).await.map_err(|refused| refused.to_string())
}

#[tokio::test]
async fn a_user_gets_what_a_client_needs() {
    let api = Api::with_meeting().await;
    let answer = api.post("/api/meetings/m/users", ada()).await;
    assert_eq!(answer.status, 201);
    let mut json = answer.json();
    let token = answer.text("sAuthId");
    assert!(token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let link: JoinLink = answer.text("joinLink").parse().unwrap();
    assert_eq!((&*link.meeting, &link.entry), ("m", &Entry::Token(token.clone())));
    assert_eq!(link.address, "127.0.0.1:8057");
    let fields = json.as_object_mut().unwrap();
    fields.remove("sAuthId");
    fields.remove("joinLink");
    assert_eq!(
        json,
        json!({
            "userId": 1, "pwsURI": "127.0.0.1:8057", "modes": "tls",
            "alternativeName": "psom-server", "proxyHeader": null, "expiresIn": 120,
        })
    );
    // Good once.
    redeem(&api, token.clone()).await.unwrap();
    let again = redeem(&api, token).await.unwrap_err();
    assert_eq!(again, "the token is unknown or was used before");
}

#[tokio::test]
async fn the_same_uri_is_the_same_user() {
    let api = Api::with_meeting().await;
    let id = async |uri: &str| {
        let user = json!({ "uri": uri, "displayName": "A", "role": "attendee" });
        api.post("/api/meetings/m/users", user).await.json()["userId"].as_i64()
    };
    assert_eq!(
        (id("sip:a").await, id("sip:b").await, id("sip:a").await),
        (Some(1), Some(2), Some(1))
    );
    for uri in ["sip:c", "sip:d"] {
        id(uri).await;
    }
    assert_eq!(id("sip:e").await, None, "the limit is four");
    assert_eq!(id("sip:d").await, Some(4));
}

#[tokio::test]
async fn users_that_are_no_good_are_refused() {
    let api = Api::with_meeting().await;
    assert_eq!(api.post("/api/meetings/none/users", ada()).await.status, 404);
    let with = |name: &str, value: Value| {
        let mut user = ada();
        user[name] = value;
        user
    };
    for bad in [
        json!({}),
        with("role", "king".into()),
        with("uri", "".into()),
        with("uri", "a b".into()),
        with("uri", "guest:0123".into()),
        with("uri", "x".repeat(256).into()),
        with("displayName", " ".into()),
        with("displayName", "a\u{7}b".into()),
        with("more", 1.into()),
    ] {
        let answer = api.post("/api/meetings/m/users", bad.clone()).await;
        assert_eq!(answer.status, 422, "{bad}");
        answer.error();
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_expire_and_are_limited() {
    let api = Api::with_meeting().await;
    let token = async || {
        let answer = api.post("/api/meetings/m/users", ada()).await;
        (answer.status.as_u16(), answer.json()["sAuthId"].as_str().map(str::to_owned))
    };
    let (_, first) = token().await;
    tokio::time::advance(std::time::Duration::from_secs(120)).await;
    let late = redeem(&api, first.unwrap()).await.unwrap_err();
    assert_eq!(late, "the token has expired");
    for _ in 0..8 {
        assert_eq!(token().await.0, 201);
    }
    assert_eq!(token().await.0, 503);
    tokio::time::advance(std::time::Duration::from_secs(120)).await;
    assert_eq!(token().await.0, 201);
}

#[tokio::test]
async fn a_token_ends_with_its_meeting() {
    let api = Api::with_meeting().await;
    let token = api.post("/api/meetings/m/users", ada()).await.text("sAuthId");
    api.ask(Method::DELETE, "/api/meetings/m", Body::empty()).await;
    assert_eq!(redeem(&api, token).await.unwrap_err(), "the meeting has ended");
}

#[tokio::test]
async fn an_invitation_is_good_again_and_again() {
    let api = Api::with_meeting().await;
    let made = api.post("/api/meetings/m/invitations", json!({ "role": "attendee" })).await;
    assert_eq!(made.status, 201);
    let invite = made.text("invite");
    let link: JoinLink = made.text("joinLink").parse().unwrap();
    let http = "http://127.0.0.1:8058".to_owned();
    assert_eq!(link.entry, Entry::Invitation { secret: invite.clone(), http });
    let join = async |body: Value| {
        let request = Request::post("/api/join").body(body.to_string().into()).unwrap();
        api.send(request).await
    };
    let follow = async |guest: Option<&str>| {
        let answer = join(json!({ "invite": invite, "displayName": "G", "guest": guest })).await;
        assert_eq!(answer.status, 201);
        redeem(&api, answer.text("sAuthId")).await.unwrap();
        answer.json()["userId"].as_i64()
    };
    let secret = Some("a secret of the guest's");
    assert_eq!((follow(secret).await, follow(secret).await), (Some(1), Some(1)), "one guest");
    assert_eq!(follow(None).await, Some(2), "another guest");
    assert_eq!(join(json!({ "invite": invite })).await.status, 409, "guests leave room for others");
    assert_eq!(join(json!({ "invite": invite, "guest": "short" })).await.status, 422);
    assert_eq!(join(json!({ "invite": invite, "displayName": "" })).await.status, 422);
    assert_eq!(join(json!({ "invite": "wrong" })).await.status, 404);
    api.ask(Method::DELETE, "/api/meetings/m", Body::empty()).await;
    let over = join(json!({ "invite": invite })).await;
    assert_eq!(over.status, 404);
    over.error();
}

#[tokio::test]
async fn an_invitation_can_be_for_one_user() {
    let api = Api::with_meeting().await;
    let new = json!({ "role": "organizer", "uri": "sip:ada", "displayName": "Ada" });
    let invite = api.post("/api/meetings/m/invitations", new).await.text("invite");
    let follow = json!({ "invite": invite, "displayName": "Mallory" });
    for _ in 0..2 {
        let answer = api.post("/api/join", follow.clone()).await;
        assert_eq!(answer.json()["userId"], 1);
    }
    let user = api.app.meetings.get("m").unwrap().user(1).unwrap();
    assert_eq!(&*user.name, "Ada");
}

#[tokio::test]
async fn invitations_are_checked_and_limited() {
    let api = Api::with_meeting().await;
    let post = async |path: &str, body: Value| api.post(path, body).await.status.as_u16();
    let role = json!({ "role": "attendee" });
    assert_eq!(post("/api/meetings/none/invitations", role.clone()).await, 404);
    for bad in [json!({}), json!({ "role": "attendee", "uri": "guest:1" })] {
        assert_eq!(post("/api/meetings/m/invitations", bad).await, 422);
    }
    for status in [201, 201, 409] {
        assert_eq!(post("/api/meetings/m/invitations", role.clone()).await, status);
    }
}
