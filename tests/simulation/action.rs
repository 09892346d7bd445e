use psom::{Context, error::CallError};
use psom_objects::{
    annotation::{Kind, Properties, Property, text::Delta},
    client::{Conference, Model, Upload},
    package::{
        ChunkedPpt, ContentDetail, CreateContent, JpegSlide, Manifest, PptContentResource,
        PptResource, SharedNotesDetail,
    },
    types::ContentVisibility,
};

use super::rights::{Sender, mark};

/// One action of a user.
#[derive(Debug, Clone)]
pub(super) enum Action {
    Share(Share, String),
    Picture(i64),
    Reserve(String),
    Delete(i64),
    Present(Option<i64>),
    Stop(Option<i64>),
    Rename(i64, String),
    Show(i64, ContentVisibility),
    Raise(i64),
    Draw(i64, String, usize),
    Write(i64, String),
    Change(i64, i32, String),
    ChangeAll(i64, Vec<i32>, String),
    Edit(i64, i32, usize, usize, String),
    Remove(i64, Vec<i32>),
    Clear(i64),
    Point(i64, String, bool),
    Vote(i64, Option<usize>),
    OpenPoll(i64, bool),
    ShowResults(i64, bool),
    Modify(i64, String, usize),
    ClearVotes(i64),
    OpenQna(i64, bool),
    Ask(i64, String),
    Answer(i64, String, String),
    GoTo(i64, u32),
    ReportNotes(i64),
}

/// The content that an upload creates.
#[derive(Debug, Clone, Copy)]
pub(super) enum Share {
    File,
    Poll,
    Notes,
    Qna,
    Whiteboard,
    Slides,
}

/// The number of different titles. It is low, so that users often want the same title.
const TITLES: u32 = 12;

/// Chooses an action for a user who sees `model`. `number` is the number of the action.
pub(super) fn choose(
    rng: &mut fastrand::Rng,
    model: &Model,
    sender: Sender,
    number: u64,
) -> Action {
    let mark = mark(number);
    let prefix = sender.title_prefix();
    let mut title = format!("{prefix} {}", rng.u32(..TITLES));
    if rng.u8(..20) == 0 {
        title.push('/');
    }
    if rng.u8(..40) == 0 {
        return Action::Delete(rng.i64(-1..100));
    }
    // Meetings grow at first, and change afterwards.
    if rng.usize(..8) > model.contents.len() + 2 {
        return Action::Share(share(rng), title);
    }
    let place = rng.usize(..model.contents.len().max(1));
    let Some((&id, content)) = model.contents.iter().nth(place) else {
        return Action::Share(share(rng), title);
    };
    let kind = rng.u8(..100);
    match kind {
        0..5 => return Action::Share(share(rng), title),
        5..8 => return Action::Reserve(title),
        8..10 => return Action::Delete(id),
        10..16 => return Action::Present(rng.bool().then_some(id)),
        16..20 => return Action::Stop(rng.bool().then_some(id)),
        20..24 => return Action::Rename(id, title),
        24..30 => {
            let all = [
                ContentVisibility::Everyone,
                ContentVisibility::Presenters,
                ContentVisibility::MeetingOrganizer,
                ContentVisibility::Everyone,
            ];
            return Action::Show(id, all[rng.usize(..4)]);
        }
        30..33 => return Action::Raise(id),
        _ => {}
    }
    if let Some(board) = &content.board {
        let ids: Vec<i32> = board.annotations.iter().map(|(id, _)| id).collect();
        let at = (!ids.is_empty()).then(|| ids[rng.usize(..ids.len())]);
        let some: Vec<_> = ids.iter().copied().filter(|_| rng.u8(..4) == 0).collect();
        let is_text = |at| board.annotations.get(at).is_some_and(|at| at.kind == Kind::Text);
        let color = color(number);
        return match (rng.u8(..20), at) {
            (0..3, _) => Action::Write(id, format!("text {mark}")),
            (3..8, Some(at)) => Action::Change(id, at, color),
            (8..10, Some(_)) if !some.is_empty() => Action::ChangeAll(id, some, color),
            (10..12, Some(at)) if is_text(at) => {
                // A text has at least one character, so this range is always valid.
                Action::Edit(id, at, 0, rng.usize(..2), format!("e{mark}"))
            }
            (12, Some(_)) if !some.is_empty() => Action::Remove(id, some),
            (13, _) if rng.u8(..4) == 0 => Action::Clear(id),
            (14..16, _) => Action::Point(id, format!("{number},1"), rng.u8(..4) > 0),
            (16, _) => Action::Picture(id),
            _ => Action::Draw(id, mark, 1 << rng.u32(..12)),
        };
    }
    if let Some(poll) = &content.poll {
        let choice = rng.usize(..=poll.choices.len());
        return match rng.u8(..12) {
            0 => Action::OpenPoll(id, rng.u8(..3) > 0),
            1 => Action::ShowResults(id, rng.bool()),
            2 => Action::Modify(id, format!("{prefix} {number}"), rng.usize(2..5)),
            3 => Action::ClearVotes(id),
            _ => Action::Vote(id, (choice < poll.choices.len()).then_some(choice)),
        };
    }
    if let Some(qna) = &content.qna {
        let question = qna.questions.get(rng.usize(..qna.questions.len().max(1)));
        return match (rng.u8(..8), question) {
            (0, _) => Action::OpenQna(id, rng.u8(..3) > 0),
            (1..4, Some(question)) => Action::Answer(id, question.id.clone(), mark),
            _ => Action::Ask(id, format!("q{mark}")),
        };
    }
    if content.slides.is_some() {
        return Action::GoTo(id, rng.u32(..4));
    }
    if content.notes.is_some() {
        return Action::ReportNotes(id);
    }
    Action::Present(Some(id))
}

/// Returns the color by which the change of an action is recognized.
fn color(number: u64) -> String {
    format!("#{number:06x}")
}

/// Returns the number of the action that has set this color.
pub(super) fn number_of_color(color: &str) -> Option<u64> {
    u64::from_str_radix(color.strip_prefix('#')?, 16).ok()
}

fn share(rng: &mut fastrand::Rng) -> Share {
    use Share::*;
    let all = [Whiteboard, Whiteboard, Poll, Qna, File, Notes, Slides];
    all[rng.usize(..all.len())]
}

impl Share {
    fn upload(self, title: &str) -> Option<Upload> {
        match self {
            Self::File => {
                let content = CreateContent::new(title, ContentDetail::NativeFileOnly);
                let manifest = Manifest::CreateContent(content.with_native_file("file"));
                Upload::new(manifest, [("file", &b"hello"[..])])
            }
            Self::Poll => Upload::poll(title, "which?", ["a", "b", "c"]),
            Self::Notes => Upload::notes(title, SharedNotesDetail::default()),
            Self::Qna => Upload::qna(title),
            Self::Whiteboard => Upload::whiteboard(title),
            Self::Slides => {
                let jpeg = |slide| JpegSlide { slide: Some(slide), file: Some(format!("{slide}")) };
                let jpegs = PptResource::Jpegs((0..3).map(jpeg).collect());
                let resources = vec![PptContentResource { resource_id: None, resource: jpegs }];
                let ppt = ChunkedPpt { slides: Some(3), preview_thumbnail_file: None, resources };
                let content = CreateContent::new(title, ContentDetail::Ppt(ppt));
                let files = ["0", "1", "2"].map(|name| (name, name.as_bytes()));
                Upload::new(Manifest::CreateContent(content), files)
            }
        }
        .ok()
    }
}

impl Action {
    /// Performs the action. An action that is not possible any more fails on the client.
    pub(super) fn perform(
        self,
        conference: &mut Conference,
        cx: &mut Context<Conference>,
    ) -> Result<(), CallError> {
        match self {
            Self::Share(share, title) => match share.upload(&title) {
                Some(upload) => conference.upload(cx, upload).map(drop),
                None => Ok(()),
            },
            Self::Picture(id) => {
                let look = Properties::from([(Property::Extent, "10,10".to_owned())]);
                match Upload::image(id, &look, &bytes::Bytes::from_static(b"picture")) {
                    Ok(upload) => conference.upload(cx, upload).map(drop),
                    Err(_) => Ok(()),
                }
            }
            Self::Reserve(title) => conference.reserve_title(cx, title).map(drop),
            Self::Delete(id) => conference.delete_content(cx, id),
            Self::Present(id) => conference.present(cx, id),
            Self::Stop(id) => conference.stop_presenting(cx, id),
            Self::Rename(id, title) => conference.set_title(cx, id, title),
            Self::Show(id, visibility) => conference.set_visibility(cx, id, visibility),
            Self::Raise(id) => conference.make_highest(cx, id),
            Self::Draw(id, mark, length) => {
                let data = format!("M{mark}{}", "1".repeat(length));
                let properties = Properties::from([(Property::Data, data)]);
                conference.add_annotation(cx, id, Kind::Drawing, properties).map(drop)
            }
            Self::Write(id, text) => {
                let properties = Properties::from([(Property::Text, text)]);
                conference.add_annotation(cx, id, Kind::Text, properties).map(drop)
            }
            Self::Change(id, at, color) => {
                let properties = Properties::from([(Property::Stroke, color)]);
                conference.change_annotation(cx, id, at, properties)
            }
            Self::ChangeAll(id, ids, color) => {
                conference.change_annotations(cx, id, ids, Property::Stroke, color)
            }
            Self::Edit(id, at, begin, end, text) => {
                let number = |at: usize| i32::try_from(at).unwrap_or(i32::MAX);
                let delta = Delta::new(number(begin), number(end), text);
                conference.change_text(cx, id, at, vec![delta])
            }
            Self::Remove(id, ids) => conference.remove_annotations(cx, id, ids).map(drop),
            Self::Clear(id) => conference.clear_annotations(cx, id),
            Self::Point(id, anchor, visible) => conference.set_telepointer(cx, id, anchor, visible),
            Self::Vote(id, choice) => conference.vote(cx, id, choice),
            Self::OpenPoll(id, open) => conference.set_poll_open(cx, id, open),
            Self::ShowResults(id, to_all) => conference.show_results(cx, id, to_all),
            Self::Modify(id, question, choices) => {
                let choices = (0..choices).map(|at| format!("choice {at}")).collect();
                conference.modify_poll(cx, id, question, choices)
            }
            Self::ClearVotes(id) => conference.clear_votes(cx, id),
            Self::OpenQna(id, open) => conference.set_qna_open(cx, id, open),
            Self::Ask(id, question) => conference.ask(cx, id, question, "why?", ""),
            Self::Answer(id, question, mark) => conference.answer(cx, id, question, mark, ""),
            Self::GoTo(id, slide) => conference.go_to(cx, id, slide, 0),
            Self::ReportNotes(id) => conference.report_notes_error(cx, id),
        }
    }
}
