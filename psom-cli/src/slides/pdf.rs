//! The pages of a PDF as pictures.

use std::{
    any::Any,
    panic::{self, AssertUnwindSafe},
    path::Path,
    sync::{
        Arc, Once,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use hayro::{
    RenderCache, RenderSettings,
    hayro_interpret::{InterpreterSettings, InterpreterWarning, util::TransformExt},
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

use super::{
    ConvertOptions, Deck, DeckBuilder, MAX_FILE, Picture, Progress, check_count, check_wanted,
    one_line,
};
use crate::{
    failure::{Failure, Result, While},
    files::read,
    out,
};

/// The thread that draws. Its panics are a PDF's fault, and told as such.
const RENDERER: &str = "slides";

/// Forms in forms need stack. What the renderer's own bounds allow fits in here many times.
const STACK: usize = 64 << 20;

/// How often one looks whether the slides are still wanted.
const LOOK: Duration = Duration::from_millis(50);

/// What the thread that draws has come to.
enum Drawn {
    /// The file was opened: the pages that it has, and those that it speaks of.
    Opened { pages: usize, told: Option<usize> },
    /// The next page.
    Page {
        picture: Result<Picture, String>,
        /// Nothing that belongs to it is missing.
        whole: bool,
    },
}

/// Draws each page of a PDF, its long side as long as the options say, on white. What is wrong is
/// told of `path`, from which the PDF may have been made.
pub fn convert(
    pdf: &Path,
    path: &Path,
    options: &ConvertOptions,
    mut deck: DeckBuilder,
) -> Result<Deck> {
    let shown = path.display();
    let bytes = read(pdf, MAX_FILE)?;
    keep_renderer_quiet();
    let renderer = thread::Builder::new().name(RENDERER.to_owned()).stack_size(STACK);
    let (tell, drawn) = sync_channel(1);
    let (size, quality, file) = (options.size, options.quality, path.to_owned());
    // A page can keep it busy for ever, so its end is not waited for: that is the program's.
    let started = renderer.spawn(move || {
        let failed = draw(&file, bytes, size, quality, &tell).err();
        // Whoever no longer listens has ended with an error of their own.
        failed.into_iter().for_each(|why| drop(tell.send(Err(why))));
    });
    started.or_cannot("start drawing")?;

    let Drawn::Opened { pages, told } = next(&drawn, path, options, &shown.to_string())? else {
        return Err(damaged(path));
    };
    check_count(path, pages)?;
    let mut incomplete = Vec::new();
    (options.progress)(Progress::Slides { done: 0, total: pages });
    for number in 1..=pages {
        let page = format!("page {number} of {shown}");
        let Drawn::Page { picture, whole } = next(&drawn, path, options, &page)? else {
            return Err(damaged(path));
        };
        let picture = picture.map_err(|why| {
            Failure::new(format!(
                "{page} cannot be drawn ({why}); export it again, or leave that page out"
            ))
        })?;
        deck.add(picture, String::new())?;
        if !whole {
            incomplete.push(number);
        }
        (options.progress)(Progress::Slides { done: number, total: pages });
    }
    let mut deck = deck.finish();
    if !incomplete.is_empty() {
        let plural = if incomplete.len() == 1 { "" } else { "s" };
        deck.remarks.push(format!(
            "{shown} is damaged or unusual: page{plural} {} could not be drawn fully; look at the slides, and \
             export it again where something is missing",
            out::ranges(&incomplete)
        ));
    }
    if let Some(told) = told.filter(|told| *told > pages) {
        deck.remarks.push(format!(
            "{shown} is damaged: it speaks of {told} pages, and only {pages} are there; export it \
             again"
        ));
    }
    Ok(deck)
}

/// Waits for the thread that draws, as long as that may take for one page.
pub(super) fn next<T>(
    drawn: &Receiver<Result<T>>,
    path: &Path,
    options: &ConvertOptions,
    what: &str,
) -> Result<T> {
    let end = Instant::now() + options.page_limit;
    loop {
        check_wanted(&options.cancelled)?;
        let left = end.saturating_duration_since(Instant::now());
        match drawn.recv_timeout(left.min(LOOK)) {
            Ok(drawn) => return drawn,
            Err(RecvTimeoutError::Disconnected) => return Err(damaged(path)),
            Err(RecvTimeoutError::Timeout) if left.is_zero() => {
                return Err(Failure::new(format!(
                    "{what} takes too long to draw; export it again, or leave out what is on it"
                )));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// Tells of each page as it is drawn, until nobody listens any more.
fn draw(
    path: &Path,
    bytes: Vec<u8>,
    size: u16,
    quality: u8,
    tell: &SyncSender<Result<Drawn>>,
) -> Result {
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
    let mut listened = tell.send(Ok(Drawn::Opened { pages: pages.len(), told: told_pages(&pdf) }));
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
    for page in pages.iter() {
        if listened.is_err() {
            break;
        }
        warned.store(false, Ordering::Relaxed);
        let drawn = guarded(|| {
            let picture = render(page, &cache, &settings, size, quality)?;
            Ok((picture, is_whole(page)))
        });
        let whole = drawn.as_ref().is_ok_and(|(_, whole)| *whole);
        let whole = whole && !warned.load(Ordering::Relaxed);
        let picture = drawn.map(|(picture, _)| picture);
        listened = tell.send(Ok(Drawn::Page { picture, whole }));
    }
    Ok(())
}

/// How many pages a file says that it has.
fn told_pages(pdf: &Pdf) -> Option<usize> {
    let root = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id())?;
    usize::try_from(root.get::<Dict<'_>>(PAGES)?.get::<i32>(COUNT)?).ok()
}

/// Whether what a page names is there. The renderer draws nothing in the place of what is not, and
/// says nothing.
fn is_whole(page: &Page<'_>) -> bool {
    let content = match page.raw().get::<Array<'_>>(CONTENTS) {
        Some(parts) => {
            let mut rest = parts.flex_iter();
            parts.raw_iter().all(|_| rest.next::<Stream<'_>>().is_some_and(|it| is_readable(&it)))
        }
        None => match page.raw().get::<Stream<'_>>(CONTENTS) {
            Some(content) => is_readable(&content),
            // A page without content is empty and whole.
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

/// Draws one page. An error says why that is impossible.
fn render<'a>(
    page: &'a Page<'a>,
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
