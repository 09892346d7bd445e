//! Text about a meeting: a line for each event, and a sentence for each refusal.

pub mod board;
#[cfg(feature = "cell")]
pub mod document;
pub mod event;
pub mod names;
pub mod refusal;
pub mod slides;
