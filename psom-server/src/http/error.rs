use std::borrow::Cow;

use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{admission::AdmissionError, app::App, meetings::store_obstacle};

/// An error response with a sentence that says what to do.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    sentence: Cow<'static, str>,
    /// The address of the server of the cluster that can answer the request.
    elsewhere: Option<String>,
}

/// The address of the server of the cluster that can answer a request. An extension of the response.
#[derive(Debug, Clone)]
pub(super) struct AnsweredElsewhere(pub(super) String);

impl ApiError {
    pub(super) fn new(status: StatusCode, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self { status, sentence: sentence.into(), elsewhere: None }
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

    /// Returns the error of a request that has to save something while the store waits for an
    /// obstacle.
    pub(super) fn store_waits(obstacle: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, store_waits_sentence(obstacle))
    }
}

/// Describes a store that waits for an obstacle.
pub(super) fn store_waits_sentence(obstacle: &str) -> String {
    format!(
        "the server cannot save anything, because {obstacle}; resolve that, and the server resumes"
    )
}

impl From<AdmissionError> for ApiError {
    fn from(error: AdmissionError) -> Self {
        use AdmissionError as E;
        let status = match error {
            E::MeetingId | E::Text(_) | E::Uri => StatusCode::UNPROCESSABLE_ENTITY,
            E::NoMeeting(_) | E::NoInvitation | E::NoUser(_) => StatusCode::NOT_FOUND,
            E::Removed => StatusCode::FORBIDDEN,
            E::MeetingExists
            | E::TooManyMeetings(_)
            | E::TooManyUsers(_)
            | E::TooManyGuests(_)
            | E::Ending(_)
            | E::TooManyInvitations => StatusCode::CONFLICT,
            E::TooManyTokens | E::StoreWaits(_) => StatusCode::SERVICE_UNAVAILABLE,
            E::Elsewhere { .. } => StatusCode::MISDIRECTED_REQUEST,
            E::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let sentence = error.to_string().into();
        let elsewhere = match error {
            E::Elsewhere { http } => Some(http),
            _ => None,
        };
        Self { status, sentence, elsewhere }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = json_response(self.status, &json!({ "error": self.sentence }));
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(http) = self.elsewhere {
            response.extensions_mut().insert(AnsweredElsewhere(http));
        }
        response
    }
}

/// Returns a response in JSON.
pub(super) fn json_response(status: StatusCode, value: &Value) -> Response {
    let header = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
    (status, [header], value.to_string()).into_response()
}

/// Waits for work that has to be saved. If the store waits for an obstacle, for example a full disk,
/// the client gets an error instead of waiting as well. The work can still complete later.
pub(super) async fn unless_store_waits<T>(
    app: &App,
    work: impl Future<Output = T>,
) -> Result<T, ApiError> {
    tokio::select! {
        biased;
        done = work => Ok(done),
        obstacle = store_obstacle(app.meetings.health()) => Err(ApiError::store_waits(obstacle)),
    }
}
