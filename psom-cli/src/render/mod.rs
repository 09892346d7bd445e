//! Text about a meeting: a line for each event, and a sentence for each refusal.

pub(crate) mod board;
#[cfg(feature = "cell")]
pub(crate) mod document;
pub(crate) mod event;
pub(crate) mod names;
pub(crate) mod news;
pub(crate) mod refusal;
pub(crate) mod slides;
