use futures_util::FutureExt as _;

use super::*;

#[tokio::test]
async fn meeting_can_be_created_shown_and_ended() {
    let api = Api::new();
    let made = api.post("/api/meetings", json!({ "id": "team", "title": "Team" })).await;
    assert_eq!(
        (made.status.as_u16(), made.json()),
        (201, json!({ "id": "team", "title": "Team" }))
    );
    let counts = json!({ "users": 0, "connections": 0, "contents": 0 });
    let list = api.get("/api/meetings").await;
    let meeting = json!({ "id": "team", "title": "Team", "counts": counts });
    assert_eq!((list.status.as_u16(), list.json()), (200, json!({ "meetings": [meeting] })));
    let shown = api.get("/api/meetings/team").await;
    assert_eq!(shown.status, 200);
    assert_eq!(
        shown.json(),
        json!({
            "id": "team", "title": "Team", "counts": counts, "users": [], "contents": [],
            "activePresenter": null, "activeContent": null,
        })
    );
    let ended = api.ask(Method::DELETE, "/api/meetings/team", Body::empty()).await;
    assert_eq!((ended.status.as_u16(), &ended.body[..]), (204, &b""[..]));
    for method in [Method::GET, Method::DELETE] {
        let gone = api.ask(method, "/api/meetings/team", Body::empty()).await;
        assert_eq!(gone.status, 404);
        assert!(gone.error().contains("team"));
    }
}

#[tokio::test]
async fn meeting_ids_are_checked_generated_and_unique() {
    let api = Api::new();
    let first = api.ask(Method::POST, "/api/meetings", Body::empty()).await;
    assert_eq!((first.status.as_u16(), first.text("id").len()), (201, 16));
    assert_eq!(api.post("/api/meetings", json!({ "id": "a" })).await.status, 201);
    let again = api.post("/api/meetings", json!({ "id": "a" })).await;
    assert_eq!(again.status, 409);
    again.error();
    for bad in ["", "..", "a/b", "a b", &"x".repeat(65)] {
        let answer = api.post("/api/meetings", json!({ "id": bad })).await;
        assert_eq!(answer.status, 422, "{bad:?}");
        answer.error();
    }
    assert_eq!(api.post("/api/meetings", json!({ "title": "a\nb" })).await.status, 422);
    assert_eq!(api.post("/api/meetings", json!({})).await.status, 201);
    assert_eq!(api.post("/api/meetings", json!({})).await.status, 409, "the limit is three");
}

#[tokio::test]
async fn unauthorized_requests_get_no_information() {
    let api = Api::with_meeting().await;
    let paths = [
        ("GET", "/api/meetings"),
        ("POST", "/api/meetings"),
        ("GET", "/api/meetings/m"),
        ("GET", "/api/meetings/unknown"),
        ("DELETE", "/api/meetings/m"),
        ("POST", "/api/meetings/m/users"),
        ("POST", "/api/meetings/m/invitations"),
    ];
    for (method, path) in paths {
        for token in [None, Some("Bearer wrong"), Some("Basic abc"), Some(""), Some("Bearer")] {
            let mut request = Request::builder().method(method).uri(path);
            if let Some(token) = token {
                request = request.header(AUTHORIZATION, token);
            }
            let answer = api.send(request.body("not JSON".into()).unwrap()).await;
            assert_eq!(answer.status, 401, "{method} {path} {token:?}");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            answer.error();
        }
    }
    let scheme = Request::get("/api/meetings")
        .header(AUTHORIZATION, format!("bearer  {}", api.app.admin_token));
    assert_eq!(api.send(scheme.body(Body::empty()).unwrap()).await.status, 200);
}

#[tokio::test]
async fn invalid_bodies_are_refused() {
    let api = Api::new();
    let post = async |body: String| {
        let answer = api.ask(Method::POST, "/api/meetings", body).await;
        answer.error();
        answer.status.as_u16()
    };
    assert_eq!(post("{".into()).await, 400);
    assert_eq!(post("nonsense".into()).await, 400);
    assert_eq!(post("[1]".into()).await, 422);
    assert_eq!(post(json!({ "id": 1 }).to_string()).await, 422);
    assert_eq!(post(json!({ "name": "a" }).to_string()).await, 422);
    assert_eq!(post(format!("{{\"title\": \"{}\"}}", "x".repeat(70_000))).await, 413);
}

#[tokio::test]
async fn unknown_path_and_method_are_errors_in_json() {
    let api = Api::new();
    for path in
        ["/join", "/app/none.js", "/api", "/api/meetings/a/b", "/favicon.ico", "/files", "/files/"]
    {
        let answer = api.get(path).await;
        assert_eq!(answer.status, 404, "{path}");
        answer.error();
    }
    let answer = api.ask(Method::PUT, "/api/meetings", Body::empty()).await;
    assert_eq!(answer.status, 405);
    answer.error();
}

#[tokio::test]
async fn health_shows_a_waiting_and_a_failed_store() {
    let (directory, store) = (Directory::new(), PermitStore::new(0));
    let app = testing::app_on(&directory, |_| {}, store.clone());
    let api = Api { app, _directory: directory };
    store.health.send_replace(Health::Waiting("the disk is full"));
    let answer = api.get("/healthz").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({ "status": "waiting", "reason": "the disk is full" }));
    let page = String::from_utf8(api.get("/metrics").await.body.into()).unwrap();
    assert!(page.contains("\npsom_store_waiting 1\n"), "{page}");
    store.health.send_replace(Health::Failed(store::Error::Closed));
    let answer = api.get("/healthz").await;
    assert_eq!(answer.status, 503);
    answer.error();
}

#[tokio::test(start_paused = true)]
async fn stuck_meeting_is_listed_with_its_problem() {
    let (directory, store) = (Directory::new(), PermitStore::new(0));
    let app = testing::app_on(&directory, |_| {}, store.clone());
    let api = Api { app, _directory: directory };
    for id in ["a", "b"] {
        api.post("/api/meetings", json!({ "id": id })).await;
        let meeting = api.app.meetings.get(id).unwrap();
        // The answer of the space waits until this write is durable.
        let space = meeting.space();
        space.run(|_, cx| cx.save("key", "value")).now_or_never();
    }
    let begun = tokio::time::Instant::now();
    store.health.send_replace(Health::Waiting("the disk is full"));
    let list = api.get("/api/meetings").await.json();
    let listed = list["meetings"].as_array().unwrap();
    assert_eq!((&listed[0]["id"], &listed[1]["id"]), (&json!("a"), &json!("b")));
    for meeting in listed {
        assert!(meeting["counts"].is_null());
        assert!(meeting["problem"].as_str().unwrap().contains("the disk is full"), "{meeting}");
    }
    assert_eq!(begun.elapsed().as_secs(), 5, "all meetings are asked at the same time");
    let shown = api.get("/api/meetings/a").await;
    assert_eq!(shown.status, 503);
    assert!(shown.error().contains("the disk is full"));
    store.health.send_replace(Health::Good);
    let shown = api.get("/api/meetings/a").await.error();
    assert!(shown.contains("saved changes are kept"), "{shown}");
    store.permits.add_permits(2);
    assert_eq!(api.get("/api/meetings/a").await.status, 200);
}

#[tokio::test]
async fn health_needs_no_permission_and_metrics_need_the_admin_token() {
    let api = Api::with_meeting().await;
    let open = async |path| api.send(Request::get(path).body(Body::empty()).unwrap()).await;
    assert_eq!(open("/healthz").await.json(), json!({ "status": "ok" }));
    assert_eq!(open("/metrics").await.status, 401);
    let page = api.get("/metrics").await;
    assert_eq!(page.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let page = String::from_utf8(page.body.into()).unwrap();
    assert!(page.contains("# TYPE psom_meetings gauge\npsom_meetings 1\n"), "{page}");
    for name in [
        "connections",
        "admitted_total",
        "refused_total",
        "users",
        "contents",
        "uploads",
        "uploaded_bytes_total",
        "served_bytes_total",
    ] {
        assert!(page.contains(&format!("\npsom_{name} 0\n")), "{name}");
    }
}
