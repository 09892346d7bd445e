use std::borrow::Cow;

use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};

use crate::AdmissionError;

/// An answer that says in one sentence what to do.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    sentence: Cow<'static, str>,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self { status, sentence: sentence.into() }
    }

    pub(super) fn bad_request(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, sentence)
    }

    pub(super) fn not_found(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, sentence)
    }

    pub(super) fn invalid(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, sentence)
    }

    pub(super) fn no_meeting(id: &str) -> Self {
        let id: String = id.chars().take(64).collect();
        Self::not_found(format!("there is no meeting {id:?}; GET /api/meetings lists them"))
    }
}

impl From<AdmissionError> for ApiError {
    fn from(error: AdmissionError) -> Self {
        use AdmissionError as Why;
        let status = match error {
            Why::MeetingId | Why::Text(_) | Why::Uri => StatusCode::UNPROCESSABLE_ENTITY,
            Why::NoMeeting(_) => StatusCode::NOT_FOUND,
            Why::MeetingExists
            | Why::TooManyMeetings(_)
            | Why::TooManyUsers(_)
            | Why::TooManyGuests(_)
            | Why::Ending(_)
            | Why::TooManyInvitations => StatusCode::CONFLICT,
            Why::TooManyTokens | Why::Waiting(_) => StatusCode::SERVICE_UNAVAILABLE,
            Why::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = json(self.status, &serde_json::json!({ "error": self.sentence }));
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// An answer in JSON.
pub(super) fn json(status: StatusCode, value: &serde_json::Value) -> Response {
    let header = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
    (status, [header], value.to_string()).into_response()
}
