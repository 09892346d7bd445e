use super::*;

async fn get(api: &Api, path: &str, tag: Option<&str>) -> Answer {
    let mut request = Request::get(path);
    if let Some(tag) = tag {
        request = request.header("if-none-match", tag);
    }
    let response = crate::http::router(Arc::clone(&api.app));
    let response = response.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, body }
}

#[tokio::test]
async fn page_is_served_with_a_strict_policy() {
    let api = Api::new();
    let cases = [
        ("/", "text/html; charset=utf-8"),
        ("/join/team", "text/html; charset=utf-8"),
        ("/app/page/app.js", "text/javascript; charset=utf-8"),
        ("/app/codec.js", "text/javascript; charset=utf-8"),
        ("/app/page/style.css", "text/css; charset=utf-8"),
    ];
    for (path, media_type) in cases {
        let answer = get(&api, path, None).await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, media_type));
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(!answer.body.is_empty());
        // A browser that has the current file does not download it again.
        let again = get(&api, path, Some(&format!("\"0\", {}", answer.header("etag")))).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    }
    for path in ["/app/package.json", "/app/test/vectors.test.js", "/app/../Cargo.toml", "/app/"] {
        assert_eq!(get(&api, path, None).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn page_is_compressed_for_clients_that_accept_it() {
    let api = Api::new();
    let ask = async |accepted: &str| {
        let request = Request::get("/app/page/app.js").header("accept-encoding", accepted);
        let response = crate::http::router(Arc::clone(&api.app));
        let response = response.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let coding = response.headers().get("content-encoding").cloned();
        let tag = response.headers()["etag"].clone();
        assert_eq!(response.headers()["vary"], "accept-encoding");
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (coding.map(|coding| coding.to_str().unwrap().to_owned()), tag, body)
    };
    let (coding, tag, body) = ask("deflate, gzip;q=0.9, br").await;
    assert_eq!((coding.as_deref(), &body[..2]), (Some("gzip"), &[0x1f, 0x8b][..]));
    for accepted in ["identity", "gzip;q=0", "br"] {
        let (coding, other, plain) = ask(accepted).await;
        assert!(coding.is_none() && other != tag && plain.len() > body.len(), "{accepted}");
    }
}

#[tokio::test]
async fn request_that_is_no_websocket_handshake_is_refused() {
    let answer = get(&Api::new(), "/psom", None).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
}
