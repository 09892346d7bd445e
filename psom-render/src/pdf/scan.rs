//! Examining the content of a page before it is drawn.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    io::Cursor,
};

use hayro::{
    hayro_interpret::{
        BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps,
        InterpreterCache, InterpreterSettings, SoftMask,
        font::{Glyph, GlyphRun, OutlineGlyph},
        hayro_cmap::BfString,
        interpret_page,
    },
    hayro_syntax::{
        Filter,
        object::{
            Stream,
            dict::keys::{HEIGHT, MASK, SMASK, WIDTH},
        },
        page::Page,
    },
    kurbo::{Affine, BezPath, Rect},
};
use image::{ImageFormat, ImageReader};
use psom_objects::texts::is_invisible;

use super::decoded_size::decoded_size;
use crate::limits::{MAX_IMAGE_BYTES, MAX_IMAGE_PIXELS, MAX_PAGE_PIXELS};

/// The properties of a page that are checked before it is drawn.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The characters that the available fonts do not have.
    pub missing: BTreeSet<char>,
    /// Why the images of the page are too large to decode.
    pub too_large: Option<String>,
    /// The images that were checked, and the sum of their pixels.
    checked: HashSet<(u32, i32)>,
    pixels: u64,
    /// Whether the outline of a glyph is empty, by the key of the glyph.
    is_empty: HashMap<u128, bool>,
}

/// Interprets a page without drawing it.
pub(super) fn scan<'a>(page: &Page<'a>, settings: &InterpreterSettings) -> Scan {
    let (width, height) = page.render_dimensions();
    let bounds = Rect::new(0.0, 0.0, width.into(), height.into());
    let cache = InterpreterCache::new();
    let mut context = Context::new(Affine::IDENTITY, bounds, &cache, page.xref(), settings.clone());
    let mut scan = Scan::default();
    interpret_page(page, &mut context, &mut scan);
    scan
}

impl Scan {
    /// Returns the character of a glyph that has no outline although the character is visible.
    fn is_missing(&mut self, glyph: &OutlineGlyph) -> Option<char> {
        let character = match glyph.as_unicode()? {
            BfString::Char(character) => character,
            BfString::String(text) => text.chars().next()?,
        };
        if !is_visible(character) {
            return None;
        }
        let key = glyph.identifier().cache_key();
        let is_empty = self.is_empty.entry(key);
        let is_empty = *is_empty.or_insert_with(|| glyph.outline().elements().is_empty());
        is_empty.then_some(character)
    }

    /// Checks the size of an image.
    fn check(&mut self, width: u32, height: u32) {
        if u64::from(width) * u64::from(height) > MAX_IMAGE_PIXELS {
            self.too_large = Some(format!(
                "an image has {width} x {height} pixels, and at most {MAX_IMAGE_PIXELS} pixels are \
                 drawn"
            ));
        }
    }

    /// Checks the data of an image or its mask.
    fn check_stream(&mut self, stream: &Stream<'_>) {
        let dict = stream.dict();
        if let (Some(width), Some(height)) = (dict.get::<u32>(WIDTH), dict.get::<u32>(HEIGHT)) {
            self.check(width, height);
        }
        // The decoder follows the size in the JPEG, not the one in the PDF.
        if stream.filters().as_slice() == [Filter::DctDecode] {
            let data = stream.raw_data();
            let reader = ImageReader::with_format(Cursor::new(data), ImageFormat::Jpeg);
            if let Ok((width, height)) = reader.into_dimensions() {
                self.check(width, height);
            }
        }
        if self.too_large.is_none() && decoded_size(stream, MAX_IMAGE_BYTES).is_none() {
            let limit = MAX_IMAGE_BYTES >> 20;
            self.too_large = Some(format!(
                "an image is larger than {limit} MiB when it is unpacked, and no more is drawn"
            ));
        }
    }

    /// Adds an image to the sum of those on the page.
    fn count(&mut self, width: u32, height: u32) {
        self.pixels = self.pixels.saturating_add(u64::from(width) * u64::from(height));
        if self.pixels > MAX_PAGE_PIXELS && self.too_large.is_none() {
            self.too_large = Some(format!(
                "its images have more than {MAX_PAGE_PIXELS} pixels together, and no more are drawn"
            ));
        }
    }
}

/// Reports whether a character has a shape. Characters for private use are unknown.
fn is_visible(character: char) -> bool {
    !character.is_whitespace()
        && !character.is_control()
        && !is_invisible(character)
        && !matches!(character, '\u{fffd}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..)
}

impl<'a> Device<'a> for Scan {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, _: DrawProps<'a>, mode: &DrawMode) {
        if matches!(mode, DrawMode::Invisible) {
            return;
        }
        for glyph in run.glyphs() {
            if let Glyph::Outline(glyph) = &**glyph
                && let Some(character) = self.is_missing(glyph)
            {
                self.missing.insert(character);
            }
        }
    }

    fn draw_image(&mut self, image: Image<'a, '_>, _: ImageDrawProps<'a>) {
        let stream = match &image {
            Image::Stencil(stencil) => stencil.stream(),
            Image::Raster(raster) => raster.stream(),
        };
        let id = stream.obj_id();
        // Inline images have no number.
        if id.obj_number != 0 && !self.checked.insert((id.obj_number, id.gen_number)) {
            return;
        }
        self.check(image.width(), image.height());
        self.count(image.width(), image.height());
        self.check_stream(stream);
        for key in [SMASK, MASK] {
            if let Some(mask) = stream.dict().get::<Stream<'_>>(key) {
                self.check_stream(&mask);
            }
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}
