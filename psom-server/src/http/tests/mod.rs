//! Every response of the API, without a socket.
#![allow(clippy::cast_possible_truncation, clippy::unwrap_used, reason = "tests")]

mod admission;
mod files;
mod meetings;
mod page;
mod slides;
mod web;

use std::sync::Arc;

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header::AUTHORIZATION},
};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::{
    app::App,
    store::{self, Health},
    testing::{self, Directory, PermitStore},
};

struct Api {
    app: Arc<App>,
    _directory: Directory,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn text(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap().into()
    }

    /// Returns the sentence of an error.
    fn error(&self) -> String {
        let json = self.json();
        assert_eq!(json.as_object().unwrap().len(), 1);
        let text = json["error"].as_str().unwrap().to_owned();
        assert!(!text.is_empty() && !text.contains('\n'));
        text
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }
}

impl Api {
    fn new() -> Self {
        let directory = Directory::new();
        Self { app: testing::app(&directory), _directory: directory }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = super::router(Arc::clone(&self.app)).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Sends a request with the administrator's token.
    async fn ask(&self, method: Method, path: &str, body: impl Into<Body>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(AUTHORIZATION, format!("Bearer {}", self.app.admin_token));
        self.send(request.body(body.into()).unwrap()).await
    }

    async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, body.to_string()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, Body::empty()).await
    }

    /// Returns an API with one meeting.
    async fn with_meeting() -> Self {
        let api = Self::new();
        assert_eq!(api.post("/api/meetings", json!({ "id": "m" })).await.status, 201);
        api
    }
}
