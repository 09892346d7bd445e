use psom::{Context, Violation, psom_interface};

use crate::types::ContentVisibility;

/// The actions in a meeting that can be recorded without a network (an addition of this crate).
///
/// The protocol's own methods name contents by identifiers that the server assigns. A recorder does
/// not know them, so these methods name contents by their titles. Each method performs the method
/// of the protocol as if the caller had called it. An action is either performed as a whole or
/// refused with a reason; the protocol's own methods often do not report a refusal.
#[psom_interface(name = "psom.actions", version = 1, hash = 7350281944103386513)]
pub trait ActionsServer {
    /// Creates a content without files: a whiteboard, a poll, a page of notes, or questions and
    /// answers. `manifest` is the XML of its package.
    fn s_create(&mut self, cx: &mut Context<Self>, manifest: &str) -> Result<(), Violation>;

    /// Takes the package that the caller has uploaded for this call (see `PlaysLater::prepare`).
    /// The package creates a content, or it is added to the content with this title. `file` names
    /// the package in the outbox; its lengths are those of `sRequestUpload`.
    fn s_take_package(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        file: &str,
        packed_bytes: i64,
        unpacked_bytes: i64,
    ) -> Result<(), Violation>;

    /// Puts a content on the stage. As after `sPresent`, the caller leaves the stage when leaving
    /// the meeting.
    fn s_present(&mut self, cx: &mut Context<Self>, title: &str) -> Result<(), Violation>;

    /// Takes a content off the stage. If the title is empty, takes off the content that the caller
    /// presents.
    fn s_stop_presenting(&mut self, cx: &mut Context<Self>, title: &str) -> Result<(), Violation>;

    /// Goes to a slide of a presentation, numbered from 0, after a number of clicks.
    fn s_go_to(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        slide: i32,
        click: i32,
    ) -> Result<(), Violation>;

    /// Asks a question under the caller's name. `id` is random, so that it names only this question.
    fn s_ask(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        id: &str,
        text: &str,
    ) -> Result<(), Violation>;

    /// Answers a question under the caller's name. The question is named by its number, from 1 in the
    /// order in which the questions were asked.
    fn s_answer(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        number: i32,
        text: &str,
    ) -> Result<(), Violation>;

    /// Opens or suspends questions and answers.
    fn s_set_qna_open(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        open: bool,
    ) -> Result<(), Violation>;

    /// Gives a content another title.
    fn s_rename(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        new_title: String,
    ) -> Result<(), Violation>;

    /// Deletes a content.
    fn s_delete(&mut self, cx: &mut Context<Self>, title: &str) -> Result<(), Violation>;

    /// Sets which users see a content.
    fn s_set_visibility(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        visibility: ContentVisibility,
    ) -> Result<(), Violation>;

    /// Adds an annotation to a board (see `sAddAnnotation`).
    fn s_add_annotation(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        r#type: i32,
        properties: Vec<Vec<String>>,
    ) -> Result<(), Violation>;

    /// Removes annotations from a board.
    fn s_remove_annotations(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        ids: Vec<i32>,
    ) -> Result<(), Violation>;

    /// Removes all annotations from a board.
    fn s_clear_annotations(&mut self, cx: &mut Context<Self>, title: &str)
    -> Result<(), Violation>;

    /// Votes for a choice of a poll: its text, `#` and its number from 1, or `none`.
    fn s_vote(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        choice: &str,
    ) -> Result<(), Violation>;

    /// Opens or closes a poll.
    fn s_set_poll_open(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        open: bool,
    ) -> Result<(), Violation>;

    /// Shows the results of a poll to everybody, or to presenters only.
    fn s_show_results(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        to_all: bool,
    ) -> Result<(), Violation>;

    /// Deletes all votes of a poll.
    fn s_clear_votes(&mut self, cx: &mut Context<Self>, title: &str) -> Result<(), Violation>;

    /// Replaces the question of a poll and its choices.
    fn s_modify_poll(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
        question: String,
        choices: Vec<String>,
    ) -> Result<(), Violation>;

    /// Reports an error of a page of notes.
    fn s_report_notes_error(
        &mut self,
        cx: &mut Context<Self>,
        title: &str,
    ) -> Result<(), Violation>;
}

/// The client's half of the actions: there are no answers.
#[psom_interface(name = "psom.actions", version = 1, hash = -1480526098177430245)]
pub trait ActionsClient {}
