use super::*;

async fn draw(api: &Api, invite: &str, pdf: impl Into<Body>) -> Answer {
    let request = Request::post("/api/slides").header(AUTHORIZATION, format!("Bearer {invite}"));
    api.send(request.body(pdf.into()).unwrap()).await
}

async fn invite(api: &Api, role: &str) -> String {
    api.post("/api/meetings/m/invitations", json!({ "role": role })).await.text("invite")
}

#[tokio::test]
async fn presenters_get_the_pages_of_a_pdf() {
    let api = Api::with_meeting().await;
    for role in ["presenter", "organizer"] {
        let answer = draw(&api, &invite(&api, role).await, "one\nlonger").await;
        assert_eq!((answer.status, answer.header("cache-control")), (StatusCode::OK, "no-store"));
        assert_eq!(&answer.body[..], b"\0\0\0\x03one\0\0\0\x06longer");
    }
}

#[tokio::test]
async fn page_that_cannot_be_drawn_is_named_after_the_others() {
    let api = Api::with_meeting().await;
    let answer = draw(&api, &invite(&api, "presenter").await, "one\nbad\nthree").await;
    let reason = answer.body.strip_prefix(b"\0\0\0\x03one\0\0\0\0").unwrap();
    assert_eq!(reason, b"page 2 of the PDF cannot be drawn; leave it out");
}

#[tokio::test]
async fn only_people_who_may_present_get_slides() {
    let api = Api::with_meeting().await;
    let answer = draw(&api, &invite(&api, "attendee").await, "one").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.error().contains("presenters"));
    for unknown in ["", "0123456789abcdef0123456789abcdef"] {
        let answer = draw(&api, unknown, "one").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn pdf_above_the_limit_is_refused() {
    let api = Api::with_meeting().await;
    let invite = invite(&api, "presenter").await;
    let answer = draw(&api, &invite, vec![b'x'; (64 << 20) + 1]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.error().contains("64 MiB"));
}

#[tokio::test(start_paused = true)]
async fn request_waits_a_minute_while_others_are_drawn() {
    let api = Api::with_meeting().await;
    let invite = invite(&api, "presenter").await;
    let running = Arc::clone(&api.app.slides.running).acquire_owned().await.unwrap();
    let answer = draw(&api, &invite, "one").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.error().contains("try again"));
    drop(running);
    assert_eq!(draw(&api, &invite, "one").await.status, StatusCode::OK);
}
