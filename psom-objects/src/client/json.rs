//! Events as JSON, by hand: so much is not worth a library.

use std::fmt::Write;

use super::event::Event;
use crate::types::{ContentVisibility, SetTitleStatus, TitleReservationStatus, UploadFinishReason};

impl Event {
    /// The event as one JSON object on one line: `{"event":"titled","content":7,"title":"Plan"}`.
    ///
    /// The key of a file is left out, so that nobody publishes it with a log.
    pub fn to_json(&self) -> String {
        let json = Object::new(self.name());
        let json = match self.content() {
            Some(id) => json.number("content", id),
            None => json,
        };
        self.fields(json).finish()
    }

    /// The event's name in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ServerTime { .. } => "serverTime",
            Self::UrlBase { .. } => "urlBase",
            Self::Ready => "ready",
            Self::Ended => "ended",
            Self::UserAdded { .. } => "userAdded",
            Self::UserRemoved { .. } => "userRemoved",
            Self::ContentAdded { .. } => "contentAdded",
            Self::ContentRemoved { .. } => "contentRemoved",
            Self::ContentReady { .. } => "contentReady",
            Self::ExtendedReady { .. } => "extendedReady",
            Self::Board { event, .. } => event.name(),
            Self::Slides { event, .. } => event.name(),
            Self::Poll { event, .. } => event.name(),
            Self::Notes { event, .. } => event.name(),
            Self::Qna { event, .. } => event.name(),
            Self::Titled { .. } => "titled",
            Self::Owner { .. } => "owner",
            Self::Visibility { .. } => "visibility",
            Self::CreationTime { .. } => "creationTime",
            Self::LastUsedTime { .. } => "lastUsedTime",
            Self::Presented { .. } => "presented",
            Self::PresentationOrder { .. } => "presentationOrder",
            Self::NativeFile { .. } => "nativeFile",
            Self::OriginalFileUrl { .. } => "originalFileUrl",
            Self::ViewingUrl { .. } => "viewingUrl",
            Self::RecordingUrl { .. } => "recordingUrl",
            Self::ActivePresenter { .. } => "activePresenter",
            Self::ActiveContent { .. } => "activeContent",
            Self::TitleAnswered { .. } => "titleAnswered",
            Self::TitleReservation { .. } => "titleReservation",
            Self::TitleReleased { .. } => "titleReleased",
            Self::UploadAccepted { .. } => "uploadAccepted",
            Self::UploadRejected { .. } => "uploadRejected",
            Self::UploadProgress { .. } => "uploadProgress",
            Self::UploadFinished { .. } => "uploadFinished",
            Self::WebUploadAccepted { .. } => "webUploadAccepted",
            Self::WebDownloadAccepted { .. } => "webDownloadAccepted",
            Self::WebDownloadRejected { .. } => "webDownloadRejected",
            Self::ContentCreated { .. } => "contentCreated",
            Self::NotSent { .. } => "notSent",
        }
    }

    fn fields(&self, json: Object) -> Object {
        match self {
            Self::ServerTime { time }
            | Self::CreationTime { time, .. }
            | Self::LastUsedTime { time, .. } => json.text("time", time),
            Self::UrlBase { url }
            | Self::OriginalFileUrl { url, .. }
            | Self::ViewingUrl { url, .. }
            | Self::RecordingUrl { url, .. } => json.text("url", url),
            Self::UserAdded { id, user } => {
                json.number("user", *id).text("uri", &user.uri).text("name", &user.name)
            }
            Self::UserRemoved { id } => json.number("user", *id),
            Self::ContentAdded { kind, .. } => json.text("type", kind),
            Self::Titled { title, .. } => json.text("title", title),
            Self::Owner { owner, .. } => json.number("owner", *owner),
            Self::Visibility { visibility, .. } => {
                json.text("visibility", &visibility_name(*visibility))
            }
            Self::Presented { presented, presenter, .. } => {
                json.flag("presented", *presented).maybe("presenter", *presenter)
            }
            Self::PresentationOrder { order, .. } => json.number("order", *order),
            Self::NativeFile { file, .. } => json
                .text("name", &file.name)
                .text("sha1", &hex(&file.hash))
                .number("size", file.size),
            Self::ActivePresenter { id } => json.maybe("user", *id),
            Self::ActiveContent { id } => json.maybe("content", *id),
            Self::TitleAnswered { status, title, .. } => json
                .text("title", title)
                .flag("ok", *status == SetTitleStatus::Success)
                .number("status", i32::from(*status)),
            Self::TitleReservation { cookie, status, content, owner } => json
                .number("cookie", *cookie)
                .flag("ok", *status == TitleReservationStatus::ReservedForCreation)
                .number("status", i32::from(*status))
                .maybe("content", *content)
                .maybe("owner", *owner),
            Self::TitleReleased { cookie }
            | Self::UploadAccepted { cookie }
            | Self::ContentCreated { cookie, .. } => json.number("cookie", *cookie),
            Self::UploadRejected { cookie, reason } | Self::UploadFinished { cookie, reason } => {
                json.number("cookie", *cookie)
                    .flag("ok", *reason == UploadFinishReason::Ok)
                    .number("reason", i32::from(*reason))
            }
            // The address is left out as keys are: whoever has it may use it.
            Self::WebUploadAccepted { cookie, .. } | Self::WebDownloadAccepted { cookie, .. } => {
                json.number("cookie", *cookie).flag("ok", true)
            }
            Self::WebDownloadRejected { cookie, reason } => json
                .number("cookie", *cookie)
                .flag("ok", false)
                .number("reason", i32::from(*reason)),
            Self::UploadProgress { cookie, received } => {
                json.number("cookie", *cookie).number("received", *received)
            }
            Self::NotSent { action, reason } => json.text("action", action).text("reason", reason),
            Self::Ready
            | Self::Ended
            | Self::ContentRemoved { .. }
            | Self::ContentReady { .. }
            | Self::ExtendedReady { .. } => json,
            Self::Board { event, .. } => event.fields(json),
            Self::Slides { event, .. } => event.fields(json),
            Self::Poll { event, .. } => event.fields(json),
            Self::Notes { event, .. } => event.fields(json),
            Self::Qna { event, .. } => event.fields(json),
        }
    }
}

fn visibility_name(visibility: ContentVisibility) -> String {
    match visibility {
        ContentVisibility::MeetingOrganizer => "organizer".to_owned(),
        ContentVisibility::Presenters => "presenters".to_owned(),
        ContentVisibility::Everyone => "everyone".to_owned(),
        ContentVisibility::Other(number) => number.to_string(),
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// A JSON object that grows.
pub(super) struct Object(String);

impl Object {
    fn new(event: &str) -> Self {
        Self(format!("{{\"event\":\"{event}\""))
    }

    /// Anything that is JSON already.
    pub(super) fn number(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        let _ = write!(self.0, ",\"{name}\":{value}");
        self
    }

    pub(super) fn maybe(self, name: &str, value: Option<i64>) -> Self {
        match value {
            Some(value) => self.number(name, value),
            None => self.number(name, "null"),
        }
    }

    pub(super) fn flag(self, name: &str, value: bool) -> Self {
        self.number(name, value)
    }

    pub(super) fn numbers<T: std::fmt::Display>(
        mut self,
        name: &str,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        let _ = write!(self.0, ",\"{name}\":[");
        self.list(values, |json, value| {
            let _ = write!(json, "{value}");
        })
    }

    pub(super) fn text(mut self, name: &str, value: &str) -> Self {
        let _ = write!(self.0, ",\"{name}\":");
        quote(&mut self.0, value);
        self
    }

    pub(super) fn texts<T: AsRef<str>>(
        mut self,
        name: &str,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        let _ = write!(self.0, ",\"{name}\":[");
        self.list(values, |json, value| quote(json, value.as_ref()))
    }

    /// An object of texts.
    pub(super) fn table<'a>(
        mut self,
        name: &str,
        rows: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let _ = write!(self.0, ",\"{name}\":{{");
        for (i, (key, value)) in rows.into_iter().enumerate() {
            self.0.push_str(if i == 0 { "" } else { "," });
            quote(&mut self.0, key);
            self.0.push(':');
            quote(&mut self.0, value);
        }
        self.0.push('}');
        self
    }

    fn list<T>(
        mut self,
        values: impl IntoIterator<Item = T>,
        write: impl Fn(&mut String, T),
    ) -> Self {
        for (i, value) in values.into_iter().enumerate() {
            self.0.push_str(if i == 0 { "" } else { "," });
            write(&mut self.0, value);
        }
        self.0.push(']');
        self
    }

    fn finish(self) -> String {
        self.0 + "}"
    }
}

fn quote(json: &mut String, text: &str) {
    json.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            '\n' => json.push_str("\\n"),
            // Line separators are legal in JSON, but would break a line in two for some.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            }
            c => json.push(c),
        }
    }
    json.push('"');
}
