use psom_objects::{
    client::{
        ContentEvent, Event, Model, NotesEvent, PollEvent, PollModel, QnaEvent, QnaModel,
        UploadEvent,
    },
    types::{QnaOpenState, SetTitleStatus, TitleReservationStatus, UploadFinishReason},
};

use super::{
    board,
    names::{audience, content, content_type, user},
    refusal, slides,
};
use crate::terminal::out::{counted, printable};

/// Describes an event in one line of printable text. `model` is the meeting as it was before the
/// event, so that it still has the title of a content that is removed.
pub(crate) fn line(event: &Event, model: &Model) -> String {
    let line = match event {
        Event::ServerTime { time } => format!("The server's time is {time} UTC."),
        Event::UrlBase { url } => format!("The file server is {url}."),
        Event::Ready => "The meeting's state is complete.".to_owned(),
        Event::Ended => "The connection has ended.".to_owned(),
        Event::UserAdded { user, .. } => format!("{} ({}) has joined.", user.name, user.uri),
        Event::UserRemoved { id } => format!("{} has left.", user(model, *id)),
        Event::ActivePresenter { id: None } => "Nobody is presenting.".to_owned(),
        Event::ActivePresenter { id: Some(id) } => format!("{} is presenting.", user(model, *id)),
        Event::ActiveContent { id: None } => "The stage is empty.".to_owned(),
        Event::ActiveContent { id: Some(id) } => {
            format!("{} is on the stage.", content(model, *id))
        }
        Event::WebDownloadAccepted { .. } => "A browser can download the file now.".to_owned(),
        Event::WebDownloadRejected { reason, .. } => refusal::download(*reason),
        Event::NotSent { action, reason } => format!("Cannot {action}: {reason}."),
        Event::Content { id, event } => content_line(*id, event, model),
        Event::Upload { event, .. } => upload_line(event),
        // The library may add events.
        _ => "The meeting has changed.".to_owned(),
    };
    printable(&line)
}

fn upload_line(event: &UploadEvent) -> String {
    match event {
        UploadEvent::TitleReservation { status, .. } => match status {
            TitleReservationStatus::ReservedForCreation => "The title is reserved.".to_owned(),
            refused => refusal::reservation(*refused),
        },
        UploadEvent::TitleReleased => "The reservation of a title has ended.".to_owned(),
        UploadEvent::Accepted => "The upload begins.".to_owned(),
        UploadEvent::WebUploadAccepted { .. } => "A browser can upload the file now.".to_owned(),
        UploadEvent::Progress { received } => format!("{received} bytes have arrived."),
        UploadEvent::Disconnected => "The server has ended the upload early.".to_owned(),
        UploadEvent::ContentCreated { content } => {
            format!("The upload has become content {content}.")
        }
        UploadEvent::Finished { reason: UploadFinishReason::Ok } => {
            "The upload is complete.".to_owned()
        }
        UploadEvent::Rejected { reason } | UploadEvent::Finished { reason } => {
            refusal::upload(*reason)
        }
        _ => "The upload has changed.".to_owned(),
    }
}

fn content_line(id: i64, event: &ContentEvent, model: &Model) -> String {
    let title = content(model, id);
    let known = model.contents.get(&id);
    match event {
        ContentEvent::Added { kind } => match content_type(kind) {
            Some(noun) => format!("Content {id} is {noun}."),
            None => format!("Content {id} has the type {kind}."),
        },
        ContentEvent::Removed => format!("{title} was removed."),
        ContentEvent::Ready => format!("The state of {title} is complete."),
        ContentEvent::ExtendedReady => format!("All of {title} has arrived."),
        ContentEvent::Board(event) => board::line(event, &title, model),
        ContentEvent::Slides(event) => slides::line(event, &title),
        ContentEvent::Poll(event) => {
            poll_line(event, &title, known.and_then(|known| known.poll.as_ref()))
        }
        ContentEvent::Notes(event) => notes_line(event, &title),
        ContentEvent::Qna(event) => {
            qna_line(event, &title, known.and_then(|known| known.qna.as_ref()))
        }
        ContentEvent::Titled { title: new } => match known.and_then(|known| known.title.as_ref()) {
            Some(_) => format!("{title} is now called \"{new}\"."),
            None => format!("{title} is called \"{new}\"."),
        },
        ContentEvent::Owner { owner } => format!("{title} belongs to {}.", user(model, *owner)),
        ContentEvent::Visibility { visibility } => {
            format!("{title} is visible to {}.", audience(*visibility))
        }
        ContentEvent::CreationTime { time } => format!("{title} was created at {time} UTC."),
        ContentEvent::LastUsedTime { time } => {
            format!("{title} was last presented at {time} UTC.")
        }
        ContentEvent::Presented { presented: false, .. } => format!("{title} is not presented."),
        ContentEvent::Presented { presenter: Some(id), .. } => {
            format!("{title} is presented by {}.", user(model, *id))
        }
        ContentEvent::Presented { .. } => format!("{title} is presented."),
        ContentEvent::PresentationOrder { order: 0 } => {
            format!("{title} has no position on the stage.")
        }
        ContentEvent::PresentationOrder { order } => {
            format!("{title} has position {order} on the stage.")
        }
        ContentEvent::NativeFile { file } => format!("{title} has a file of {} bytes.", file.size),
        ContentEvent::OriginalFileUrl { url } => format!("The original of {title} is at {url}."),
        ContentEvent::ViewingUrl { url } => format!("{title} can be viewed at {url}."),
        ContentEvent::RecordingUrl { url } => format!("A recording of {title} is at {url}."),
        ContentEvent::TitleAnswered { status: SetTitleStatus::Success, title: new } => {
            format!("{title} was renamed to \"{new}\".")
        }
        ContentEvent::TitleAnswered { status, .. } => refusal::rename(*status),
        _ => format!("{title} has changed."),
    }
}

fn poll_line(event: &PollEvent, title: &str, poll: Option<&PollModel>) -> String {
    let choice = |index: usize| match poll.and_then(|poll| poll.choices.get(index)) {
        Some(choice) => format!("\"{choice}\""),
        None => format!("choice {}", index + 1),
    };
    match event {
        PollEvent::Question { question, choices } => {
            let choices: Vec<_> = choices.iter().map(|choice| format!("\"{choice}\"")).collect();
            format!("{title} asks \"{question}\": {}.", choices.join(", "))
        }
        PollEvent::Open { open: true } => format!("{title} is open for votes."),
        PollEvent::Open { open: false } => format!("{title} is closed."),
        PollEvent::ResultsShown { visible_to_all: true } => {
            format!("The results of {title} are visible to everyone.")
        }
        PollEvent::ResultsShown { visible_to_all: false } => {
            format!("The results of {title} are visible to presenters only.")
        }
        PollEvent::Vote { choice: Some(index) } => {
            format!("You have voted for {} in {title}.", choice(*index))
        }
        PollEvent::Vote { choice: None } => format!("You have no vote in {title}."),
        PollEvent::Results { results } => {
            let known = poll.filter(|poll| !poll.choices.is_empty());
            // A client that may not see the results gets zeros.
            if known.is_some_and(|poll| !poll.visible_to_all)
                && results.iter().all(|votes| *votes == 0)
            {
                return format!("The results of {title} are hidden, or nobody has voted.");
            }
            // Numbers beyond the choices are padding (section 3.2.4.1.11.1).
            let count = known.map_or(results.len(), |poll| poll.choices.len());
            let results = results.iter().take(count).enumerate();
            let results: Vec<_> =
                results.map(|(index, votes)| format!("{votes} for {}", choice(index))).collect();
            format!("Votes in {title}: {}.", results.join(", "))
        }
        _ => format!("{title} has changed."),
    }
}

fn notes_line(event: &NotesEvent, title: &str) -> String {
    match event {
        NotesEvent::Id { id } => format!("The notes of {title} have the identifier \"{id}\"."),
        NotesEvent::Titles { notebook, section, page } => {
            format!(
                "{title} is page \"{page}\" in section \"{section}\" of notebook \"{notebook}\"."
            )
        }
        NotesEvent::Error { code } => format!("An error was reported for {title} (code {code})."),
        _ => format!("{title} has changed."),
    }
}

fn qna_line(event: &QnaEvent, title: &str, qna: Option<&QnaModel>) -> String {
    let name = |by: &str| if by.is_empty() { "Somebody".to_owned() } else { by.to_owned() };
    match event {
        QnaEvent::State { state: QnaOpenState::Open } => format!("{title} is open for questions."),
        QnaEvent::State { state: QnaOpenState::Suspended } => format!("{title} is suspended."),
        QnaEvent::State { state } => format!("{title} is in the state {state}."),
        QnaEvent::Count { count } => {
            let count = usize::try_from(*count).unwrap_or(0);
            format!("{title} has {}.", counted(count, "question", "questions"))
        }
        QnaEvent::Question { text, by, .. } => {
            format!("{} asks in {title}: \"{text}\"", name(by))
        }
        QnaEvent::Answer { question, text, by } => {
            let question = qna.and_then(|qna| qna.question(question));
            let question =
                question.map(|question| format!(" to \"{}\"", question.text)).unwrap_or_default();
            format!("{} answers{question} in {title}: \"{text}\"", name(by))
        }
        QnaEvent::Moderated { question, text } => {
            let old = qna.and_then(|qna| qna.question(question));
            let old = old.map(|old| format!(" \"{}\"", old.text)).unwrap_or_default();
            match text {
                Some(text) => format!("The question{old} in {title} was changed to \"{text}\"."),
                None => format!("The question{old} in {title} was deleted."),
            }
        }
        QnaEvent::Blob { blob } => {
            format!("A page of {title} has sent a message of {} bytes.", blob.len())
        }
        _ => format!("{title} has changed."),
    }
}

#[cfg(test)]
mod tests {
    use psom_objects::{
        annotation::{Annotation, Change, Kind, Properties, Property, text::Delta},
        client::{BoardEvent, SlidesEvent, User},
        package::Location,
        types::{DownloadFinishReason, ResourceErrorCode, ResourceFormat},
    };

    use super::*;

    fn text(text: &str) -> String {
        text.to_owned()
    }

    fn of_content(event: ContentEvent) -> Event {
        Event::Content { id: 1, event }
    }

    /// A meeting with the user Ada and the content "T".
    fn model() -> Model {
        let mut model = Model::default();
        let user = User { uri: text("sip:a"), name: text("Ada"), is_gone: false };
        model.apply(&Event::UserAdded { id: 1, user });
        model.apply(&of_content(ContentEvent::Added { kind: text("Content.Poll") }));
        model.apply(&of_content(ContentEvent::Titled { title: text("T") }));
        model
    }

    #[test]
    fn lines_name_users_and_contents() {
        let model = model();
        for (event, expected) in [
            (Event::ActivePresenter { id: Some(1) }, "Ada is presenting."),
            (Event::ActivePresenter { id: Some(9) }, "User 9 is presenting."),
            (Event::UserRemoved { id: 1 }, "Ada has left."),
            (
                of_content(ContentEvent::Presented { presented: true, presenter: Some(1) }),
                "\"T\" is presented by Ada.",
            ),
            (of_content(ContentEvent::Removed), "\"T\" was removed."),
            (
                of_content(ContentEvent::Titled { title: text("a\u{1b}[2J\n\u{202e}") }),
                "\"T\" is now called \"a\u{fffd}[2J \u{fffd}\".",
            ),
            (
                Event::WebDownloadRejected { cookie: 1, reason: DownloadFinishReason::NotFound },
                "The server no longer has this file; ask its owner to share it again.",
            ),
        ] {
            assert_eq!(line(&event, &model), expected);
        }
    }

    #[test]
    fn lines_of_polls_notes_and_questions() {
        let mut model = model();
        let (question, choices) = (text("Eat?"), vec![text("now"), text("later\u{1b}")]);
        let (notebook, section, page) = (text("N"), text("S"), text("P"));
        let poll = |event| of_content(ContentEvent::Poll(event));
        let notes = |event| of_content(ContentEvent::Notes(event));
        let qna = |event| of_content(ContentEvent::Qna(event));
        for (event, expected) in [
            (
                poll(PollEvent::Question { question, choices }),
                "\"T\" asks \"Eat?\": \"now\", \"later\u{fffd}\".",
            ),
            (poll(PollEvent::Open { open: true }), "\"T\" is open for votes."),
            (
                poll(PollEvent::Results { results: vec![0, 0] }),
                "The results of \"T\" are hidden, or nobody has voted.",
            ),
            (
                poll(PollEvent::ResultsShown { visible_to_all: true }),
                "The results of \"T\" are visible to everyone.",
            ),
            (poll(PollEvent::Vote { choice: Some(0) }), "You have voted for \"now\" in \"T\"."),
            (poll(PollEvent::Vote { choice: None }), "You have no vote in \"T\"."),
            (
                poll(PollEvent::Results { results: vec![2, 1, 0, 0, 0, 0, 0] }),
                "Votes in \"T\": 2 for \"now\", 1 for \"later\u{fffd}\".",
            ),
            (
                notes(NotesEvent::Titles { notebook, section, page }),
                "\"T\" is page \"P\" in section \"S\" of notebook \"N\".",
            ),
            (notes(NotesEvent::Error { code: 1 }), "An error was reported for \"T\" (code 1)."),
            (qna(QnaEvent::State { state: QnaOpenState::Suspended }), "\"T\" is suspended."),
            (qna(QnaEvent::Count { count: 2 }), "\"T\" has 2 questions."),
            (
                qna(QnaEvent::Question { id: text("q"), text: text("Why?"), by: text("Ada") }),
                "Ada asks in \"T\": \"Why?\"",
            ),
            (
                qna(QnaEvent::Answer { question: text("q"), text: text("So."), by: text("") }),
                "Somebody answers to \"Why?\" in \"T\": \"So.\"",
            ),
            (
                qna(QnaEvent::Moderated { question: text("q"), text: Some(text("How?")) }),
                "The question \"Why?\" in \"T\" was changed to \"How?\".",
            ),
            (
                qna(QnaEvent::Moderated { question: text("q"), text: None }),
                "The question \"How?\" in \"T\" was deleted.",
            ),
            (
                qna(QnaEvent::Blob { blob: text("abc") }),
                "A page of \"T\" has sent a message of 3 bytes.",
            ),
        ] {
            assert_eq!(line(&event, &model), expected);
            model.apply(&event);
        }
    }

    #[test]
    fn lines_of_slides_count_from_one() {
        let model = model();
        for (event, expected) in [
            (SlidesEvent::Count { count: 1 }, "\"T\" has 1 slide."),
            (
                SlidesEvent::Failed {
                    begin: 6,
                    end: 7,
                    format: ResourceFormat::FullJpeg,
                    code: ResourceErrorCode::UploaderClientDisconnected,
                },
                "Slides 7 to 8 of \"T\" will not come as a picture: its owner has left.",
            ),
            (
                SlidesEvent::Location { location: Location::new(2, 1) },
                "\"T\" is at slide 3, click 1.",
            ),
        ] {
            assert_eq!(line(&of_content(ContentEvent::Slides(event)), &model), expected);
        }
    }

    #[test]
    fn lines_of_boards_name_the_user() {
        let model = model();
        let annotation = Annotation::new(Kind::Text, 1, Properties::new());
        let fill = Properties::from([(Property::Fill, text("none"))]);
        let change = |change| BoardEvent::Changed { change, cookie: None };
        let telepointer =
            |visible| BoardEvent::Telepointer { user: 1, anchor: text("5,6"), visible };
        let edit = Change::SetText {
            id: 3,
            generation: 2,
            modifier: 1,
            text_version: 1,
            deltas: vec![Delta::new(0, 1, "H")],
        };
        let recolour =
            Change::SetProperties { id: 3, generation: 2, modifier: 1, properties: fill };
        for (event, expected) in [
            (change(Change::Add { id: 3, annotation }), "Ada has added text 3 to \"T\"."),
            (change(edit), "Ada has edited text 3 on \"T\"."),
            (change(recolour), "Ada has changed FILL of annotation 3 on \"T\"."),
            (
                change(Change::Remove { ids: vec![3, 4], remover: 1 }),
                "Ada has removed annotation 3, 4 from \"T\".",
            ),
            (change(Change::Clear { remover: 1 }), "Ada has removed all annotations from \"T\"."),
            (telepointer(true), "Ada points to 5,6 on \"T\"."),
            (telepointer(false), "Ada no longer points to \"T\"."),
        ] {
            assert_eq!(line(&of_content(ContentEvent::Board(event)), &model), expected);
        }
    }

    #[test]
    fn refusals_of_a_board_are_explained() {
        let refused = BoardEvent::ClearRefused { code: text("NothingToClear") };
        let event = of_content(ContentEvent::Board(refused));
        assert_eq!(line(&event, &model()), "The board has no annotations.");
    }
}
