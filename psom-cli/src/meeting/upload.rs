//! Uploads of packages that are written to temporary files, so that little of them is in memory.

use std::{
    fs::File,
    io::{self, BufReader, BufWriter, Read as _, Seek as _},
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use indicatif::ProgressBar;
use psom_objects::{
    client::{Event, PackageReader, ReadFuture, Upload, UploadEvent},
    package::{Manifest, PackageWriter},
    types::{TitleReservationStatus, UploadFinishReason},
};

use super::{
    session::{Meeting, reservation},
    texts,
};
use crate::{
    error::{CommandError, OrCannot as _, Result},
    render::refusal,
    terminal::{out, progress},
};

/// The time that the server may take between two steps of an upload. After the last byte, it verifies
/// and stores the package, which is slow for a large one.
const STEP_TIMEOUT: Duration = Duration::from_secs(300);

/// A package that is ready to be sent.
pub(crate) struct Packed {
    upload: Upload,
    packed_bytes: u64,
}

/// The source of a file in a package.
pub(crate) enum Source {
    /// A file on the disk.
    File(PathBuf),
    /// Bytes in memory.
    Bytes(Vec<u8>),
}

/// Reserves a title, makes the package that is to have it, and uploads the package. Returns the
/// content's ID, and the other result of `pack`. After a failure, the title is free again.
pub(crate) async fn create<T>(
    meeting: &mut Meeting,
    title: &str,
    pack: impl Future<Output = Result<(Packed, T)>>,
) -> Result<(i64, T)> {
    let cookie = reserve(meeting, title).await?;
    let (packed, other) = match meeting.meanwhile(pack).await {
        Ok(packed) => packed,
        Err(error) => {
            // The server releases the title with the connection in any case.
            let _ = meeting.act(move |conference, cx| conference.release_title(cx, cookie)).await;
            return Err(error);
        }
    };
    let Packed { upload, packed_bytes } = packed;
    let sent =
        meeting.act(move |conference, cx| conference.upload_reserved(cx, cookie, upload)).await;
    sent?;
    let id = follow(meeting, cookie, packed_bytes, out::printable(title)).await?;
    let id = id.ok_or_else(|| {
        CommandError::new("the server has not said which content the file has become; update psom")
    });
    Ok((id?, other))
}

/// Uploads a package for an existing content. `message` is shown with the progress bar.
pub(crate) async fn add(meeting: &mut Meeting, packed: Packed, message: String) -> Result {
    let Packed { upload, packed_bytes } = packed;
    let cookie = meeting.act(move |conference, cx| conference.upload(cx, upload)).await?;
    follow(meeting, cookie, packed_bytes, message).await.map(drop)
}

async fn reserve(meeting: &mut Meeting, title: &str) -> Result<i32> {
    texts::check_line("the title", title)?;
    let wanted = title.to_owned();
    let cookie = meeting.act(|conference, cx| conference.reserve_title(cx, wanted)).await?;
    let what = "whether the title is free";
    match meeting.until(what, |event| reservation(event, cookie)).await? {
        TitleReservationStatus::ReservedForCreation => Ok(cookie),
        refused => Err(texts::reservation_refused(title, refused, texts::CHOOSE_WITH_OPTION)),
    }
}

/// Packs the manifest and its files into an unnamed temporary file.
pub(crate) async fn pack(manifest: Manifest, sources: Vec<(String, Source)>) -> Result<Packed> {
    let spinner = progress::spinner("packing");
    let packing = tokio::task::spawn_blocking(move || write_package(&manifest, sources)).await;
    spinner.finish_and_clear();
    packing?
}

fn write_package(manifest: &Manifest, sources: Vec<(String, Source)>) -> Result<Packed> {
    let file = tempfile::tempfile().or_cannot("make a temporary file")?;
    let (mut file, packed_bytes, unpacked_bytes) = write_to(file, manifest, sources)?;
    file.rewind().or_cannot("pack the file")?;
    let reader = FileReader(Some(file));
    let upload = Upload::from_reader(manifest, reader, packed_bytes, unpacked_bytes);
    Ok(Packed { upload, packed_bytes })
}

/// Writes a package to a file. Returns the file, the length of the package, and the sum of the lengths
/// of its files. Blocks.
pub(crate) fn write_to(
    file: File,
    manifest: &Manifest,
    sources: Vec<(String, Source)>,
) -> Result<(File, u64, u64)> {
    let target = BufWriter::new(file);
    let mut package = PackageWriter::new(target, manifest).or_cannot("pack the file")?;
    let mut unpacked_bytes = 0;
    for (name, source) in sources {
        unpacked_bytes += match source {
            Source::File(path) => add_file(&mut package, &name, &path)?,
            Source::Bytes(bytes) => {
                package.add_file(&name, &mut &bytes[..]).or_cannot("pack the file")?
            }
        };
    }
    let target = package.finish().or_cannot("pack the file")?;
    let mut file = target.into_inner().or_cannot("pack the file")?;
    let packed_bytes = file.stream_position().or_cannot("pack the file")?;
    Ok((file, packed_bytes, unpacked_bytes))
}

/// Uploads a written package under a cookie of its own.
#[cfg(feature = "queue")]
pub(crate) async fn send(
    meeting: &mut Meeting,
    cookie: i32,
    file: File,
    (packed_bytes, unpacked_bytes): (u64, u64),
    message: String,
) -> Result {
    let upload = Upload::from_package(FileReader(Some(file)), packed_bytes, unpacked_bytes);
    meeting.act(move |conference, cx| conference.upload_reserved(cx, cookie, upload)).await?;
    follow(meeting, cookie, packed_bytes, message).await.map(drop)
}

fn add_file(package: &mut PackageWriter<BufWriter<File>>, name: &str, path: &Path) -> Result<u64> {
    let reading = format!("read {}", path.display());
    let mut source = BufReader::new(File::open(path).or_cannot(&reading)?);
    let length = source.get_ref().metadata().or_cannot(&reading)?.len();
    // The zip format has another form for files from 4 GiB on.
    let added = if length >= u64::from(u32::MAX) {
        package.add_large_file(name, &mut source)
    } else {
        package.add_file(name, &mut source)
    };
    added.or_cannot(format_args!("pack {}", path.display()))
}

/// Reads a package from a file, on threads that may block. `None` while a read is under way.
struct FileReader(Option<File>);

impl PackageReader for FileReader {
    fn read(&mut self, max_bytes: usize) -> ReadFuture<'_> {
        Box::pin(async move {
            let mut file = self.0.take().ok_or_else(|| io::Error::other("a read has failed"))?;
            let reading = tokio::task::spawn_blocking(move || {
                let mut piece = Vec::with_capacity(max_bytes);
                file.by_ref().take(max_bytes as u64).read_to_end(&mut piece)?;
                Ok::<_, io::Error>((file, Bytes::from(piece)))
            });
            let (file, piece) = reading.await.map_err(io::Error::other)??;
            self.0 = Some(file);
            Ok(piece)
        })
    }
}

/// A step of an upload that moves it on.
enum Step {
    Accepted,
    Arrived(u64),
    Created(i64),
    Ended(UploadFinishReason),
}

fn step(event: &Event, cookie: i32) -> Option<Step> {
    match event {
        Event::Upload { cookie: of, event } if *of == cookie => match event {
            UploadEvent::Accepted => Some(Step::Accepted),
            UploadEvent::Progress { received } => Some(Step::Arrived(*received)),
            UploadEvent::ContentCreated { content } => Some(Step::Created(*content)),
            UploadEvent::Rejected { reason } | UploadEvent::Finished { reason } => {
                Some(Step::Ended(*reason))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Follows an upload to its end. Returns the ID of the content that it has become, if it creates
/// one.
async fn follow(
    meeting: &mut Meeting,
    cookie: i32,
    packed_bytes: u64,
    message: String,
) -> Result<Option<i64>> {
    let mut bar: Option<ProgressBar> = None;
    let (mut created, mut arrived, mut what) = (None, 0, "whether it accepts the file");
    let result = loop {
        // A step without progress does not count, so a server cannot delay the end with it.
        let is_step = |step: &Step| !matches!(step, Step::Arrived(bytes) if *bytes <= arrived);
        let next = meeting
            .until_within(STEP_TIMEOUT, None, what, |event| step(event, cookie).filter(is_step));
        match next.await {
            Err(error) => break Err(error),
            Ok(Step::Accepted) => {
                bar = Some(progress::bytes(message.clone(), packed_bytes));
                what = "the arrival of the file";
            }
            Ok(Step::Arrived(bytes)) => {
                arrived = bytes;
                if let Some(bar) = &bar {
                    bar.set_position(bytes);
                }
                if bytes == packed_bytes {
                    bar.replace(progress::spinner("the server verifies the file"))
                        .inspect(ProgressBar::finish_and_clear);
                    what = "the result of the upload";
                }
            }
            Ok(Step::Created(content)) => created = Some(content),
            Ok(Step::Ended(UploadFinishReason::Ok)) => break Ok(created),
            Ok(Step::Ended(reason)) => {
                break Err(CommandError::from_sentence(&refusal::upload(reason)));
            }
        }
    };
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    result
}
