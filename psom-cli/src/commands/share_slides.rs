use std::{
    fs,
    ops::Range,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use clap::Args;
use psom_objects::{
    package::{
        ChunkedPpt, ContentDetail, CreateContent, CreatePptContentResource, JpegSlide, Manifest,
        NotesPackage, NotesSlide, PptContentResource, PptResource, ResourceDetail,
        ThumbnailPackage, ThumbnailSlide,
    },
    types::{ContentVisibility, ResourceErrorCode, ResourceFormat},
};

use super::args;
#[cfg(feature = "queue")]
use super::recordable::{self, Actions, Recordable};
#[cfg(feature = "queue")]
use crate::meeting::texts;
use crate::{
    error::{CommandError, OrCannot as _, Result},
    files::title_from_name,
    meeting::{
        finding::Creation,
        packing::Source,
        session::{LinkArgs, Meeting},
        upload,
    },
    slides::{ConvertOptions, Deck, Progress, convert, notes_name, thumbnail_name},
    terminal::{out, progress},
};

/// The number of slides in a package. It is small, so that slides appear soon.
const SLIDES_PER_PACKAGE: usize = 4;

/// The time that a cancelled conversion may take to end: LibreOffice, or a large picture.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(5);

/// The names of files in the packages.
const PREVIEW: &str = "preview.jpg";
const THUMBNAILS: &str = "thumbnails.opc";
const NOTES: &str = "notes.opc";
const NATIVE: &str = "file.bin";

/// Share a presentation as slides
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom slides LINK Talk.pdf
  psom slides LINK Talk.pptx --visibility presenters
  psom slides LINK photos/ --title \"Photos of May\"

A PDF is drawn page by page. A PPTX, PPT or ODP file needs LibreOffice; the notes of a PPTX are
shared too. Of a folder, the files *.jpg and *.jpeg are shared in the order of their names; the notes
of NAME.jpg are in NAME.txt. Participants can download the file itself with psom get.")]
pub(crate) struct ShareSlides {
    #[command(flatten)]
    link: LinkArgs,
    /// A PDF, a presentation, or a folder of JPEGs.
    file: PathBuf,
    /// The title, without any of \ / : * ? " < > |; by default the file's name.
    #[arg(long)]
    title: Option<String>,
    /// The users who see the presentation at first.
    #[arg(long, value_name = "WHO", value_parser = args::visibility())]
    visibility: Option<ContentVisibility>,
    /// The long side of drawn pages in pixels.
    #[arg(long, value_name = "N", default_value_t = ConvertOptions::default().size)]
    #[arg(value_parser = clap::value_parser!(u16).range(160..=7680))]
    size: u16,
}

impl ShareSlides {
    pub(crate) async fn run(self) -> Result {
        // The file is checked before the meeting is joined.
        let (title, native) = self.title_and_native()?;
        let Self { link, file, visibility, size, .. } = self;
        let (mut creation, mut converted_deck) = (Creation::default(), None);
        let share = async |meeting: &mut Meeting| {
            meeting.check_visibility(visibility)?;
            let earlier = creation.earlier(meeting, "Content.Ppt", &title).await?;
            let id = match (earlier, &converted_deck) {
                (Some(id), Some(_)) => id,
                _ => {
                    // The title is reserved first, so that no file is converted in vain.
                    let packed = async {
                        let deck = match converted_deck.take() {
                            Some(deck) => deck,
                            None => converted(file.clone(), size).await?,
                        };
                        let deck = converted_deck.insert(deck);
                        let (content, sources) =
                            first_package(deck, &title, visibility, native.clone())?;
                        Ok((upload::pack(content.into(), sources).await?, ()))
                    };
                    upload::create(meeting, &title, packed).await?.0
                }
            };
            match &converted_deck {
                Some(deck) => add_rest(meeting, id, deck).await,
                None => Ok(()),
            }
        };
        link.in_meeting(share).await?;
        let Some(deck) = converted_deck else { return Ok(()) };
        let (shown, count) = (out::printable(&title), deck.slides.len());
        let slides = if count == 1 { "slide" } else { "slides" };
        out::line(format_args!("Shared \"{shown}\" with {count} {slides}."))?;
        for remark in &deck.remarks {
            out::line(out::printable(remark))?;
        }
        Ok(())
    }
}

impl ShareSlides {
    /// Returns the title, and the file that participants can download.
    fn title_and_native(&self) -> Result<(String, Option<PathBuf>)> {
        let file = &self.file;
        let about = fs::metadata(file).or_cannot(format_args!("read {}", file.display()))?;
        let title = match &self.title {
            Some(title) => title.clone(),
            // The canonical path gives `.` and `photos/..` a name.
            None => title_from_name(&fs::canonicalize(file).unwrap_or_else(|_| file.clone()))?,
        };
        Ok((title, about.is_file().then(|| file.clone())))
    }
}

#[cfg(feature = "queue")]
impl Recordable for ShareSlides {
    fn record(&self, actions: &mut Actions) -> Result {
        /// The content's identifier in a recorded manifest. The server replaces it with the identifier of
        /// the content that has the recorded title.
        const UNKNOWN_ID: i64 = 0;
        let (title, native) = self.title_and_native()?;
        texts::check_line("the title", &title)?;
        let options = ConvertOptions { size: self.size, ..ConvertOptions::default() };
        let deck = convert(&self.file, &options)?;
        let (content, sources) = first_package(&deck, &title, self.visibility, native)?;
        recordable::package(actions, &title, content, sources)?;
        for (_, manifest, sources) in further_packages(&deck, UNKNOWN_ID) {
            recordable::package(actions, &title, manifest, sources)?;
        }
        Ok(())
    }
}

async fn converted(file: PathBuf, size: u16) -> Result<Deck> {
    let bar = progress::slides();
    let shown = bar.clone();
    let progress = move |progress| match progress {
        Progress::Office => shown.set_message("LibreOffice converts the file"),
        Progress::Slides { done, total } => {
            shown.set_message("slides");
            shown.set_length(total as u64);
            shown.set_position(done as u64);
        }
    };
    let (working, ended) = mpsc::channel::<()>();
    let running = Running { cancelled: Arc::default(), ended };
    let cancelled = Arc::clone(&running.cancelled);
    let progress = Box::new(progress);
    let options = ConvertOptions { size, progress, cancelled, ..ConvertOptions::default() };
    let deck = tokio::task::spawn_blocking(move || {
        let deck = convert(&file, &options);
        drop(working);
        deck
    });
    let deck = deck.await;
    bar.finish_and_clear();
    deck?
}

/// A running conversion. Dropping it cancels the conversion and waits for its end.
struct Running {
    cancelled: Arc<AtomicBool>,
    ended: mpsc::Receiver<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.cancelled.store(true, Ordering::Relaxed);
        // The process is about to exit, and the conversion has to remove its temporary files before that.
        let _ = self.ended.recv_timeout(CANCEL_TIMEOUT);
    }
}

/// Packs the presentation with its thumbnails, notes and file, and the first slides.
fn first_package(
    deck: &Deck,
    title: &str,
    visibility: Option<ContentVisibility>,
    native: Option<PathBuf>,
) -> Result<(CreateContent, Vec<(String, Source)>)> {
    let count = deck.slides.len();
    let mut sources = vec![
        (PREVIEW.to_owned(), Source::Bytes(deck.preview().to_vec())),
        (THUMBNAILS.to_owned(), Source::Bytes(deck.thumbnails()?)),
    ];
    let thumbnail =
        |slide| ThumbnailSlide { slide: number(slide), file: thumbnail_name(slide).into() };
    let thumbnails = (0..count).map(thumbnail).collect();
    let thumbnails = ThumbnailPackage { file: THUMBNAILS.to_owned(), slides: thumbnails };
    let mut resources = vec![PptResource::Thumbnails(thumbnails)];
    if let Some(notes) = deck.notes()? {
        sources.push((NOTES.to_owned(), Source::Bytes(notes)));
        let note = |slide| NotesSlide { slide: number(slide), file: notes_name(slide).into() };
        let slides = deck.slides_with_notes().map(note).collect();
        resources.push(PptResource::Notes(NotesPackage { file: NOTES.to_owned().into(), slides }));
    }
    let first = 0..SLIDES_PER_PACKAGE.min(count);
    resources.push(jpegs(first.clone()));
    sources.extend(files(deck, first));
    let ppt = ChunkedPpt {
        slides: number(count),
        preview_thumbnail_file: Some(PREVIEW.to_owned()),
        resources: numbered(resources),
    };
    let mut content = CreateContent::new(title, ContentDetail::Ppt(ppt));
    content.common.visibility = visibility;
    if let Some(native) = native {
        content = content.with_native_file(NATIVE);
        sources.push((NATIVE.to_owned(), Source::File(native)));
    }
    Ok((content, sources))
}

/// Returns the packages of the slides that are not in the first one.
fn further_packages(
    deck: &Deck,
    content_id: i64,
) -> impl Iterator<Item = (Range<usize>, Manifest, Vec<(String, Source)>)> {
    let count = deck.slides.len();
    (SLIDES_PER_PACKAGE..count).step_by(SLIDES_PER_PACKAGE).map(move |first| {
        let slides = first..(first + SLIDES_PER_PACKAGE).min(count);
        let detail = Some(ResourceDetail::Resources(numbered(vec![jpegs(slides.clone())])));
        let manifest = CreatePptContentResource { content_id, detail };
        let manifest = Manifest::CreatePptContentResource(manifest);
        (slides.clone(), manifest, files(deck, slides))
    })
}

/// Uploads the slides that are not in the first package and that the meeting does not have yet.
async fn add_rest(meeting: &mut Meeting, content_id: i64, deck: &Deck) -> Result {
    let count = deck.slides.len();
    let content = meeting.content_by_id(content_id).await?;
    let arrived = content.and_then(|content| content.slides).unwrap_or_default().jpegs;
    let has_arrived = |slide| number(slide).is_some_and(|slide| arrived.contains_key(&slide));
    for (slides, manifest, sources) in further_packages(deck, content_id) {
        if slides.clone().all(has_arrived) {
            continue;
        }
        let message = format!("slides {} to {} of {count}", slides.start + 1, slides.end);
        let added = async {
            let packed = meeting.meanwhile(upload::pack(manifest, sources)).await?;
            upload::add(meeting, packed, message).await
        };
        if let Err(error) = added.await {
            return Err(announce_missing(meeting, content_id, slides.start..count, error).await);
        }
    }
    Ok(())
}

/// Announces the missing slides, so that other users do not wait for them. After the loss of the connection, the
/// server has announced them, and the command sends them again.
async fn announce_missing(
    meeting: &mut Meeting,
    id: i64,
    slides: Range<usize>,
    error: CommandError,
) -> CommandError {
    let CommandError::Message(why) = error else { return error };
    if let (Some(first), Some(last)) = (number(slides.start), number(slides.end - 1)) {
        let (format, code) = (ResourceFormat::FullJpeg, ResourceErrorCode::ClientUploadFailed);
        let announced = meeting.act(move |conference, cx| {
            conference.set_resource_error(cx, id, first..=last, format, code)
        });
        // If the connection is gone now, the server announces it.
        if announced.await.is_ok() {
            let _ = meeting.settle().await;
        }
    }
    let first = slides.start + 1;
    CommandError::new(format!(
        "{why}; the slides from {first} on are missing: delete the presentation and share it again"
    ))
}

fn jpegs(slides: Range<usize>) -> PptResource {
    let jpeg = |slide| JpegSlide { slide: number(slide), file: Some(jpeg_name(slide)) };
    PptResource::Jpegs(slides.map(jpeg).collect())
}

fn files(deck: &Deck, slides: Range<usize>) -> Vec<(String, Source)> {
    let numbered = deck.slides.iter().enumerate();
    let of = numbered.skip(slides.start).take(slides.len());
    of.map(|(slide, of)| (jpeg_name(slide), Source::File(of.jpeg.clone()))).collect()
}

fn jpeg_name(slide: usize) -> String {
    format!("slide{}.jpg", slide + 1)
}

/// Numbers the resources. The server names a resource that it does not accept by its number.
fn numbered(resources: Vec<PptResource>) -> Vec<PptContentResource> {
    let resources = resources.into_iter().zip(1..);
    resources.map(|(resource, id)| PptContentResource { resource_id: Some(id), resource }).collect()
}

fn number(slide: usize) -> Option<u32> {
    u32::try_from(slide).ok()
}
