//! The OPC files in which the thumbnails and the notes of all slides are uploaded
//! (`pptThumbnailPackage` and `pptNotesPackage` of section 3.2.4.1.4.2 of MS-PSOM).

use std::io::Cursor;

use psom_objects::package::OpcWriter;

use super::deck::Deck;
use crate::error::{OrCannot as _, Result};

impl Deck {
    /// Returns the preview of the presentation: the thumbnail of the first slide, a JPEG.
    pub(crate) fn preview(&self) -> &[u8] {
        self.slides.first().map_or(&[], |slide| &slide.thumbnail)
    }

    /// Returns the OPC file with all thumbnails under their [`thumbnail_name`]s.
    pub(crate) fn thumbnails(&self) -> Result<Vec<u8>> {
        let slides = self.slides.iter().enumerate();
        let parts = slides.map(|(slide, of)| (thumbnail_name(slide), of.thumbnail.as_slice()));
        pack("image/jpeg", parts)
    }

    /// Returns the slides that have notes, numbered from 0.
    pub(crate) fn slides_with_notes(&self) -> impl Iterator<Item = usize> {
        let slides = self.slides.iter().enumerate();
        slides.filter(|(_, slide)| !slide.notes.is_empty()).map(|(slide, _)| slide)
    }

    /// Returns the OPC file with the notes of [`slides_with_notes`](Self::slides_with_notes) under
    /// their [`notes_name`]s, in UTF-8, or `None` if there are no notes.
    pub(crate) fn notes(&self) -> Result<Option<Vec<u8>>> {
        let parts = self.slides_with_notes();
        let mut parts =
            parts.map(|slide| (notes_name(slide), self.slides[slide].notes.as_bytes())).peekable();
        match parts.peek() {
            Some(_) => pack("text/plain;charset=utf-8", parts).map(Some),
            None => Ok(None),
        }
    }
}

/// Returns the name of a slide's thumbnail in its package. Slides are numbered from 0, as everywhere
/// in the protocol, and names from 1.
pub(crate) fn thumbnail_name(slide: usize) -> String {
    format!("slide{}.jpg", slide + 1)
}

/// Returns the name of a slide's notes in their package.
pub(crate) fn notes_name(slide: usize) -> String {
    format!("slide{}.txt", slide + 1)
}

fn pack<'a>(
    content_type: &'static str,
    parts: impl Iterator<Item = (String, &'a [u8])>,
) -> Result<Vec<u8>> {
    let mut file = OpcWriter::new(Cursor::new(Vec::new()));
    for (name, mut bytes) in parts {
        file.add_part(&name, content_type, &mut bytes).or_cannot("pack the slides")?;
    }
    Ok(file.finish().or_cannot("pack the slides")?.into_inner())
}
