//! The client's plain data: the model of a meeting, and a module for the data of each content type
//! with the events that change it.

pub(super) mod board;
pub(super) mod meeting;
pub(super) mod notes;
pub(super) mod poll;
pub(super) mod qna;
mod set;
pub(super) mod slides;
