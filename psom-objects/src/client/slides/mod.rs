//! Presentations: what their slides are shown from, and the place that is on display.

mod actions;
mod event;
mod follower;
mod model;
#[cfg(test)]
mod tests;

pub use event::SlidesEvent;
pub(super) use follower::PptContent;
pub use model::{SlideFile, SlideMarkup, Slides, Thumbnails};
