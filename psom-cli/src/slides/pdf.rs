//! Drawing the pages of a PDF with `psom-render`.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use psom_render::{Frame, PageRemarks, Unreadable};

use super::deck::{ConvertOptions, Deck, DeckBuilder, MAX_FILE_BYTES, Progress, check_count};
use crate::{
    error::{CommandError, Result},
    files,
    renderer::Renderer,
    terminal::out,
};

/// The time between two checks for a cancellation.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Draws each page of a PDF on white. Errors name `path`, from which the PDF may have been made.
pub(super) fn convert(
    pdf: &Path,
    path: &Path,
    options: &ConvertOptions,
    mut deck: DeckBuilder,
) -> Result<Deck> {
    let shown = path.display();
    let [size, quality] = [options.size.to_string(), options.quality.to_string()];
    let seconds = options.page_timeout.as_secs().to_string();
    let arguments = ["--page-seconds", &seconds, "pages", "--size", &size, "--quality", &quality];
    let file = files::open(pdf, MAX_FILE_BYTES)?;
    let mut renderer = Renderer::start(&options.renderer()?, &arguments, file)?;
    let what = shown.to_string();
    let (pages, announced) = match next(renderer.frames(), options, &what)? {
        Some(Ok((Frame::Opened { pages, announced }, _))) => (pages, announced),
        Some(Ok((Frame::Unreadable(why), _))) => return Err(unreadable(path, why)),
        _ => {
            let why = renderer.why_ended();
            return Err(CommandError::new(format!(
                "{shown} cannot be opened ({why}); export it again"
            )));
        }
    };
    check_count(path, pages)?;
    let mut remarks = Vec::new();
    (options.progress)(Progress::Slides { done: 0, total: pages });
    for number in 1..=pages {
        let page = format!("page {number} of {shown}");
        let why = match next(renderer.frames(), options, &page)? {
            Some(Ok((Frame::Page { remarks: of_page }, picture))) => {
                deck.add(picture, String::new())?;
                remarks.push((number, of_page));
                (options.progress)(Progress::Slides { done: number, total: pages });
                continue;
            }
            Some(Ok((Frame::Undrawable { why }, _))) => why,
            _ => renderer.why_ended(),
        };
        return Err(CommandError::new(format!(
            "{page} cannot be drawn ({why}); export it again, or leave that page out"
        )));
    }
    let mut deck = deck.finish();
    deck.remarks = sentences(&shown.to_string(), &remarks);
    if let Some(announced) = announced.filter(|announced| *announced > pages) {
        deck.remarks.push(format!(
            "{shown} is damaged: it announces {announced} pages and has only {pages}; export it again"
        ));
    }
    Ok(deck)
}

/// Returns a sentence for each kind of part that is missing in the pictures of the pages.
fn sentences(shown: &str, remarks: &[(usize, PageRemarks)]) -> Vec<String> {
    let mut sentences = Vec::new();
    let incomplete: Vec<usize> = remarks
        .iter()
        .filter(|(_, remarks)| remarks.is_incomplete)
        .map(|(number, _)| *number)
        .collect();
    if !incomplete.is_empty() {
        sentences.push(format!(
            "{shown} is damaged or unusual: {} could not be drawn fully; look at the slides, and \
             export it again where something is missing",
            pages(&incomplete)
        ));
    }
    let mut texts = BTreeMap::<_, Vec<usize>>::new();
    for (number, remarks) in remarks {
        if let Some(missing) = &remarks.texts {
            texts.entry(missing).or_default().push(*number);
        }
    }
    for (missing, numbers) in texts {
        let plural = if missing.fonts.len() == 1 { "" } else { "s" };
        sentences.push(format!(
            "{shown}: on {}, text in the font{plural} {} is missing: the PDF does not embed the \
             font{plural}, and no font in this system has the characters {}; embed fonts when you \
             export it, or install a font with these characters",
            pages(&numbers),
            missing.fonts.join(", "),
            missing.characters
        ));
    }
    let mut annotations = BTreeMap::<_, Vec<usize>>::new();
    for (number, remarks) in remarks.iter().filter(|(_, it)| !it.left_out.is_empty()) {
        annotations.entry(&remarks.left_out).or_default().push(*number);
    }
    for (kinds, numbers) in annotations {
        sentences.push(format!(
            "{shown}: on {}, annotations without an appearance are left out ({}); print the PDF to a new \
             PDF, and share that",
            pages(&numbers),
            kinds.join(", ")
        ));
    }
    sentences
}

/// Lists pages: "page 3" or "pages 4-6".
fn pages(numbers: &[usize]) -> String {
    let plural = if numbers.len() == 1 { "" } else { "s" };
    format!("page{plural} {}", out::ranges(numbers))
}

/// Waits for the next message, at most as long as a page may take. Returns `None` if there is none any
/// more.
pub(super) fn next<T>(
    frames: &Receiver<T>,
    options: &ConvertOptions,
    what: &str,
) -> Result<Option<T>> {
    let end = Instant::now() + options.page_timeout;
    loop {
        options.check_cancelled()?;
        let left = end.saturating_duration_since(Instant::now());
        match frames.recv_timeout(left.min(POLL_INTERVAL)) {
            Ok(frame) => return Ok(Some(frame)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) if left.is_zero() => {
                return Err(CommandError::new(format!(
                    "{what} takes too long to draw; export it again, or leave out what is on it"
                )));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

fn unreadable(path: &Path, why: Unreadable) -> CommandError {
    let shown = path.display();
    CommandError::new(match why {
        Unreadable::Damaged => format!("{shown} is not a PDF, or it is damaged; export it again"),
        Unreadable::Password => {
            format!("{shown} is protected by a password; export it without one")
        }
        Unreadable::Encryption => format!(
            "{shown} is encrypted in a way that cannot be read; export it without a password"
        ),
    })
}
