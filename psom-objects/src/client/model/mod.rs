//! The client's plain data: the model of a meeting, and a module for each content type with its
//! data and the events that change it. No object of the protocol belongs here.

pub(super) mod board;
pub(super) mod content;
pub(super) mod meeting;
pub(super) mod notes;
pub(super) mod poll;
pub(super) mod qna;
mod set;
pub(super) mod slides;
pub(super) mod user;
