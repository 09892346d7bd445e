//! Recorded actions: contents by their titles instead of their identifiers.

use psom::{CallError, Context, Handle, PeerId, Violation, distributed_object};

use super::{
    annotations::container::AnnotationContainer,
    content_types::{
        notes::SharedNotesContent, poll::PollContent, ppt::PptContent,
        whiteboard::WhiteboardContent,
    },
    contents::{Content, manager::ContentManager},
    context::MeetingContext,
    policy::Policy,
};
use crate::{
    interfaces::{
        ActionsClientProxy, ActionsServer, ActionsServerProxy, AnnotationContainerServer as _,
        ContentManagerServer as _, ContentServer as _, PollContentServer as _,
        SharedNotesContentServer as _,
    },
    package::{ContentDetail, Manifest},
    types::{ContentVisibility, Role},
};

/// The name by which recorders refer to the actions of a meeting.
pub const ACTIONS: &str = "psom.actions";

/// The only error code of notes: unknown (section 3.3.4.1.12.1).
const UNKNOWN_NOTES_ERROR: i32 = 1;

/// Performs the actions in a meeting that can be recorded.
#[distributed_object(serves = ActionsServer, calls = ActionsClient)]
pub struct Actions {
    meeting: MeetingContext,
    contents: Handle<ContentManager>,
}

type ActionResult<T = ()> = Result<T, Violation>;

impl Actions {
    pub(super) fn new(meeting: MeetingContext, contents: Handle<ContentManager>) -> Self {
        Self { meeting, contents }
    }

    fn caller(cx: &mut Context<Self>) -> ActionResult<PeerId> {
        cx.caller().id().ok_or_else(gone)
    }

    /// Finds a content that the caller sees.
    fn content(&self, cx: &mut Context<Self>, title: &str) -> ActionResult<(i64, Handle<Content>)> {
        let peer = Self::caller(cx)?;
        let manager = cx.get(self.contents).map_err(|_| gone())?;
        manager.seen_titled(cx, peer, title).ok_or_else(|| {
            Violation::new(format!("there is no content \"{title}\"; see `psom watch`"))
        })
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
            return Err(Violation::new("contents with files cannot be recorded"));
        }
        let user = cx.caller().user().id;
        let manager = cx.get(self.contents).map_err(|_| gone())?;
        manager.check_new(cx, user, &create.common.title).map_err(Violation::new)?;
        queued(cx.tell_as_caller(self.contents, |manager, cx| manager.create_recorded(cx, create)))
    }

    fn s_rename(&mut self, cx: &mut Context<Self>, title: &str, new_title: String) -> ActionResult {
        let (_, content) = self.content(cx, title)?;
        self.allow_change(cx, content)?;
        queued(cx.tell_as_caller(content, |content, cx| content.s_set_title(cx, new_title)))
    }

    fn s_delete(&mut self, cx: &mut Context<Self>, title: &str) -> ActionResult {
        let (id, content) = self.content(cx, title)?;
        self.allow_change(cx, content)?;
        queued(cx.tell_as_caller(self.contents, move |manager, cx| {
            manager.s_delete_content(cx, id);
        }))
    }

    fn s_set_visibility(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        visibility: ContentVisibility,
    ) -> ActionResult {
        let (_, content) = self.content(cx, title)?;
        self.allow_change(cx, content)?;
        queued(cx.tell_as_caller(content, move |content, cx| {
            content.s_set_visibility(cx, visibility);
        }))
    }

    fn s_add_annotation(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        r#type: i32,
        properties: Vec<Vec<String>>,
    ) -> ActionResult {
        self.allow(cx, |policy, role| policy.may_annotate(role))?;
        let board = self.board(cx, title)?;
        queued(cx.tell_as_caller(board, move |board, cx| {
            if let Err(violation) = board.s_add_annotation(cx, r#type, properties) {
                tracing::info!(%violation, "refused a recorded annotation");
            }
        }))
    }

    fn s_remove_annotations(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        ids: Vec<i32>,
    ) -> ActionResult {
        self.allow(cx, |policy, role| policy.may_annotate(role))?;
        let board = self.board(cx, title)?;
        queued(cx.tell_as_caller(board, |board, cx| board.s_remove_annotations(cx, ids, 0)))
    }

    fn s_clear_annotations(&mut self, cx: &mut Context<Self>, title: &str) -> ActionResult {
        self.allow(cx, |policy, role| policy.may_annotate(role))?;
        let board = self.board(cx, title)?;
        queued(cx.tell_as_caller(board, |board, cx| board.s_clear_annotations(cx)))
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
        queued(cx.tell_as_caller(poll, move |poll, cx| poll.s_vote(cx, wanted)))
    }

    fn s_set_poll_open(&mut self, cx: &mut Context<Self>, title: &str, open: bool) -> ActionResult {
        self.allow(cx, |policy, role| policy.may_moderate(role))?;
        let poll = self.poll(cx, title)?;
        queued(cx.tell_as_caller(poll, move |poll, cx| poll.s_set_open_state(cx, open)))
    }

    fn s_show_results(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        to_all: bool,
    ) -> ActionResult {
        self.allow(cx, |policy, role| policy.may_moderate(role))?;
        let poll = self.poll(cx, title)?;
        queued(cx.tell_as_caller(poll, move |poll, cx| poll.s_set_results_state(cx, to_all)))
    }

    fn s_clear_votes(&mut self, cx: &mut Context<Self>, title: &str) -> ActionResult {
        self.allow(cx, |policy, role| policy.may_moderate(role))?;
        let poll = self.poll(cx, title)?;
        queued(cx.tell_as_caller(poll, |poll, cx| poll.s_clear_votes(cx)))
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
        queued(cx.tell_as_caller(poll, |poll, cx| {
            poll.s_modify(cx, question, choices, true, "");
        }))
    }

    fn s_report_notes_error(&mut self, cx: &mut Context<Self>, title: &str) -> ActionResult {
        let notes = self.extended::<SharedNotesContent>(cx, title)?;
        let not_notes = || Violation::new(format!("\"{title}\" is not a page of notes"));
        let notes = notes.ok_or_else(not_notes)?;
        queued(cx.tell_as_caller(notes, |notes, cx| {
            if let Err(violation) = notes.s_set_error_code(cx, UNKNOWN_NOTES_ERROR) {
                tracing::info!(%violation, "refused a recorded report");
            }
        }))
    }
}
