//! The commands, as a client sends them and as a recorder records them.

use std::sync::{Arc, Mutex};

use psom::{
    Context, Interface as _, InterfaceDesc,
    error::CallError,
    interface::Target,
    offline::{RecordedCall, name_id},
    wire::{Encode, Encoder},
};
use psom_objects::{
    annotation::{Kind, Properties, Property},
    client::{Conference, Upload},
    interfaces::ActionsServerProxy,
    package::{ContentDetail, CreateContent, Manifest, PollDetail, SharedNotesDetail},
    server::ACTIONS,
};

/// The meeting's name for recorded calls.
pub(super) const MEETING: &str = "simulated";

/// A command on a content.
#[derive(Debug, Clone)]
pub(super) struct Command {
    title: String,
    /// The identifier that the content gets.
    id: i64,
    action: Action,
}

#[derive(Debug, Clone)]
enum Action {
    CreateBoard,
    CreatePoll,
    CreateNotes,
    Write(String),
    Draw(String),
    Remove(Vec<i32>),
    Clear,
    Vote(usize),
    Open(bool),
    Show(bool),
    Modify(String),
    ClearVotes,
    ReportError,
    Rename(String),
}

const CHOICES: [&str; 3] = ["now", "later", "never"];

pub(super) fn choose(rng: &mut fastrand::Rng, count: u32) -> Vec<Command> {
    let create = [Action::CreateBoard, Action::CreatePoll, Action::CreateNotes];
    let mut titles: Vec<String> = (1..=6).map(|number| format!("content {number}")).collect();
    let mut commands = Vec::new();
    for (at, title) in titles.iter().enumerate() {
        let (title, id) = (title.clone(), content_id(at));
        commands.push(Command { title, id, action: create[at % create.len()].clone() });
    }
    while commands.len() < count as usize {
        let at = rng.usize(..titles.len());
        let number = commands.len();
        let action = match (at % create.len(), rng.u8(..12)) {
            (_, 0) => Action::Rename(format!("content {} of {number}", at + 1)),
            (0, 1) => Action::Remove((0..3).map(|_| rng.i32(1..200)).collect()),
            (0, 2) if rng.u8(..4) == 0 => Action::Clear,
            (0, 3..6) => Action::Draw(format!("M{number} 10 L 100 100")),
            (0, _) => Action::Write(format!("text {number}")),
            (1, 1) => Action::Open(rng.u8(..3) > 0),
            (1, 2) => Action::Show(rng.bool()),
            (1, 3) => Action::ClearVotes,
            (1, 4..7) => Action::Modify(format!("question {number}")),
            (1, _) => Action::Vote(rng.usize(..CHOICES.len())),
            _ if rng.u8(..8) == 0 => Action::ReportError,
            _ => Action::Rename(format!("notes {} of {number}", at + 1)),
        };
        let title = titles[at].clone();
        if let Action::Rename(new) = &action {
            titles[at].clone_from(new);
        }
        commands.push(Command { title, id: content_id(at), action });
    }
    commands
}

fn pairs(properties: &[(Property, &str)]) -> Vec<Vec<String>> {
    let pair = |(of, value): &(Property, &str)| vec![of.name().to_owned(), (*value).to_owned()];
    properties.iter().map(pair).collect()
}

impl Command {
    /// Sends the command over a connection.
    pub(super) fn send(
        self,
        conference: &mut Conference,
        cx: &mut Context<Conference>,
    ) -> Result<(), CallError> {
        let Self { title, id, action } = self;
        let mut upload = |upload: Result<Upload, _>| match upload {
            Ok(upload) => conference.upload(cx, upload).map(drop),
            Err(_) => Ok(()),
        };
        match action {
            Action::CreateBoard => upload(Upload::whiteboard(title)),
            Action::CreatePoll => upload(Upload::poll(title, "when?", CHOICES)),
            Action::CreateNotes => upload(Upload::notes(title, SharedNotesDetail::default())),
            Action::Write(text) => {
                let properties = Properties::from([(Property::Text, text)]);
                conference.add_annotation(cx, id, Kind::Text, properties).map(drop)
            }
            Action::Draw(data) => {
                let properties = Properties::from([(Property::Data, data)]);
                conference.add_annotation(cx, id, Kind::Drawing, properties).map(drop)
            }
            Action::Remove(ids) => conference.remove_annotations(cx, id, ids).map(drop),
            Action::Clear => conference.clear_annotations(cx, id),
            Action::Vote(choice) => conference.vote(cx, id, Some(choice)),
            Action::Open(open) => conference.set_poll_open(cx, id, open),
            Action::Show(to_all) => conference.show_results(cx, id, to_all),
            Action::Modify(question) => {
                let choices = CHOICES.map(str::to_owned).to_vec();
                conference.modify_poll(cx, id, question, choices)
            }
            Action::ClearVotes => conference.clear_votes(cx, id),
            Action::ReportError => conference.report_notes_error(cx, id),
            Action::Rename(new) => conference.set_title(cx, id, new),
        }
    }

    /// Records the command.
    pub(super) fn record(&self, tape: &Tape) {
        let title = self.title.as_str();
        let actions = ActionsServerProxy::<()>::proxy(tape.clone());
        let create = |detail| {
            let content = Manifest::from(CreateContent::new(title, detail));
            actions.s_create(&content.to_xml().unwrap_or_default());
        };
        match &self.action {
            Action::CreateBoard => create(ContentDetail::Whiteboard),
            Action::CreatePoll => {
                let choices = CHOICES.map(str::to_owned).to_vec();
                create(ContentDetail::Poll(PollDetail::new("when?".to_owned(), choices)));
            }
            Action::CreateNotes => {
                create(ContentDetail::SharedNotes(SharedNotesDetail::default()));
            }
            Action::Write(text) => {
                let properties = pairs(&[(Property::Text, text)]);
                actions.s_add_annotation(title, Kind::Text.number(), &properties);
            }
            Action::Draw(data) => {
                let properties = pairs(&[(Property::Data, data)]);
                actions.s_add_annotation(title, Kind::Drawing.number(), &properties);
            }
            Action::Remove(ids) => actions.s_remove_annotations(title, ids),
            Action::Clear => actions.s_clear_annotations(title),
            Action::Vote(choice) => actions.s_vote(title, CHOICES[*choice]),
            Action::Open(open) => actions.s_set_poll_open(title, *open),
            Action::Show(to_all) => actions.s_show_results(title, *to_all),
            Action::Modify(question) => {
                actions.s_modify_poll(title, question, CHOICES.map(str::to_owned));
            }
            Action::ClearVotes => actions.s_clear_votes(title),
            Action::ReportError => actions.s_report_notes_error(title),
            Action::Rename(new) => actions.s_rename(title, new),
        }
    }
}

/// Takes the calls of a proxy instead of an outbox.
#[derive(Clone, Default)]
pub(super) struct Tape(Arc<Mutex<Vec<RecordedCall>>>);

impl Tape {
    pub(super) fn calls(&self) -> Vec<RecordedCall> {
        self.0.lock().map(|calls| calls.clone()).unwrap_or_default()
    }
}

impl Target for Tape {
    type Sent = ();

    fn call(&self, interface: &'static InterfaceDesc, method: u8, arguments: &[&dyn Encode]) {
        let mut bytes = Vec::new();
        let mut out = Encoder::new(&mut bytes);
        arguments.iter().for_each(|argument| argument.encode(&mut out));
        drop(out);
        let (version, hash) = interface.versions.last().copied().unwrap_or_default();
        let call = RecordedCall {
            meeting: Some(name_id(MEETING)),
            target: ACTIONS.to_owned(),
            interface: interface.name.to_owned(),
            version,
            hash,
            method,
            arguments: bytes.into(),
            recorded_by: "user 2".to_owned(),
        };
        if let Ok(mut calls) = self.0.lock() {
            calls.push(call);
        }
    }
}

/// Returns the identifier of the content that the command at this index creates.
fn content_id(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX) + 1
}
