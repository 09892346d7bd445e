//! Drawing page by page.

use std::{
    any::Any,
    collections::BTreeSet,
    io::{self, Write},
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc, Once,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use hayro::{
    RenderCache, RenderSettings,
    hayro_interpret::{
        FontResolverFn, InterpreterSettings, InterpreterWarning, util::TransformExt as _,
    },
    hayro_syntax::{
        DecryptionError, LoadPdfError, Pdf,
        object::{
            Array, Dict, Stream,
            dict::keys::{CONTENTS, COUNT, PAGES},
        },
        page::Page,
    },
    kurbo::Affine,
    render_into,
    vello_cpu::{
        Pixmap, RasterizerSettings, RenderContext, Resources, TargetInit,
        color::palette::css::WHITE,
    },
};
use image::RgbImage;

use psom_render::{Frame, MissingTexts, PageRemarks, Picture, Unreadable, one_line};

use super::{
    annotations::overlay,
    decoded_size::{MAX_CONTENT_BYTES, Measured},
    fonts::{Installed, unembedded},
    repair::{has_empty_crop_box, repaired},
    scan::{Scan, scan},
};
use crate::picture;

/// The name of the thread that draws. Its panics are caused by the PDF, and reported as such.
const RENDERER_THREAD: &str = "slides";

/// The stack of the thread that draws. Nested forms need stack; the deepest nesting that the renderer
/// allows fits many times.
const STACK_BYTES: usize = 64 << 20;

/// Upper bound on the missing fonts that a message names.
const MAX_NAMED_FONTS: usize = 3;

/// Upper bound on the missing characters that a message names.
const MAX_NAMED_CHARACTERS: usize = 8;

/// Starts a thread with a stack that is large enough to draw. Its panics print nothing.
pub(crate) fn in_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    silence_renderer_panics();
    let thread = thread::Builder::new().name(RENDERER_THREAD.to_owned()).stack_size(STACK_BYTES);
    thread.spawn(work)
}

/// Draws each page of a PDF and writes it. `opened` is called with the number of pages.
pub(crate) fn draw(
    pdf: Vec<u8>,
    mut output: impl Write,
    size: u16,
    quality: u8,
    opened: impl FnOnce(usize),
) -> io::Result<()> {
    let pdf = match Pdf::new(pdf) {
        Ok(pdf) => pdf,
        Err(error) => {
            let why = match error {
                LoadPdfError::Decryption(DecryptionError::PasswordProtected) => {
                    Unreadable::Password
                }
                LoadPdfError::Decryption(_) => Unreadable::Encryption,
                LoadPdfError::Invalid => Unreadable::Damaged,
            };
            return Frame::Unreadable(why).write(None, output);
        }
    };
    // A file that cannot be repaired is drawn as it is.
    let pdf = guarded(|| Ok(repaired(&pdf))).ok().flatten().unwrap_or(pdf);
    let pages = pdf.pages();
    opened(pages.len());
    let announced = announced_pages(&pdf);
    Frame::Opened { pages: pages.len(), announced }.write(None, &mut output)?;
    let warned = Arc::new(AtomicBool::new(false));
    let settings = InterpreterSettings {
        warning_sink: Arc::new({
            let warned = Arc::clone(&warned);
            move |warning| {
                use InterpreterWarning::{ImageDecodeFailure, UnsupportedFont};
                if matches!(warning, UnsupportedFont | ImageDecodeFailure) {
                    warned.store(true, Ordering::Relaxed);
                }
            }
        }),
        ..InterpreterSettings::default()
    };
    let cache = RenderCache::new();
    let mut measured = Measured::default();
    for page in pages.iter() {
        warned.store(false, Ordering::Relaxed);
        let drawn = guarded(|| {
            let (fonts, texts) = prepare(page, &mut measured)?;
            let overlay = overlay(page);
            let over = overlay.pdf.and_then(|pdf| Pdf::new(pdf).ok());
            let over = over.as_ref().and_then(|pdf| pdf.pages().first());
            let picture = match fonts {
                None => render(page, over, &cache, &settings, size, quality)?,
                // Other fonts need a cache of their own.
                Some(font_resolver) => {
                    let settings = InterpreterSettings { font_resolver, ..settings.clone() };
                    render(page, over, &RenderCache::new(), &settings, size, quality)?
                }
            };
            let left_out: Vec<String> = overlay.left_out.into_iter().collect();
            Ok((picture, texts, left_out, is_complete(page)))
        });
        match drawn {
            Ok((picture, texts, left_out, is_complete)) => {
                let is_incomplete =
                    !is_complete || warned.load(Ordering::Relaxed) || has_empty_crop_box(page);
                let remarks = PageRemarks { is_incomplete, texts, left_out };
                Frame::Page { remarks }.write(Some(&picture), &mut output)?;
            }
            Err(why) => Frame::Undrawable { why }.write(None, &mut output)?,
        }
    }
    Ok(())
}

/// Examines the content of a page. Returns the fonts with which to draw the page if the fonts in the
/// program do not suffice, and the texts that no font can draw. The error is the reason why the page cannot
/// be drawn.
fn prepare(
    page: &Page<'_>,
    measured: &mut Measured,
) -> Result<(Option<FontResolverFn>, Option<MissingTexts>), String> {
    if !measured.fits(page) {
        let limit = MAX_CONTENT_BYTES >> 20;
        return Err(format!("its contents are larger than {limit} MiB when they are unpacked"));
    }
    let Scan { missing, too_large, .. } = scan(page, &InterpreterSettings::default());
    if let Some(too_large) = too_large {
        return Err(too_large);
    }
    let unembedded = if missing.is_empty() { BTreeSet::new() } else { unembedded(page) };
    // An empty glyph of an embedded font is what the PDF defines, so no other font replaces it.
    if unembedded.is_empty() {
        return Ok((None, None));
    }
    let installed = Installed::with(&missing);
    let texts = (!installed.lacking.is_empty()).then(|| MissingTexts {
        fonts: unembedded.into_iter().take(MAX_NAMED_FONTS).collect(),
        characters: installed.lacking.iter().take(MAX_NAMED_CHARACTERS).collect(),
    });
    Ok((Some(installed.into_resolver()), texts))
}

/// Returns the number of pages that a file claims to have.
fn announced_pages(pdf: &Pdf) -> Option<usize> {
    let root = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id())?;
    usize::try_from(root.get::<Dict<'_>>(PAGES)?.get::<i32>(COUNT)?).ok()
}

/// Reports whether the content and the resources of a page exist. The renderer skips missing ones
/// silently.
fn is_complete(page: &Page<'_>) -> bool {
    let content = match page.raw().get::<Array<'_>>(CONTENTS) {
        Some(parts) => {
            let mut rest = parts.flex_iter();
            parts.raw_iter().all(|_| rest.next::<Stream<'_>>().is_some_and(|it| is_readable(&it)))
        }
        None => match page.raw().get::<Stream<'_>>(CONTENTS) {
            Some(content) => is_readable(&content),
            // A page without content is empty, and complete.
            None => !page.raw().contains_key(CONTENTS),
        },
    };
    let resources = page.resources();
    let (fonts, pictures) = (&resources.fonts, &resources.x_objects);
    content
        && fonts.keys().all(|name| fonts.get::<Dict<'_>>(name).is_some())
        && pictures.keys().all(|name| pictures.get::<Stream<'_>>(name).is_some())
}

fn is_readable(stream: &Stream<'_>) -> bool {
    stream.decoded_data().is_ok()
}

/// Draws one page, and the overlay with its annotations. The error is the reason why the page cannot be
/// drawn.
fn render<'a>(
    page: &'a Page<'a>,
    over: Option<&Page<'_>>,
    cache: &RenderCache<'a>,
    settings: &InterpreterSettings,
    size: u16,
    quality: u8,
) -> Result<Picture, String> {
    let (page_width, page_height) = page.render_dimensions();
    let (width, height) = pixels(page_width, page_height, size).ok_or("it has no size")?;
    let scale = Affine::scale_non_uniform(
        f64::from(width) / f64::from(page_width),
        f64::from(height) / f64::from(page_height),
    );
    let mut context = RenderContext::new(width, height);
    render_into(
        page,
        cache,
        settings,
        &RenderSettings::default(),
        &mut context,
        scale * page.initial_transform(true).to_kurbo(),
    );
    if let Some(over) = over {
        render_into(
            over,
            &RenderCache::new(),
            &InterpreterSettings::default(),
            &RenderSettings::default(),
            &mut context,
            scale * over.initial_transform(true).to_kurbo(),
        );
    }
    context.flush();
    let mut pixmap = Pixmap::new(width, height);
    let on_white =
        RasterizerSettings { target_init: TargetInit::Clear(WHITE), ..Default::default() };
    context.render_with(&mut pixmap, &mut Resources::default(), on_white);
    // On a white ground, no pixel is transparent.
    let rgb = pixmap.data().iter().flat_map(|pixel| [pixel.r, pixel.g, pixel.b]).collect();
    let pixels = RgbImage::from_raw(width.into(), height.into(), rgb).ok_or("it has no pixels")?;
    picture::encode(pixels, quality).map_err(|error| one_line(&error.to_string()))
}

/// Returns the size of a page in pixels, so that its long side has `size`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a side has 1 to `size` pixels"
)]
fn pixels(width: f32, height: f32, size: u16) -> Option<(u16, u16)> {
    let long = width.max(height);
    if !(width > 0.0 && height > 0.0 && long.is_finite()) {
        return None;
    }
    let scaled = |length: f32| (length / long * f32::from(size)).round().max(1.0) as u16;
    Some((scaled(width), scaled(height)))
}

/// Turns a panic into an error with its message.
fn guarded<T>(draw: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    // After a panic, only its message is used.
    panic::catch_unwind(AssertUnwindSafe(draw))
        .unwrap_or_else(|panic| Err(panic_message(panic.as_ref())))
}

/// Returns the message of a panic.
fn panic_message(panic: &(dyn Any + Send)) -> String {
    let message = panic.downcast_ref::<&str>().copied();
    let message = message.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    one_line(message.unwrap_or("the renderer failed"))
}

/// Suppresses the panic messages of the thread that draws, which become errors.
fn silence_renderer_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if thread::current().name() != Some(RENDERER_THREAD) {
                print(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_panic_while_drawing_becomes_an_error() {
        let quiet = |panic: fn() -> Result<(), String>| {
            in_thread(move || guarded(panic)).unwrap().join().unwrap()
        };
        assert_eq!(quiet(|| panic!("no such colour")), Err("no such colour".to_owned()));
        assert_eq!(quiet(|| panic!("colour\n{}", 7)), Err("colour 7".to_owned()));
        assert_eq!(guarded(|| Ok(1)), Ok(1));
    }
}
