//! Text about a meeting: a line for each event, and a sentence for each refusal.

pub mod board;
pub mod event;
pub mod names;
pub mod refusal;
pub mod slides;
