//! Recorded actions: contents by their titles instead of their identifiers.

use psom::{
    CallError, Context, Handle, PeerId, Violation, distributed_object,
    offline::{PlaysLater, Verdict},
};

use super::{
    annotations::container::AnnotationContainer,
    content_types::{
        notes::SharedNotesContent, poll::PollContent, ppt::PptContent, qna::QnaContent,
        whiteboard::WhiteboardContent,
    },
    contents::{Content, manager::ContentManager},
    context::MeetingContext,
    policy::Policy,
    uploads::manager::UploadManager,
};
use crate::{
    annotation::ErrorCode,
    interfaces::{
        ActionsClient, ActionsServer, ContentManagerServer as _, ContentServer as _,
        PollContentServer as _, QnaContentServer as _,
    },
    package::{ContentDetail, Manifest},
    qna::QnaBlob,
    types::{ContentVisibility, QnaOpenState, Role},
};

/// The name by which recorders refer to the actions of a meeting.
pub const ACTIONS: &str = "psom.actions";

/// Performs the actions in a meeting that can be recorded.
#[distributed_object(serves = ActionsServer, calls = ActionsClient)]
pub struct Actions {
    meeting: MeetingContext,
    contents: Handle<ContentManager>,
    /// The verdict about the action that is being played.
    verdict: Option<Verdict>,
}

type ActionResult<T = ()> = Result<T, Violation>;

impl PlaysLater for Actions {
    fn verdict(&mut self) -> &mut Option<Verdict> {
        &mut self.verdict
    }

    /// Announces the cookie of the upload that the next action takes.
    fn prepare(&mut self, cx: &mut Context<Self>, token: i64) -> ActionResult {
        let cookie = i32::try_from(token).map_err(|_| Violation::new("no cookie of an upload"))?;
        let uploads = self.uploads(cx)?;
        queued(cx.tell_as_caller(uploads, move |uploads, cx| uploads.keep(cx, cookie)))
    }
}

impl Actions {
    pub(super) fn new(meeting: MeetingContext, contents: Handle<ContentManager>) -> Self {
        Self { meeting, contents, verdict: None }
    }

    fn caller(cx: &mut Context<Self>) -> ActionResult<PeerId> {
        cx.caller().id().ok_or_else(gone)
    }

    /// Finds a content that the caller sees.
    fn content(&self, cx: &mut Context<Self>, title: &str) -> ActionResult<(i64, Handle<Content>)> {
        let peer = Self::caller(cx)?;
        let manager = cx.get(self.contents).map_err(|_| gone())?;
        manager.seen_titled(cx, peer, title)
    }

    fn uploads(&self, cx: &Context<Self>) -> ActionResult<Handle<UploadManager>> {
        Ok(cx.get(self.contents).map_err(|_| gone())?.uploads())
    }

    /// Performs an action on another object, which gives the verdict.
    fn perform<T: psom::DistributedObject>(
        &mut self,
        cx: &mut Context<Self>,
        object: Handle<T>,
        action: impl FnOnce(&mut T, &mut Context<T>) -> ActionResult + Send + 'static,
    ) -> ActionResult {
        let verdict = self.verdict.take();
        queued(cx.tell_as_caller(object, move |object, cx| {
            let result = action(object, cx);
            if let Some(verdict) = verdict {
                verdict.give(cx, result);
            }
        }))
    }

    fn qna(&self, cx: &mut Context<Self>, title: &str) -> ActionResult<Handle<QnaContent>> {
        let qna = self.extended(cx, title)?;
        qna.ok_or_else(|| Violation::new(format!("\"{title}\" is not a Q&A")))
    }

    /// Finds the object behind a content, if it is a `T`.
    fn extended<T: psom::DistributedObject>(
        &self,
        cx: &mut Context<Self>,
        title: &str,
    ) -> ActionResult<Option<Handle<T>>> {
        let (_, content) = self.content(cx, title)?;
        let extended = cx.get(content).map_err(|_| gone())?.extended();
        Ok(cx.downcast(extended))
    }

    fn board(
        &self,
        cx: &mut Context<Self>,
        title: &str,
    ) -> ActionResult<Handle<AnnotationContainer>> {
        if let Some(board) = self.extended::<WhiteboardContent>(cx, title)? {
            return Ok(cx.get(board).map_err(|_| gone())?.annotations());
        }
        match self.extended::<PptContent>(cx, title)? {
            Some(slides) => Ok(cx.get(slides).map_err(|_| gone())?.annotations()),
            None => Err(Violation::new(format!("\"{title}\" has no board"))),
        }
    }

    fn poll(&self, cx: &mut Context<Self>, title: &str) -> ActionResult<Handle<PollContent>> {
        let poll = self.extended(cx, title)?;
        poll.ok_or_else(|| Violation::new(format!("\"{title}\" is not a poll")))
    }

    /// Refuses an action that the policy does not allow to the caller.
    fn allow(
        &self,
        cx: &mut Context<Self>,
        rule: impl FnOnce(&dyn Policy, Role) -> bool,
    ) -> ActionResult {
        let user = cx.caller().user().id;
        if rule(self.meeting.policy(), self.meeting.role(cx, user)) {
            return Ok(());
        }
        Err(Violation::new("you may not do that; replay it as a presenter"))
    }

    /// Refuses a change of a content that is not the caller's and that the policy does not allow.
    fn allow_change(&self, cx: &mut Context<Self>, content: Handle<Content>) -> ActionResult {
        let owner = cx.get(content).map_err(|_| gone())?.owner();
        let owns = owner == cx.caller().user().id;
        self.allow(cx, |policy, role| policy.may_change_content(role, owns))
    }
}

fn gone() -> Violation {
    Violation::new("the meeting has ended")
}

/// Converts the result of queuing a method. Only objects that exist were found.
fn queued(result: Result<(), CallError>) -> ActionResult {
    result.map_err(|_| gone())
}

/// Returns the refusal of a board.
fn board_refuses(code: ErrorCode) -> Violation {
    Violation::new(format!("the board refuses it: {}", code.name()))
}

impl ActionsServer for Actions {
    fn s_create(&mut self, cx: &mut Context<Self>, manifest: &str) -> ActionResult {
        let manifest = Manifest::parse(manifest);
        let manifest = manifest.map_err(|error| Violation::new(error.to_string()))?;
        let Manifest::CreateContent(create) = manifest else {
            return Err(Violation::new("the package does not create a content"));
        };
        let has_no_files = matches!(
            create.detail,
            ContentDetail::Poll(_)
                | ContentDetail::SharedNotes(_)
                | ContentDetail::Whiteboard
                | ContentDetail::Qna
        );
        if !has_no_files || create.common.native_file.is_some() || create.upgrade.is_some() {
            return Err(Violation::new("a content with files needs its package"));
        }
        self.perform(cx, self.contents, |manager, cx| manager.create_recorded(cx, create))
    }

    fn s_take_package(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        _: &str,
        _: i64,
        _: i64,
    ) -> ActionResult {
        let (uploads, contents) = (self.uploads(cx)?, self.contents);
        let (title, verdict) = (title.to_owned(), self.verdict.take());
        queued(cx.tell_as_caller(uploads, move |uploads, cx| {
            let Some(package) = uploads.take_kept(cx) else {
                if let Some(verdict) = verdict {
                    verdict.give(cx, Err(Violation::new("the file was not uploaded before")));
                }
                return;
            };
            // The manager exists as long as the meeting.
            let _ = cx.tell_as_caller(contents, move |manager, cx| {
                manager.take_recorded(cx, package, &title, verdict);
            });
        }))
    }

    fn s_present(&mut self, cx: &mut Context<Self>, title: &str) -> ActionResult {
        let (id, _) = self.content(cx, title)?;
        self.perform(cx, self.contents, move |manager, cx| manager.present_recorded(cx, id))
    }

    fn s_stop_presenting(&mut self, cx: &mut Context<Self>, title: &str) -> ActionResult {
        let id = match title {
            "" => None,
            title => Some(self.content(cx, title)?.0),
        };
        self.perform(cx, self.contents, move |manager, cx| manager.stop_recorded(cx, id))
    }

    fn s_go_to(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        slide: i32,
        click: i32,
    ) -> ActionResult {
        let slides = self.extended::<PptContent>(cx, title)?;
        let no_slides = || Violation::new(format!("\"{title}\" is not a presentation"));
        let slides = slides.ok_or_else(no_slides)?;
        let (Ok(slide), Ok(click)) = (u32::try_from(slide), u32::try_from(click)) else {
            return Err(Violation::new("a slide or a click has a negative number"));
        };
        self.perform(cx, slides, move |slides, cx| {
            slides.go_to_recorded(cx, slide, click).map_err(Violation::new)
        })
    }

    fn s_ask(&mut self, cx: &mut Context<Self>, title: &str, id: &str, text: &str) -> ActionResult {
        let qna = self.qna(cx, title)?;
        let (id, text) = (id.to_owned(), text.to_owned());
        self.perform(cx, qna, move |qna, cx| {
            let by = cx.caller().user().name.to_string();
            let question = QnaBlob::Question { id, text, by };
            qna.put_recorded(cx, &question).map_err(Violation::new)
        })
    }

    fn s_answer(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        number: i32,
        text: &str,
    ) -> ActionResult {
        let (qna, text) = (self.qna(cx, title)?, text.to_owned());
        self.perform(cx, qna, move |qna, cx| {
            let question = qna.question(number);
            let unknown = || Violation::new(format!("there is no question {number}"));
            let question = question.ok_or_else(unknown)?;
            let by = cx.caller().user().name.to_string();
            let answer = QnaBlob::Answer { question, text, by };
            qna.put_recorded(cx, &answer).map_err(Violation::new)
        })
    }

    fn s_set_qna_open(&mut self, cx: &mut Context<Self>, title: &str, open: bool) -> ActionResult {
        self.allow(cx, |policy, role| policy.may_moderate(role))?;
        let qna = self.qna(cx, title)?;
        let state = if open { QnaOpenState::Open } else { QnaOpenState::Suspended };
        self.perform(cx, qna, move |qna, cx| qna.s_set_open_state(cx, state))
    }

    fn s_rename(&mut self, cx: &mut Context<Self>, title: &str, new_title: String) -> ActionResult {
        let (id, content) = self.content(cx, title)?;
        self.allow_change(cx, content)?;
        let verdict = self.verdict.take();
        queued(cx.tell_as_caller(self.contents, move |manager, cx| {
            manager.rename_recorded(cx, id, new_title, verdict);
        }))
    }

    fn s_delete(&mut self, cx: &mut Context<Self>, title: &str) -> ActionResult {
        let (id, content) = self.content(cx, title)?;
        self.allow_change(cx, content)?;
        self.perform(cx, self.contents, move |manager, cx| {
            manager.s_delete_content(cx, id);
            Ok(())
        })
    }

    fn s_set_visibility(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        visibility: ContentVisibility,
    ) -> ActionResult {
        if matches!(visibility, ContentVisibility::Other(_)) {
            return Err(Violation::new("the visibility is unknown"));
        }
        let (_, content) = self.content(cx, title)?;
        self.allow_change(cx, content)?;
        self.perform(cx, content, move |content, cx| {
            content.s_set_visibility(cx, visibility);
            Ok(())
        })
    }

    fn s_add_annotation(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        r#type: i32,
        properties: Vec<Vec<String>>,
    ) -> ActionResult {
        let board = self.board(cx, title)?;
        self.perform(cx, board, move |board, cx| {
            board.add_recorded(cx, r#type, properties).map_err(board_refuses)
        })
    }

    fn s_remove_annotations(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        ids: Vec<i32>,
    ) -> ActionResult {
        let board = self.board(cx, title)?;
        self.perform(cx, board, |board, cx| board.remove_recorded(cx, ids).map_err(board_refuses))
    }

    fn s_clear_annotations(&mut self, cx: &mut Context<Self>, title: &str) -> ActionResult {
        let board = self.board(cx, title)?;
        self.perform(cx, board, |board, cx| board.clear_recorded(cx).map_err(board_refuses))
    }

    fn s_vote(&mut self, cx: &mut Context<Self>, title: &str, choice: &str) -> ActionResult {
        self.allow(cx, |policy, role| policy.may_vote(role))?;
        let poll = self.poll(cx, title)?;
        let state = cx.get(poll).map_err(|_| gone())?;
        if !state.is_open() {
            return Err(Violation::new(format!("the poll \"{title}\" is closed")));
        }
        let choices = state.choices();
        let by_number = || {
            let number = choice.strip_prefix('#').unwrap_or(choice).parse::<usize>().ok()?;
            number.checked_sub(1).filter(|index| *index < choices.len())
        };
        let found = choices.iter().position(|known| known == choice);
        let wanted = match found.or_else(by_number).map(i32::try_from) {
            Some(Ok(index)) => index,
            None if choice == "none" => -1,
            _ => return Err(Violation::new(format!("\"{title}\" has no choice \"{choice}\""))),
        };
        self.perform(cx, poll, move |poll, cx| {
            poll.s_vote(cx, wanted);
            let user = cx.caller().user().id;
            if poll.vote(user) == wanted {
                return Ok(());
            }
            Err(Violation::new("the poll does not accept the vote"))
        })
    }

    fn s_set_poll_open(&mut self, cx: &mut Context<Self>, title: &str, open: bool) -> ActionResult {
        self.allow(cx, |policy, role| policy.may_moderate(role))?;
        let poll = self.poll(cx, title)?;
        self.perform(cx, poll, move |poll, cx| {
            poll.s_set_open_state(cx, open);
            Ok(())
        })
    }

    fn s_show_results(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        to_all: bool,
    ) -> ActionResult {
        self.allow(cx, |policy, role| policy.may_moderate(role))?;
        let poll = self.poll(cx, title)?;
        self.perform(cx, poll, move |poll, cx| {
            poll.s_set_results_state(cx, to_all);
            Ok(())
        })
    }

    fn s_clear_votes(&mut self, cx: &mut Context<Self>, title: &str) -> ActionResult {
        self.allow(cx, |policy, role| policy.may_moderate(role))?;
        let poll = self.poll(cx, title)?;
        self.perform(cx, poll, |poll, cx| {
            poll.s_clear_votes(cx);
            Ok(())
        })
    }

    fn s_modify_poll(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        question: String,
        choices: Vec<String>,
    ) -> ActionResult {
        self.allow(cx, |policy, role| policy.may_moderate(role))?;
        let poll = self.poll(cx, title)?;
        self.perform(cx, poll, |poll, cx| {
            poll.modify_recorded(cx, question, choices).map_err(Violation::new)
        })
    }

    fn s_report_notes_error(&mut self, cx: &mut Context<Self>, title: &str) -> ActionResult {
        let notes = self.extended::<SharedNotesContent>(cx, title)?;
        let not_notes = || Violation::new(format!("\"{title}\" is not a page of notes"));
        let notes = notes.ok_or_else(not_notes)?;
        self.perform(cx, notes, |notes, cx| {
            if notes.report_recorded(cx) {
                return Ok(());
            }
            Err(Violation::new("you may not report errors of this page; replay it as a presenter"))
        })
    }
}
