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
    types::{ResourceErrorCode, ResourceFormat},
};

use super::{share::name, visibility::Who};
use crate::{
    failure::{Failure, Result, While},
    joined::{Joined, LinkArgs},
    out, progress,
    slides::{ConvertOptions, Deck, Progress, convert, notes_name, thumbnail_name},
    upload::{self, Packed, Source},
};

/// Slides of one package: a few, so that each of them is soon seen.
const BATCH: usize = 4;

/// How long it may take to end a conversion: LibreOffice, or a large picture.
const CLEANING: Duration = Duration::from_secs(5);

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

A PDF is drawn page by page. A PPTX, PPT or ODP file needs LibreOffice, and its notes come along
where it is a PPTX. Of a folder, the files *.jpg and *.jpeg are taken in the order of their names;
the notes of NAME.jpg are in NAME.txt. The file itself can be downloaded with psom get.")]
pub struct ShareSlides {
    #[command(flatten)]
    link: LinkArgs,
    /// A PDF, a presentation, or a folder of JPEGs.
    file: PathBuf,
    /// The title, in place of the file's name.
    #[arg(long)]
    title: Option<String>,
    /// Who sees the presentation at first.
    #[arg(long, value_name = "WHO")]
    visibility: Option<Who>,
    /// The pixels on the long side of pages that are drawn.
    #[arg(long, value_name = "N", default_value_t = ConvertOptions::default().size)]
    #[arg(value_parser = clap::value_parser!(u16).range(160..=7680))]
    size: u16,
}

impl ShareSlides {
    pub async fn run(self) -> Result {
        let Self { link, file, title, visibility, size } = self;
        // What cannot be read is better known before the meeting is bothered.
        let about = fs::metadata(&file).or_cannot(format_args!("read {}", file.display()))?;
        let title = match title {
            Some(title) => title,
            // `.` and `photos/..` have a name, too.
            None => name(&fs::canonicalize(&file).unwrap_or_else(|_| file.clone()))?,
        };
        let mut joined = link.join().await?;
        // The title comes first: what cannot have it would be converted in vain.
        let packed = async {
            let deck = converted(file.clone(), size).await?;
            let native = about.is_file().then_some(file);
            Ok((first_package(&deck, &title, visibility, native).await?, deck))
        };
        let (id, deck) = upload::create(&mut joined, &title, packed).await?;
        add_rest(&mut joined, id, &deck).await?;
        let (shown, count) = (out::printable(&title), deck.slides.len());
        let slides = if count == 1 { "slide" } else { "slides" };
        out::line(format_args!("Shared \"{shown}\" with {count} {slides}."))?;
        for remark in &deck.remarks {
            out::line(out::printable(remark))?;
        }
        joined.leave().await
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

/// A conversion that ends where nobody waits for it any more, in good order.
struct Running {
    cancelled: Arc<AtomicBool>,
    ended: mpsc::Receiver<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.cancelled.store(true, Ordering::Relaxed);
        // The program is about to end, and nobody else would remove what lies in files.
        let _ = self.ended.recv_timeout(CLEANING);
    }
}

/// The presentation with all that stands beside its slides, and the first of them.
async fn first_package(
    deck: &Deck,
    title: &str,
    visibility: Option<Who>,
    native: Option<PathBuf>,
) -> Result<Packed> {
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
    let first = 0..BATCH.min(count);
    resources.push(jpegs(first.clone()));
    sources.extend(files(deck, first));
    let ppt = ChunkedPpt {
        slides: number(count),
        preview_thumbnail_file: Some(PREVIEW.to_owned()),
        resources: numbered(resources),
    };
    let mut content = CreateContent::new(title, ContentDetail::Ppt(ppt));
    content.common.visibility = visibility.map(Into::into);
    if let Some(native) = native {
        content = content.with_native_file(NATIVE);
        sources.push((NATIVE.to_owned(), Source::File(native)));
    }
    upload::pack(content.into(), sources).await
}

/// Adds the slides that the first package has left out.
async fn add_rest(joined: &mut Joined, content_id: i64, deck: &Deck) -> Result {
    let count = deck.slides.len();
    for first in (BATCH..count).step_by(BATCH) {
        let slides = first..(first + BATCH).min(count);
        let detail = Some(ResourceDetail::Resources(numbered(vec![jpegs(slides.clone())])));
        let manifest = CreatePptContentResource { content_id, detail };
        let manifest = Manifest::CreatePptContentResource(manifest);
        let what = format!("slides {} to {} of {count}", slides.start + 1, slides.end);
        let added = async {
            let packed = joined.meanwhile(upload::pack(manifest, files(deck, slides))).await?;
            upload::add(joined, packed, what).await
        };
        if let Err(failure) = added.await {
            return Err(given_up(joined, content_id, first..count, failure).await);
        }
    }
    Ok(())
}

/// Tells the others which slides will not come, so that nobody waits for them.
async fn given_up(joined: &mut Joined, id: i64, slides: Range<usize>, failure: Failure) -> Failure {
    let Failure::Said(why) = failure else { return failure };
    if let (Some(first), Some(last)) = (number(slides.start), number(slides.end - 1)) {
        let (format, code) = (ResourceFormat::FullJpeg, ResourceErrorCode::ClientUploadFailed);
        let told = joined.act(move |conference, cx| {
            conference.set_resource_error(cx, id, first..=last, format, code)
        });
        // Where the connection is gone, the server tells them.
        if told.await.is_ok() {
            let _ = joined.settle().await;
        }
    }
    let first = slides.start + 1;
    Failure::new(format!(
        "{why}; the slides from {first} on are missing, so delete the presentation and share it again"
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

/// Resources with the numbers by which the server speaks of those that it does not take.
fn numbered(resources: Vec<PptResource>) -> Vec<PptContentResource> {
    let resources = resources.into_iter().zip(1..);
    resources.map(|(resource, id)| PptContentResource { resource_id: Some(id), resource }).collect()
}

fn number(slide: usize) -> Option<u32> {
    u32::try_from(slide).ok()
}
