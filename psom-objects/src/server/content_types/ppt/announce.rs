use psom::interface::Target;

use super::{
    deck::Failed,
    item::{Item, Pages},
};
use crate::{interfaces::PptContentClientProxy, server::context::MeetingContext};

/// Announces an item to one client or to all.
pub(super) fn item<T: Target>(
    to: &mut PptContentClientProxy<T>,
    meeting: &MeetingContext,
    item: &Item,
) {
    let file = meeting.encrypted_file(item.file());
    match item {
        Item::Preview(_) => drop(to.c_set_preview_thumbnail_file_info(file)),
        Item::Thumbnails { names, .. } => {
            let names: Vec<_> = names.values().cloned().collect();
            to.c_set_thumbnail_file_info(&names, file);
        }
        Item::Notes(pages) => drop(to.c_set_notes_info(&file.url, &numbers(pages), file.secrets())),
        Item::Partial(pages) => {
            to.c_set_partial_ppt_file_info(&file.url, &numbers(pages), file.secrets());
        }
        Item::Full(_) => drop(to.c_set_full_ppt_file_info(file)),
        Item::Shared { name, .. } => {
            to.c_set_slide_dhtml_resource_info(name, file);
        }
        Item::Markup(markup) => {
            let (slide, clicks) = (number(markup.slide), number(markup.clicks));
            let needs = &markup.needs;
            to.c_set_slide_dhtml_markup_info(slide, clicks, &file.url, needs, file.secrets());
        }
        Item::Jpeg { slide, .. } => {
            to.c_set_slide_jpeg_info(number(*slide), file);
        }
        // The content announces its native file.
        Item::Native(_) => {}
    }
}

/// Announces missing resources to one client or to all.
pub(super) fn failed<T: Target>(to: &mut PptContentClientProxy<T>, failed: Failed) {
    let Failed { begin, end, form, code } = failed;
    to.c_set_resource_error_code(number(begin), number(end), form, code);
}

/// Returns a slide or a click as the wire's `Int32`. Both are at most 2147483647.
pub(super) fn number(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn numbers(pages: &Pages) -> Vec<i32> {
    pages.slides.iter().map(|slide| number(*slide)).collect()
}
