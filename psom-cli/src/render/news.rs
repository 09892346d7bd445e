use psom_objects::client::{ContentEvent, ContentModel, Event, Model};

use super::{
    event,
    names::{content_type, user},
};
use crate::terminal::out::{counted, printable};

/// Describes an event in one line, as people would. Returns `None` for an event that is a detail of
/// another one, such as the state of a content that is only being announced. `model` is the meeting
/// as it was before the event.
pub(crate) fn line(event: &Event, model: &Model) -> Option<String> {
    match event {
        Event::ServerTime { .. } | Event::UrlBase { .. } | Event::Ended => None,
        Event::Ready => Some(people(model)),
        // The people and the stage as a newcomer finds them are in the line of `Ready`.
        Event::UserAdded { .. } | Event::UserRemoved { .. } if !model.ready => None,
        Event::UserAdded { user, .. } => Some(printable(&format!("{} has joined.", user.name))),
        Event::ActivePresenter { id: None } | Event::ActiveContent { id: None } if !model.ready => {
            None
        }
        Event::Content { id, event: change } => {
            let known = model.contents.get(id)?;
            content_line(known, change, model).unwrap_or_else(|| Some(event::line(event, model)))
        }
        _ => Some(event::line(event, model)),
    }
}

/// Returns the sentence for an event of a content, `Some(None)` if there is none, or `None` if the
/// event has a sentence of its own.
#[expect(clippy::option_option, reason = "three cases, explained above")]
fn content_line(
    known: &ContentModel,
    event: &ContentEvent,
    model: &Model,
) -> Option<Option<String>> {
    use ContentEvent::{
        Added, CreationTime, ExtendedReady, LastUsedTime, Owner, PresentationOrder, Presented,
        Ready, Removed,
    };
    let is_complete = known.ready && known.extended_ready;
    let completes = match event {
        Ready => known.extended_ready && !known.ready,
        ExtendedReady => known.ready && !known.extended_ready,
        _ => false,
    };
    match event {
        _ if completes => Some(Some(shared(known, model))),
        Removed if known.title.is_some() => None,
        _ if !is_complete => Some(None),
        Added { .. }
        | Ready
        | ExtendedReady
        | Owner { .. }
        | CreationTime { .. }
        | LastUsedTime { .. }
        | Presented { .. }
        | PresentationOrder { .. } => Some(None),
        _ => None,
    }
}

/// Returns the sentence for a new content: `Ada shared the presentation "Lesson.pdf" (5 slides).`
fn shared(content: &ContentModel, model: &Model) -> String {
    let owner = content.owner.map_or_else(|| "Somebody".to_owned(), |owner| user(model, owner));
    let noun = content_type(&content.kind).unwrap_or("a content");
    let noun = noun.split_once(' ').map_or(noun, |(_, noun)| noun);
    let title = content.title.as_deref().unwrap_or_default();
    let mut details = Vec::new();
    if let Some(count) = content.slides.as_ref().and_then(|slides| slides.count) {
        details.push(counted(count as usize, "slide", "slides"));
    } else if let Some(file) = &content.file {
        details.push(counted(usize::try_from(file.size).unwrap_or(0), "byte", "bytes"));
    }
    if let Some(poll) = &content.poll {
        details.push(format!("\"{}\" {}", poll.question, poll.choices.join(", ")));
    }
    if content.notes.is_some() {
        details.extend(content.viewing_url.clone());
    }
    let details =
        if details.is_empty() { String::new() } else { format!(" ({})", details.join("; ")) };
    printable(&format!("{owner} shared the {noun} \"{title}\"{details}."))
}

/// Returns the sentence about the people whom a newcomer finds.
fn people(model: &Model) -> String {
    let names = model.users.values().filter(|user| !user.is_gone).map(|user| &*user.name);
    let names = names.collect::<Vec<_>>().join(", ");
    printable(&format!("In the meeting: {names}."))
}
