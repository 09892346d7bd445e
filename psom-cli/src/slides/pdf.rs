//! The pages of a PDF as pictures.

use std::{
    any::Any,
    panic::{self, AssertUnwindSafe},
    path::Path,
    sync::Once,
    thread,
};

use hayro::{
    RenderCache, RenderSettings,
    hayro_interpret::{InterpreterSettings, util::TransformExt},
    hayro_syntax::{DecryptionError, LoadPdfError, Pdf, page::Page},
    kurbo::Affine,
    render_into,
    vello_cpu::{
        Pixmap, RasterizerSettings, RenderContext, Resources, TargetInit,
        color::palette::css::WHITE,
    },
};
use image::RgbImage;

use super::{
    ConvertOptions, Deck, DeckBuilder, MAX_FILE, Picture, Progress, check_count, one_line, read,
};
use crate::failure::{Failure, Result, While};

/// The thread that draws. Its panics are a PDF's fault, and told as such.
const RENDERER: &str = "slides";

/// Forms in forms need stack. What the renderer's own bounds allow fits in here many times.
const STACK: usize = 64 << 20;

/// Draws each page of a PDF, its long side as long as the options say, on white. What is wrong is
/// told of `path`, from which the PDF may have been made.
pub fn convert(
    pdf: &Path,
    path: &Path,
    options: &ConvertOptions,
    deck: DeckBuilder,
) -> Result<Deck> {
    let bytes = read(pdf, MAX_FILE)?;
    keep_renderer_quiet();
    thread::scope(|scope| {
        let renderer = thread::Builder::new().name(RENDERER.to_owned()).stack_size(STACK);
        let (size, quality) = (options.size, options.quality);
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let renderer = renderer.spawn_scoped(scope, move || {
            draw(path, bytes, size, quality, deck, |progress| {
                // Whoever no longer listens has ended with an error of their own.
                let _ = tell.send(progress);
            })
        });
        let renderer = renderer.or_cannot("start drawing")?;
        told.iter().for_each(|progress| (options.progress)(progress));
        renderer.join().unwrap_or_else(|_| Err(damaged(path)))
    })
}

fn draw(
    path: &Path,
    bytes: Vec<u8>,
    size: u16,
    quality: u8,
    mut deck: DeckBuilder,
    tell: impl Fn(Progress),
) -> Result<Deck> {
    let pdf = Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => Failure::new(format!(
            "{} is protected by a password; export it without one",
            path.display()
        )),
        LoadPdfError::Decryption(_) => Failure::new(format!(
            "{} is encrypted in a way that cannot be read; export it without a password",
            path.display()
        )),
        LoadPdfError::Invalid => damaged(path),
    })?;
    let pages = pdf.pages();
    check_count(path, pages.len())?;
    let cache = RenderCache::new();
    tell(Progress::Slides { done: 0, total: pages.len() });
    for (index, page) in pages.iter().enumerate() {
        let picture = guarded(|| render(page, &cache, size, quality));
        let picture = picture.map_err(|why| {
            Failure::new(format!(
                "page {} of {} cannot be drawn ({why}); export it again, or leave that page out",
                index + 1,
                path.display()
            ))
        })?;
        deck.add(picture, String::new())?;
        tell(Progress::Slides { done: index + 1, total: pages.len() });
    }
    Ok(deck.finish())
}

/// Draws one page. An error says why that is impossible.
fn render<'a>(
    page: &'a Page<'a>,
    cache: &RenderCache<'a>,
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
        &InterpreterSettings::default(),
        &RenderSettings::default(),
        &mut context,
        scale * page.initial_transform(true).to_kurbo(),
    );
    context.flush();
    let mut pixmap = Pixmap::new(width, height);
    let on_white =
        RasterizerSettings { target_init: TargetInit::Clear(WHITE), ..Default::default() };
    context.render_with(&mut pixmap, &mut Resources::default(), on_white);
    // On white, nothing is transparent.
    let rgb = pixmap.data().iter().flat_map(|pixel| [pixel.r, pixel.g, pixel.b]).collect();
    let pixels = RgbImage::from_raw(width.into(), height.into(), rgb).ok_or("it has no pixels")?;
    Picture::encode(pixels, quality).map_err(|error| one_line(&error.to_string()))
}

/// The size in pixels of a page, whose long side is to have `size`.
fn pixels(width: f32, height: f32, size: u16) -> Option<(u16, u16)> {
    let long = width.max(height);
    if !(width > 0.0 && height > 0.0 && long.is_finite()) {
        return None;
    }
    let side = |length: f32| (length / long * f32::from(size)).round().max(1.0) as u16;
    Some((side(width), side(height)))
}

fn damaged(path: &Path) -> Failure {
    Failure::new(format!("{} is no PDF, or a damaged one; export it again", path.display()))
}

/// Makes a panic an error that says the same.
pub(super) fn guarded<T>(draw: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    // Nothing that a panic leaves behind is looked at, but for its own words.
    panic::catch_unwind(AssertUnwindSafe(draw)).unwrap_or_else(|panic| Err(words(panic.as_ref())))
}

/// What a panic says.
fn words(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    one_line(words.unwrap_or("the renderer failed"))
}

/// Panics of the renderer become sentences, so they are not printed as well.
fn keep_renderer_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if thread::current().name() != Some(RENDERER) {
                print(panic);
            }
        }));
    });
}
