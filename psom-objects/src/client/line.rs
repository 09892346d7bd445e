//! Events as a line for people.

use super::{event::Event, explain, model::meeting::Model};
use crate::types::{ContentVisibility, SetTitleStatus, TitleReservationStatus, UploadFinishReason};

impl Event {
    /// The event as one line. The names in it are those of `model`: give it the model as it was
    /// before the event, which still knows what is being removed.
    ///
    /// There is nothing of the meeting in it but printable text.
    pub fn line(&self, model: &Model) -> String {
        let line = match self {
            Self::ServerTime { time } => format!("The server's time is {time} UTC."),
            Self::UrlBase { url } => format!("Files are served at {url}."),
            Self::Ready => "The meeting's state has been told.".to_owned(),
            Self::Ended => "The connection is over.".to_owned(),
            Self::UserAdded { user, .. } => {
                format!("{} ({}) is a participant.", user.name, user.uri)
            }
            Self::UserRemoved { id } => format!("{} is gone.", name(model, *id)),
            Self::ContentAdded { id, kind } => match what(kind) {
                Some(what) => format!("There is {what}, content {id}."),
                None => format!("There is content {id}, a {kind}."),
            },
            Self::ActivePresenter { id: None } => "Nobody is presenting.".to_owned(),
            Self::ActivePresenter { id: Some(id) } => {
                format!("{} is presenting.", name(model, *id))
            }
            Self::ActiveContent { id: None } => "The stage is empty.".to_owned(),
            Self::ActiveContent { id: Some(id) } => {
                format!("{} is on the stage.", title(model, *id))
            }
            Self::TitleReservation { status, .. } => match status {
                TitleReservationStatus::ReservedForCreation => "The title is reserved.".to_owned(),
                failed => explain::reservation(*failed),
            },
            Self::TitleReleased { .. } => "A title is free again.".to_owned(),
            Self::UploadAccepted { .. } => "The upload begins.".to_owned(),
            Self::UploadProgress { received, .. } => format!("{received} bytes have arrived."),
            Self::UploadFinished { reason: UploadFinishReason::Ok, .. } => {
                "The upload is done.".to_owned()
            }
            Self::UploadRejected { reason, .. } | Self::UploadFinished { reason, .. } => {
                explain::upload(*reason)
            }
            Self::WebUploadAccepted { .. } => "A browser may upload the file now.".to_owned(),
            Self::WebDownloadAccepted { .. } => "A browser may download the file now.".to_owned(),
            Self::WebDownloadRejected { reason, .. } => explain::download(*reason),
            Self::NotSent { action, reason } => format!("Cannot {action}: {reason}."),
            Self::ContentCreated { id, .. } => format!("The upload is now content {id}."),
            of_a_content => of_content(of_a_content, model),
        };
        let shown = |c: char| match c {
            '\n' => ' ',
            // What turns the order of letters round lets a text look like another.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                '\u{fffd}'
            }
            c if c.is_control() => '\u{fffd}',
            c => c,
        };
        line.chars().map(shown).collect()
    }
}

/// What people call a content of this type.
fn what(kind: &str) -> Option<&'static str> {
    Some(match kind.strip_prefix("Content.")? {
        "NativeFileOnly" => "a file",
        "Ppt" | "PptWac" => "a presentation",
        "Whiteboard" => "a whiteboard",
        "Poll" => "a poll",
        "Qna" => "a place for questions",
        "SharedNotes" => "a page of shared notes",
        _ => return None,
    })
}

fn of_content(event: &Event, model: &Model) -> String {
    let it = event.content().map_or_else(String::new, |id| title(model, id));
    match event {
        Event::ContentRemoved { .. } => format!("{it} is gone."),
        Event::ContentReady { .. } => format!("{it} is complete."),
        Event::ExtendedReady { .. } => format!("All of {it} is known."),
        Event::Board { event, .. } => event.line(&it, model),
        Event::Slides { event, .. } => event.line(&it),
        Event::Poll { id, event } => {
            event.line(&it, model.contents.get(id).and_then(|content| content.poll.as_ref()))
        }
        Event::Notes { event, .. } => event.line(&it),
        Event::Qna { id, event } => {
            event.line(&it, model.contents.get(id).and_then(|content| content.qna.as_ref()))
        }
        Event::Titled { title, .. } => format!("{it} is called \"{title}\"."),
        Event::Owner { owner, .. } => format!("{it} belongs to {}.", name(model, *owner)),
        Event::Visibility { visibility, .. } => match visibility {
            ContentVisibility::MeetingOrganizer => format!("{it} is visible to the organizer."),
            ContentVisibility::Presenters => format!("{it} is visible to presenters."),
            ContentVisibility::Everyone => format!("{it} is visible to everyone."),
            ContentVisibility::Other(other) => format!("{it} has the visibility {other}."),
        },
        Event::CreationTime { time, .. } => format!("{it} was created at {time} UTC."),
        Event::LastUsedTime { time, .. } => format!("{it} was last presented at {time} UTC."),
        Event::Presented { presented: false, .. } => format!("{it} is not presented."),
        Event::Presented { presenter: Some(id), .. } => {
            format!("{it} is presented by {}.", name(model, *id))
        }
        Event::Presented { .. } => format!("{it} is presented."),
        Event::PresentationOrder { order: 0, .. } => format!("{it} has no place on the stage."),
        Event::PresentationOrder { order, .. } => format!("{it} has place {order} on the stage."),
        Event::NativeFile { file, .. } => format!("{it} has a file of {} bytes.", file.size),
        Event::OriginalFileUrl { url, .. } => format!("The original of {it} is at {url}."),
        Event::ViewingUrl { url, .. } => format!("{it} can be viewed at {url}."),
        Event::RecordingUrl { url, .. } => format!("A recording of {it} is at {url}."),
        Event::TitleAnswered { status: SetTitleStatus::Success, title, .. } => {
            format!("{it} was renamed to \"{title}\".")
        }
        Event::TitleAnswered { status, .. } => explain::rename(*status),
        other => format!("{}.", other.name()),
    }
}

/// What people call a user.
pub(super) fn name(model: &Model, id: i64) -> String {
    model.users.get(&id).map_or_else(|| format!("User {id}"), |user| user.name.clone())
}

fn title(model: &Model, id: i64) -> String {
    let title = model.contents.get(&id).and_then(|content| content.title.as_ref());
    title.map_or_else(|| format!("Content {id}"), |title| format!("\"{title}\""))
}
