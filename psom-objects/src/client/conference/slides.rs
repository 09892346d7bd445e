use std::ops::RangeInclusive;

use psom::{CallError, Context};

use super::Conference;
use crate::{
    client::followers::slides::PptContent,
    package::{INITIAL_LOCATION, Location},
    types::{ResourceErrorCode, ResourceFormat},
};

/// # Presentations
///
/// The server tells everybody of a new place; whoever may not go there, or cannot, is told the
/// place as it is: both come as [`SlidesEvent::Location`](crate::client::SlidesEvent::Location).
impl Conference {
    /// Goes to a slide, from 0, after so many of its clicks.
    pub fn go_to(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        slide: u32,
        click: u32,
    ) -> Result<(), CallError> {
        // Numbers beyond what a document can hold are beyond every presentation as well.
        let most = i32::MAX.unsigned_abs();
        let location = Location::new(slide.min(most), click.min(most)).to_xml();
        let location = location.unwrap_or_else(|_| INITIAL_LOCATION.to_owned());
        self.set_location(cx, id, location)
    }

    /// Goes to the first place of the presentation.
    pub fn go_to_start(&mut self, cx: &mut Context<Self>, id: i64) -> Result<(), CallError> {
        self.set_location(cx, id, INITIAL_LOCATION.to_owned())
    }

    fn set_location(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        location: String,
    ) -> Result<(), CallError> {
        self.on_extended::<PptContent>(cx, id, move |slides, cx| {
            let sent = cx.peers().s_set_location(&location);
            slides.root.check(cx, "go to a slide", sent);
        })
    }

    /// Tells everybody that a form of these slides will not come. A server ends the connection of
    /// who names slides that there are not.
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
        self.on_extended::<PptContent>(cx, id, move |slides, cx| {
            let sent = cx.peers().s_set_resource_error_code(begin, end, format, code);
            slides.root.check(cx, "say what is missing", sent);
        })
    }
}
