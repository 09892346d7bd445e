//! The lines that a presenter reads while presenting.

use std::collections::BTreeMap;

use psom_objects::client::{ContentEvent, Event, Model, PollEvent, SlidesEvent, SlidesModel};

use crate::{
    render::slides::place,
    terminal::out::{counted, printable},
};

/// The maximum number of people whom a line names.
const MAX_LISTED_PEOPLE: usize = 20;

/// The notes of slides, by slide, from 0.
pub(super) type NotesBySlide = BTreeMap<u32, String>;

/// Returns the lines about an event, in the meeting as it is after the event. `id` is the content on the
/// stage.
pub(super) fn lines(event: &Event, model: &Model, id: i64, notes: &NotesBySlide) -> Vec<String> {
    match event {
        Event::UserAdded { user, .. } if model.ready => {
            vec![printable(&format!("{} has joined. {}", user.name, people(model)))]
        }
        Event::UserRemoved { id } => {
            let name = model.users.get(id).map_or("A user", |user| &user.name);
            vec![printable(&format!("{name} has left. {}", people(model)))]
        }
        Event::Content { id: of, event: ContentEvent::Slides(SlidesEvent::Location { .. }) }
            if *of == id =>
        {
            slide(model, id, notes)
        }
        Event::Content {
            id,
            event: ContentEvent::Poll(PollEvent::Results { .. } | PollEvent::Open { open: false }),
        } => votes(model, *id).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Returns the people who are present.
pub(super) fn people(model: &Model) -> String {
    let names = model.users.values().filter(|user| !user.is_gone).map(|user| &*user.name);
    let names: Vec<_> = names.collect();
    let listed = names.iter().take(MAX_LISTED_PEOPLE).copied().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(MAX_LISTED_PEOPLE);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    printable(&format!("In the meeting: {listed}{more}."))
}

/// Returns the lines about the current slide and its notes.
pub(super) fn slide(model: &Model, id: i64, notes: &NotesBySlide) -> Vec<String> {
    let Some(slides) = slides(model, id) else { return Vec::new() };
    let Some(location) = &slides.location else { return Vec::new() };
    let count = counted(slides.count.unwrap_or(0) as usize, "slide", "slides");
    let here = place(location);
    let mut lines = vec![format!("{}{} of {count}", here[..1].to_uppercase(), &here[1..])];
    if let Some(notes) = notes.get(&location.slide) {
        lines.extend(notes.lines().map(|line| format!("  {}", printable(line))));
    }
    lines
}

/// Returns the slides of the content.
pub(super) fn slides(model: &Model, id: i64) -> Option<&SlidesModel> {
    model.contents.get(&id)?.slides.as_ref()
}

/// Returns the line with the votes of a poll.
pub(super) fn votes(model: &Model, id: i64) -> Option<String> {
    let content = model.contents.get(&id)?;
    let (poll, title) = (content.poll.as_ref()?, content.title.as_deref()?);
    let choices = poll.choices.iter().enumerate();
    let votes: Vec<_> =
        choices.map(|(at, choice)| format!("{choice} {}", poll.votes(at))).collect();
    let state = if poll.open { "" } else { " (closed)" };
    Some(printable(&format!("Votes for \"{title}\"{state}: {}.", votes.join(", "))))
}

#[cfg(test)]
mod tests {
    use psom_objects::{client::User, package::Location};

    use super::*;

    /// Applies events and returns the lines about the last one.
    fn after(events: Vec<Event>) -> Vec<String> {
        let mut model = Model::default();
        for event in &events {
            model.apply(event);
        }
        let notes = NotesBySlide::from([(1, "Say hello.\nSmile.".to_owned())]);
        events.last().map_or_else(Vec::new, |event| lines(event, &model, 7, &notes))
    }

    fn joined(id: i64, name: &str) -> Event {
        let user = User { uri: String::new(), name: name.into(), is_gone: false };
        Event::UserAdded { id, user }
    }

    fn content(id: i64, event: ContentEvent) -> Event {
        Event::Content { id, event }
    }

    #[test]
    fn people_who_come_and_go_are_named() {
        let events = vec![joined(1, "Ada"), Event::Ready, joined(2, "Bob")];
        assert_eq!(after(events.clone()), ["Bob has joined. In the meeting: Ada, Bob."]);
        let left = [events, vec![Event::UserRemoved { id: 2 }]].concat();
        assert_eq!(after(left), ["Bob has left. In the meeting: Ada."]);
        let many: Vec<_> = (1..=25).map(|id| joined(id, "x")).collect();
        let last = after([vec![Event::Ready], many].concat());
        assert!(last[0].ends_with(" and 5 more."), "{last:?}");
    }

    #[test]
    fn slide_comes_with_its_notes() {
        let slides = |event| content(7, ContentEvent::Slides(event));
        let events = |slide, click| {
            vec![
                content(7, ContentEvent::Added { kind: "Content.Ppt".into() }),
                slides(SlidesEvent::Count { count: 3 }),
                slides(SlidesEvent::Location { location: Location::new(slide, click) }),
            ]
        };
        assert_eq!(after(events(0, 0)), ["Slide 1 of 3 slides"]);
        let second = ["Slide 2, click 1 of 3 slides", "  Say hello.", "  Smile."];
        assert_eq!(after(events(1, 1)), second);
    }

    #[test]
    fn votes_are_shown_as_they_arrive() {
        let poll = |event| content(8, ContentEvent::Poll(event));
        let choices = vec!["now".to_owned(), "later".to_owned()];
        let events = vec![
            content(8, ContentEvent::Added { kind: "Content.Poll".into() }),
            content(8, ContentEvent::Titled { title: "Lunch".into() }),
            poll(PollEvent::Question { question: "When?".into(), choices }),
            poll(PollEvent::Open { open: true }),
            poll(PollEvent::Results { results: vec![2, 1] }),
        ];
        assert_eq!(after(events.clone()), ["Votes for \"Lunch\": now 2, later 1."]);
        let closed = [events, vec![poll(PollEvent::Open { open: false })]].concat();
        assert_eq!(after(closed), ["Votes for \"Lunch\" (closed): now 2, later 1."]);
    }
}
