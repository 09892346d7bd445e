use std::ops::RangeInclusive;

use psom::{CallError, Context};

use super::Conference;
use crate::{
    client::followers::slides::SlidesFollower,
    package::{INITIAL_LOCATION, Location},
    types::{ResourceErrorCode, ResourceFormat},
};

/// # Presentations
///
/// The server sends a new location to everybody. If it refuses the location, it sends the current
/// one to this client. Both are reported as
/// [`SlidesEvent::Location`](crate::client::SlidesEvent::Location).
impl Conference {
    /// Goes to a slide, numbered from 0, after a number of its clicks.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn go_to(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        slide: u32,
        click: u32,
    ) -> Result<(), CallError> {
        // Larger numbers are invalid in a location, and no presentation has so many slides.
        let max = i32::MAX.unsigned_abs();
        let location = Location::new(slide.min(max), click.min(max)).to_xml();
        let location = location.unwrap_or_else(|_| INITIAL_LOCATION.to_owned());
        self.set_location(cx, id, location)
    }

    /// Goes to the first location of the presentation.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn go_to_start(&mut self, cx: &mut Context<Self>, id: i64) -> Result<(), CallError> {
        self.set_location(cx, id, INITIAL_LOCATION.to_owned())
    }

    fn set_location(
        &self,
        cx: &mut Context<Self>,
        id: i64,
        location: String,
    ) -> Result<(), CallError> {
        self.on_extended::<SlidesFollower>(cx, id, move |slides, cx| {
            let sent = cx.peers().s_set_location(&location);
            slides.root.check(cx, "go to a slide", sent);
        })
    }

    /// Announces to everybody that a format of these slides is missing. A server ends the
    /// connection if the presentation does not have these slides.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn set_resource_error(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        slides: RangeInclusive<u32>,
        format: ResourceFormat,
        code: ResourceErrorCode,
    ) -> Result<(), CallError> {
        let number = |slide: u32| i32::try_from(slide).unwrap_or(i32::MAX);
        let (begin, end) = (number(*slides.start()), number(*slides.end()));
        self.on_extended::<SlidesFollower>(cx, id, move |slides, cx| {
            let sent = cx.peers().s_set_resource_error_code(begin, end, format, code);
            slides.root.check(cx, "report a missing format", sent);
        })
    }
}
