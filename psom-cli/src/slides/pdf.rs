//! Drawing the pages of a PDF.

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
    deck::{ConvertOptions, Deck, DeckBuilder, MAX_FILE_BYTES, Progress, check_count, one_line},
    picture::Picture,
};
use crate::{
    error::{CommandError, OrCannot, Result},
    files::read,
    terminal::out,
};

/// The name of the thread that draws. Its panics are caused by the PDF, and reported as such.
const RENDERER_THREAD: &str = "slides";

/// The stack of the thread that draws. Nested forms need stack; the deepest nesting that the renderer
/// allows fits many times.
const STACK_BYTES: usize = 64 << 20;

/// How often a wait checks for a cancellation.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A step of the thread that draws.
enum Drawn {
    /// The file was opened. `announced` is the number of pages that it claims to have.
    Opened { pages: usize, announced: Option<usize> },
    /// The next page was drawn.
    Page {
        picture: Result<Picture, String>,
        /// Whether no part of the page is missing.
        is_complete: bool,
    },
}

/// Draws each page of a PDF on white. Errors name `path`, from which the PDF may have been made.
pub fn convert(
    pdf: &Path,
    path: &Path,
    options: &ConvertOptions,
    mut deck: DeckBuilder,
) -> Result<Deck> {
    let shown = path.display();
    let bytes = read(pdf, MAX_FILE_BYTES)?;
    silence_renderer_panics();
    let renderer = thread::Builder::new().name(RENDERER_THREAD.to_owned()).stack_size(STACK_BYTES);
    let (sender, drawn) = sync_channel(1);
    let (size, quality, file) = (options.size, options.quality, path.to_owned());
    // A page can keep the thread busy forever, so it is never joined. It ends with the process.
    let started = renderer.spawn(move || {
        let failed = draw(&file, bytes, size, quality, &sender).err();
        // The receiver is gone only if the conversion has failed.
        failed.into_iter().for_each(|why| drop(sender.send(Err(why))));
    });
    started.or_cannot("start drawing")?;

    let Drawn::Opened { pages, announced } = next(&drawn, path, options, &shown.to_string())?
    else {
        return Err(damaged(path));
    };
    check_count(path, pages)?;
    let mut incomplete = Vec::new();
    (options.progress)(Progress::Slides { done: 0, total: pages });
    for number in 1..=pages {
        let page = format!("page {number} of {shown}");
        let Drawn::Page { picture, is_complete } = next(&drawn, path, options, &page)? else {
            return Err(damaged(path));
        };
        let picture = picture.map_err(|why| {
            CommandError::new(format!(
                "{page} cannot be drawn ({why}); export it again, or leave that page out"
            ))
        })?;
        deck.add(picture, String::new())?;
        if !is_complete {
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
    if let Some(announced) = announced.filter(|announced| *announced > pages) {
        deck.remarks.push(format!(
            "{shown} is damaged: it announces {announced} pages and has only {pages}; export it again"
        ));
    }
    Ok(deck)
}

/// Waits for the next step of the thread that draws, at most as long as a page may take.
pub(super) fn next<T>(
    drawn: &Receiver<Result<T>>,
    path: &Path,
    options: &ConvertOptions,
    what: &str,
) -> Result<T> {
    let end = Instant::now() + options.page_timeout;
    loop {
        options.check_cancelled()?;
        let left = end.saturating_duration_since(Instant::now());
        match drawn.recv_timeout(left.min(POLL_INTERVAL)) {
            Ok(drawn) => return drawn,
            Err(RecvTimeoutError::Disconnected) => return Err(damaged(path)),
            Err(RecvTimeoutError::Timeout) if left.is_zero() => {
                return Err(CommandError::new(format!(
                    "{what} takes too long to draw; export it again, or leave out what is on it"
                )));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// Draws each page and sends it, until the receiver is gone.
fn draw(
    path: &Path,
    bytes: Vec<u8>,
    size: u16,
    quality: u8,
    sender: &SyncSender<Result<Drawn>>,
) -> Result {
    let pdf = Pdf::new(bytes).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::PasswordProtected) => CommandError::new(format!(
            "{} is protected by a password; export it without one",
            path.display()
        )),
        LoadPdfError::Decryption(_) => CommandError::new(format!(
            "{} is encrypted in a way that cannot be read; export it without a password",
            path.display()
        )),
        LoadPdfError::Invalid => damaged(path),
    })?;
    let pages = pdf.pages();
    let mut sent =
        sender.send(Ok(Drawn::Opened { pages: pages.len(), announced: announced_pages(&pdf) }));
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
        if sent.is_err() {
            break;
        }
        warned.store(false, Ordering::Relaxed);
        let drawn = guarded(|| {
            let picture = render(page, &cache, &settings, size, quality)?;
            Ok((picture, is_complete(page)))
        });
        let has_all_parts = drawn.as_ref().is_ok_and(|(_, is_complete)| *is_complete);
        let is_complete = has_all_parts && !warned.load(Ordering::Relaxed);
        let picture = drawn.map(|(picture, _)| picture);
        sent = sender.send(Ok(Drawn::Page { picture, is_complete }));
    }
    Ok(())
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

/// Draws one page. An error says why the page cannot be drawn.
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
    // On a white ground, no pixel is transparent.
    let rgb = pixmap.data().iter().flat_map(|pixel| [pixel.r, pixel.g, pixel.b]).collect();
    let pixels = RgbImage::from_raw(width.into(), height.into(), rgb).ok_or("it has no pixels")?;
    Picture::encode(pixels, quality).map_err(|error| one_line(&error.to_string()))
}

/// Returns the size of a page in pixels, so that its long side has `size`.
fn pixels(width: f32, height: f32, size: u16) -> Option<(u16, u16)> {
    let long = width.max(height);
    if !(width > 0.0 && height > 0.0 && long.is_finite()) {
        return None;
    }
    let side = |length: f32| (length / long * f32::from(size)).round().max(1.0) as u16;
    Some((side(width), side(height)))
}

fn damaged(path: &Path) -> CommandError {
    CommandError::new(format!("{} is not a PDF, or it is damaged; export it again", path.display()))
}

/// Turns a panic into an error with its message.
pub(super) fn guarded<T>(draw: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
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
