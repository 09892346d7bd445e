use std::time::Duration;

use psom::{Authenticator as _, Credentials};

use super::{super::connection_slots::ConnectionSlots, *};
use crate::{JoinCredential, JoinLink};

fn ada() -> Value {
    json!({ "uri": "sip:ada@example.com", "displayName": "Ada", "role": "presenter" })
}

async fn redeem(api: &Api, token: String) -> Result<psom::Admission, String> {
    let credentials = Credentials { token, proxy_header: None };
    api.app.tokens.authenticate(credentials).await.map_err(|refused| refused.to_string())
}

#[tokio::test]
async fn admitted_user_gets_the_connection_details() {
    let api = Api::with_meeting().await;
    let answer = api.post("/api/meetings/m/users", ada()).await;
    assert_eq!(answer.status, 201);
    let mut json = answer.json();
    let token = answer.text("sAuthId");
    assert!(token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let link: JoinLink = answer.text("joinLink").parse().unwrap();
    assert_eq!((&*link.meeting, &link.credential), ("m", &JoinCredential::Token(token.clone())));
    assert_eq!(link.address, "127.0.0.1:8057");
    let fields = json.as_object_mut().unwrap();
    fields.remove("sAuthId");
    fields.remove("joinLink");
    assert_eq!(
        json,
        json!({
            "userId": 1, "pwsURI": "127.0.0.1:8057", "modes": "tls",
            "alternativeName": "psom-server", "proxyHeader": null, "expiresIn": 120,
            "packageLimit": 1u64 << 30,
        })
    );
    // A token is valid once.
    redeem(&api, token.clone()).await.unwrap();
    let again = redeem(&api, token).await.unwrap_err();
    assert_eq!(again, "the token is unknown, was used before, or has expired");
}

#[tokio::test]
async fn same_uri_is_the_same_user() {
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
async fn invalid_users_are_refused() {
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
    let first = api.post("/api/meetings/m/users", ada()).await.text("sAuthId");
    tokio::time::advance(Duration::from_secs(120)).await;
    let late = redeem(&api, first).await.unwrap_err();
    assert_eq!(late, "the token is unknown, was used before, or has expired");
    let token = async |number: usize| {
        let uri = format!("sip:{}", number % 3);
        let user = json!({ "uri": uri, "displayName": "A", "role": "attendee" });
        let answer = api.post("/api/meetings/m/users", user).await;
        assert_eq!(answer.status, 201);
        answer.text("sAuthId")
    };
    let mut tokens = Vec::new();
    for number in 0..16 {
        tokens.push(token(number).await);
    }
    // The limit is sixteen. A further token replaces the oldest of the same user.
    tokens.push(token(2).await);
    assert!(redeem(&api, tokens.remove(2)).await.is_err());
    for token in tokens {
        redeem(&api, token).await.unwrap();
    }
}

async fn invite(api: &Api, meeting: &str) -> String {
    let path = format!("/api/meetings/{meeting}/invitations");
    api.post(&path, json!({ "role": "attendee" })).await.text("invite")
}

/// Exchanges an invitation, as a guest with a secret or as a new guest.
async fn follow(api: &Api, invite: &str, guest: Option<&str>) -> Answer {
    let follow = json!({ "invite": invite, "displayName": "G", "guest": guest });
    api.send(Request::post("/api/join").body(follow.to_string().into()).unwrap()).await
}

/// Exchanges an invitation from an address.
async fn follow_from(api: &Api, invite: &str, last: u8) -> String {
    let slots = ConnectionSlots::new(9, &psom::LimitHits::default());
    let slot = slots.acquire([192, 0, 2, last].into()).await;
    let follow = json!({ "invite": invite, "displayName": "G" }).to_string();
    let request = Request::post("/api/join").extension(slot).body(follow.into()).unwrap();
    api.send(request).await.text("sAuthId")
}

#[tokio::test]
async fn open_link_cannot_use_up_the_tokens_of_others() {
    let api = Api::with_meeting().await;
    api.post("/api/meetings", json!({ "id": "other" })).await;
    let (open, other) = (invite(&api, "m").await, invite(&api, "other").await);
    let named = json!({ "role": "attendee", "uri": "sip:bob@example.com", "displayName": "Bob" });
    let named = api.post("/api/meetings/m/invitations", named).await.text("invite");
    let bob = follow(&api, &named, None).await;
    let elsewhere = follow(&api, &other, None).await;
    // The meeting's share is two tokens. A newcomer's token replaces one of the address with the
    // most.
    let greedy = [follow_from(&api, &open, 1).await, follow_from(&api, &open, 1).await];
    let honest = follow_from(&api, &open, 2).await;
    let newcomer = follow(&api, &open, Some("a secret of the guest's")).await;
    assert!(redeem(&api, greedy[0].clone()).await.is_err(), "replaced by the honest guest");
    for _ in 0..20 {
        assert_eq!(follow(&api, &open, Some("a secret of the guest's")).await.status, 201);
    }
    assert!(redeem(&api, newcomer.text("sAuthId")).await.is_err(), "the guest's later ones");
    assert!(redeem(&api, honest).await.is_err(), "the oldest of equals");
    for token in [bob, elsewhere] {
        redeem(&api, token.text("sAuthId")).await.unwrap();
    }
    for meeting in ["m", "other"] {
        assert_eq!(api.post(&format!("/api/meetings/{meeting}/users"), ada()).await.status, 201);
    }
}

#[tokio::test]
async fn revoked_invitation_and_its_tokens_are_invalid() {
    let api = Api::with_meeting().await;
    let (revoked, kept) = (invite(&api, "m").await, invite(&api, "m").await);
    let tokens = [&revoked, &kept].map(|invite| follow(&api, invite, None));
    let [lost, valid] = tokens;
    let (lost, valid) = (lost.await.text("sAuthId"), valid.await.text("sAuthId"));
    let path = format!("/api/meetings/m/invitations/{revoked}");
    let delete = async |path: &str| api.ask(Method::DELETE, path, Body::empty()).await.status;
    let stranger = api.send(Request::delete(&path).body(Body::empty()).unwrap()).await;
    assert_eq!(stranger.status, 401);
    assert_eq!(delete(&path).await, 204);
    assert_eq!(delete(&path).await, 404);
    assert_eq!(delete(&format!("/api/meetings/none/invitations/{kept}")).await, 404);
    assert_eq!(follow(&api, &revoked, None).await.status, 404);
    assert!(redeem(&api, lost).await.is_err());
    redeem(&api, valid).await.unwrap();
    assert_eq!(follow(&api, &kept, None).await.status, 201);
}

#[tokio::test(start_paused = true)]
async fn guest_who_never_connects_takes_no_place_in_the_roster() {
    let api = Api::with_meeting().await;
    let invite = invite(&api, "m").await;
    for _ in 0..20 {
        let answer = follow(&api, &invite, None).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["userId"]), (201, &Value::Null));
        tokio::time::advance(Duration::from_secs(120)).await;
    }
    let answer = follow(&api, &invite, None).await;
    redeem(&api, answer.text("sAuthId")).await.unwrap();
    let meeting = api.app.meetings.get("m").unwrap();
    assert!(meeting.user(1).is_some() && meeting.user(2).is_none());
}

#[tokio::test(start_paused = true)]
async fn only_known_users_are_admitted_while_the_store_waits() {
    let (directory, store) = (Directory::new(), PermitStore::new(3));
    let app = testing::app_on(&directory, |_| {}, store.clone());
    let api = Api { app, _directory: directory };
    api.post("/api/meetings", json!({ "id": "m" })).await;
    let invite = invite(&api, "m").await;
    assert_eq!(api.post("/api/meetings/m/users", ada()).await.status, 201);
    let guest = Some("a secret of the guest's");
    redeem(&api, follow(&api, &invite, guest).await.text("sAuthId")).await.unwrap();
    let stranger = follow(&api, &invite, None).await;

    store.health.send_replace(Health::Waiting("the disk is full"));
    assert_eq!(api.post("/api/meetings/m/users", ada()).await.json()["userId"], 1);
    let again = follow(&api, &invite, guest).await;
    assert_eq!(again.json()["userId"], 2);
    redeem(&api, again.text("sAuthId")).await.unwrap();
    let new = json!({ "uri": "sip:new", "displayName": "N", "role": "attendee" });
    let refused = [
        follow(&api, &invite, None).await,
        api.post("/api/meetings/m/users", new).await,
        api.post("/api/meetings/m/invitations", json!({ "role": "attendee" })).await,
        api.ask(Method::DELETE, "/api/meetings/m", Body::empty()).await,
    ];
    for answer in refused {
        assert_eq!(answer.status, 503);
        assert!(answer.error().contains("the disk is full"), "{}", answer.error());
    }
    let stranger = redeem(&api, stranger.text("sAuthId")).await;
    assert_eq!(stranger.unwrap_err(), "the meeting has ended");
}

#[tokio::test(start_paused = true)]
async fn panicked_meeting_is_refused_while_the_store_waits() {
    let (directory, store) = (Directory::new(), PermitStore::new(9));
    let app = testing::app_on(&directory, |_| {}, store.clone());
    let api = Api { app, _directory: directory };
    api.post("/api/meetings", json!({ "id": "m" })).await;
    let invite = invite(&api, "m").await;
    let token = async || api.post("/api/meetings/m/users", ada()).await.text("sAuthId");
    let (early, late) = (token().await, token().await);
    let meeting = api.app.meetings.get("m").unwrap();
    meeting.space().run(|_, _| panic!("a mistake")).await.unwrap_err();
    testing::eventually(|| meeting.has_panicked()).await;

    store.health.send_replace(Health::Waiting("the disk is full"));
    let refused = [
        follow(&api, &invite, None).await,
        api.post("/api/meetings/m/users", ada()).await,
        api.post("/api/meetings/m/invitations", json!({ "role": "attendee" })).await,
        api.get("/api/meetings/m").await,
    ];
    for answer in refused {
        assert_eq!(answer.status, 503);
        assert!(answer.error().contains("the disk is full"), "{}", answer.error());
    }
    assert_eq!(redeem(&api, early).await.unwrap_err(), "the disk is full");
    store.health.send_replace(Health::Good);
    // An earlier token is valid for the restarted meeting.
    redeem(&api, late).await.unwrap();
    assert!(!meeting.has_panicked());
}

#[tokio::test]
async fn token_becomes_invalid_with_its_meeting() {
    let api = Api::with_meeting().await;
    let token = api.post("/api/meetings/m/users", ada()).await.text("sAuthId");
    api.ask(Method::DELETE, "/api/meetings/m", Body::empty()).await;
    assert_eq!(redeem(&api, token).await.unwrap_err(), "the meeting has ended");
}

#[tokio::test]
async fn invitation_can_be_used_repeatedly() {
    let api = Api::with_meeting().await;
    let made = api.post("/api/meetings/m/invitations", json!({ "role": "attendee" })).await;
    assert_eq!(made.status, 201);
    let invite = made.text("invite");
    let link: JoinLink = made.text("joinLink").parse().unwrap();
    let http = "http://127.0.0.1:8058".to_owned();
    assert_eq!(link.credential, JoinCredential::Invitation { secret: invite.clone(), http });
    let join = async |body: Value| {
        let request = Request::post("/api/join").body(body.to_string().into()).unwrap();
        api.send(request).await
    };
    let comes = async |guest: Option<&str>| {
        let answer = follow(&api, &invite, guest).await;
        assert_eq!((answer.status.as_u16(), &*answer.text("displayName")), (201, "G"));
        redeem(&api, answer.text("sAuthId")).await.unwrap();
        answer.json()["userId"].as_i64()
    };
    let secret = Some("a secret of the guest's");
    // The user ID is durable, and known, after the guest has connected.
    assert_eq!((comes(secret).await, comes(secret).await), (None, Some(1)), "one guest");
    assert_eq!((comes(None).await, comes(secret).await), (None, Some(1)), "another guest");
    let full = join(json!({ "invite": invite })).await;
    assert_eq!(full.status, 409, "guests leave places for others");
    assert!(full.error().contains("2 guests"), "{}", full.error());
    assert_eq!(join(json!({ "invite": invite, "guest": "short" })).await.status, 422);
    assert_eq!(join(json!({ "invite": invite, "displayName": "" })).await.status, 422);
    assert_eq!(join(json!({ "invite": "wrong" })).await.status, 404);
    api.ask(Method::DELETE, "/api/meetings/m", Body::empty()).await;
    let over = join(json!({ "invite": invite })).await;
    assert_eq!(over.status, 404);
    over.error();
}

#[tokio::test]
async fn invitation_is_for_the_meeting_that_the_link_names() {
    let api = Api::with_meeting().await;
    api.post("/api/meetings", json!({ "id": "other" })).await;
    let invite = invite(&api, "m").await;
    let join = async |meeting: &str| {
        api.post("/api/join", json!({ "invite": invite, "meeting": meeting })).await
    };
    assert_eq!(join("m").await.status, 201);
    let refused = join("other").await;
    assert_eq!(refused.status, 404);
    assert!(refused.error().contains("not for the meeting that the link names"));
}

#[tokio::test]
async fn invitation_can_name_one_user() {
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

#[tokio::test]
async fn person_with_an_invitation_may_leave() {
    let api = Api::with_meeting().await;
    let named = json!({ "role": "presenter", "uri": "sip:ada", "displayName": "Ada" });
    for invitation in [named, json!({ "role": "attendee" })] {
        let invite = api.post("/api/meetings/m/invitations", invitation).await.text("invite");
        let leave = async |meeting: &str, guest: &str| {
            let body = json!({ "invite": invite, "meeting": meeting, "guest": guest });
            api.post("/api/leave", body).await.status
        };
        // A person who has not joined yet may leave, too.
        assert_eq!(leave("m", "0123456789abcdef").await, 204);
        let join = json!({ "invite": invite, "guest": "0123456789abcdef" });
        assert_eq!(api.post("/api/join", join).await.status, 201);
        assert_eq!(leave("m", "0123456789abcdef").await, 204);
        assert_eq!(leave("other", "0123456789abcdef").await, 404);
    }
    let unknown = json!({ "invite": "0".repeat(32) });
    assert_eq!(api.post("/api/leave", unknown).await.status, 404);
}
