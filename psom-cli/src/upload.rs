//! Uploads of packages that lie in files: however large they are, little of them is in memory.

use std::{
    fs::File,
    io::{BufReader, BufWriter, Read, Seek},
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use indicatif::ProgressBar;
use psom_objects::{
    client::{Event, explain},
    package::{Manifest, PackageWriter},
    types::{TitleReservationStatus, UploadFinishReason},
};

use crate::{
    failure::{Failure, Result, While},
    joined::Joined,
    out, progress, texts,
};

/// Bytes of one write.
const WRITE: usize = 64 << 10;

/// Bytes that may be under way without having arrived: 8 writes. Enough to keep a fast connection
/// busy, little enough to leave room for everything else.
const WINDOW: u64 = 8 * WRITE as u64;

/// How long the server may take to verify and store a package.
const VERIFYING: Duration = Duration::from_secs(300);

/// A package that is ready to be sent.
pub struct Packed {
    file: File,
    packed: u64,
    unpacked: u64,
}

/// What goes into a package under one of the manifest's names.
pub enum Source {
    /// A file as it is.
    File(PathBuf),
    /// Bytes in memory.
    Bytes(Vec<u8>),
}

/// Reserves a title, makes the package that is to have it, and uploads that. Returns the content's
/// number, and what was made besides the package. Where anything fails, the title is free again.
pub async fn create<T>(
    joined: &mut Joined,
    title: &str,
    pack: impl Future<Output = Result<(Packed, T)>>,
) -> Result<(i64, T)> {
    let cookie = reserve(joined, title).await?;
    let created = async {
        let (packed, made) = joined.meanwhile(pack).await?;
        let id = send_package(joined, cookie, packed, out::printable(title)).await?;
        let id = id.ok_or_else(|| Failure::new("the server has not said what became of the file"));
        Ok((id?, made))
    };
    let created = created.await;
    if created.is_err() {
        // For those who come after us. The server drops it with the connection in any case.
        let _ = joined.act(move |conference, cx| conference.release_title(cx, cookie)).await;
    }
    created
}

/// Uploads a package for a content that is there. The bar is called `what`.
pub async fn add(joined: &mut Joined, packed: Packed, what: String) -> Result {
    let cookie = joined.act(|conference, _| Ok(conference.next_cookie())).await?;
    send_package(joined, cookie, packed, what).await.map(drop)
}

async fn reserve(joined: &mut Joined, title: &str) -> Result<i32> {
    texts::check_line("the title", title)?;
    let wanted = title.to_owned();
    let cookie = joined.act(|conference, cx| conference.reserve_title(cx, wanted)).await?;
    let answer = joined.until("whether the title is free", |event, _| match event {
        Event::TitleReservation { cookie: of, status, .. } if *of == cookie => Some(*status),
        _ => None,
    });
    match answer.await? {
        TitleReservationStatus::ReservedForCreation => Ok(cookie),
        refused => Err(texts::reservation_refused(title, refused)),
    }
}

/// Packs the manifest with what it names into a temporary file, which nobody has to remove.
pub async fn pack(manifest: Manifest, sources: Vec<(String, Source)>) -> Result<Packed> {
    let spinner = progress::spinner("packing");
    let packing = tokio::task::spawn_blocking(move || write_package(&manifest, sources)).await;
    spinner.finish_and_clear();
    packing?
}

fn write_package(manifest: &Manifest, sources: Vec<(String, Source)>) -> Result<Packed> {
    let target = BufWriter::new(tempfile::tempfile().or_cannot("make a temporary file")?);
    let mut package = PackageWriter::new(target, manifest).or_cannot("pack the file")?;
    let mut unpacked = 0;
    for (name, source) in sources {
        unpacked += match source {
            Source::File(path) => add_file(&mut package, &name, &path)?,
            Source::Bytes(bytes) => {
                package.add_file(&name, &mut &bytes[..]).or_cannot("pack the file")?
            }
        };
    }
    let target = package.finish().or_cannot("pack the file")?;
    let mut file = target.into_inner().or_cannot("pack the file")?;
    let packed = file.stream_position().or_cannot("pack the file")?;
    file.rewind().or_cannot("pack the file")?;
    Ok(Packed { file, packed, unpacked })
}

fn add_file(package: &mut PackageWriter<BufWriter<File>>, name: &str, path: &Path) -> Result<u64> {
    let reading = format!("read {}", path.display());
    let mut source = BufReader::new(File::open(path).or_cannot(&reading)?);
    let is_large = source.get_ref().metadata().or_cannot(&reading)?.len() >= u64::from(u32::MAX);
    let added = match is_large {
        true => package.add_large_file(name, &mut source),
        false => package.add_file(name, &mut source),
    };
    added.or_cannot(format_args!("pack {}", path.display()))
}

/// What the server says of an upload while it is under way.
enum News {
    Accepted,
    Arrived(u64),
    Over(UploadFinishReason),
}

fn news(event: &Event, cookie: i32) -> Option<News> {
    match event {
        Event::UploadAccepted { cookie: of } if *of == cookie => Some(News::Accepted),
        Event::UploadProgress { cookie: of, received } if *of == cookie => {
            Some(News::Arrived(*received))
        }
        Event::UploadRejected { cookie: of, reason }
        | Event::UploadFinished { cookie: of, reason }
            if *of == cookie =>
        {
            Some(News::Over(*reason))
        }
        _ => None,
    }
}

/// Sends a package and waits for what becomes of it: the content's number, where it is a new one.
async fn send_package(
    joined: &mut Joined,
    cookie: i32,
    packed: Packed,
    what: String,
) -> Result<Option<i64>> {
    let length = |length: u64| i64::try_from(length).or_cannot("share so large a file");
    let (total, unpacked) = (length(packed.packed)?, length(packed.unpacked)?);
    joined
        .act(move |conference, cx| conference.request_upload(cx, cookie, total, unpacked))
        .await?;
    match joined.until("whether it takes the file", |event, _| news(event, cookie)).await? {
        News::Over(reason) => return Err(Failure::explained(&explain::upload(reason))),
        News::Accepted | News::Arrived(_) => {}
    }
    let bar = progress::bytes(what, packed.packed);
    let sent = send(joined, cookie, packed, &bar).await;
    bar.finish_and_clear();
    let (reason, created) = match sent? {
        Some(reason) => (reason, None),
        None => finish(joined, cookie).await?,
    };
    match reason {
        UploadFinishReason::Ok => Ok(created),
        failed => Err(Failure::explained(&explain::upload(failed))),
    }
}

/// Sends everything. Where the server ends the upload before that, returns why.
async fn send(
    joined: &mut Joined,
    cookie: i32,
    packed: Packed,
    bar: &ProgressBar,
) -> Result<Option<UploadFinishReason>> {
    let Packed { mut file, packed, .. } = packed;
    let (mut sent, mut arrived) = (0, 0);
    while arrived < packed {
        if sent < packed && sent - arrived < WINDOW {
            let reading = tokio::task::spawn_blocking(move || read(file));
            let data;
            (file, data) = reading.await??;
            sent += data.len() as u64;
            // Where the stream is gone, the server's reason is on its way.
            let write = joined.act(move |conference, cx| conference.write(cx, cookie, data)).await;
            if write.is_ok() {
                continue;
            }
            sent = packed;
        }
        // That nothing more has arrived is no news.
        let more = |news: &News| !matches!(news, News::Arrived(bytes) if *bytes <= arrived);
        let news = |event: &Event, _: &_| news(event, cookie).filter(more);
        match joined.until("that the file arrives", news).await? {
            News::Over(reason) => return Ok(Some(reason)),
            News::Arrived(bytes) => arrived = bytes.min(sent),
            News::Accepted => {}
        }
        bar.set_position(arrived);
    }
    Ok(None)
}

/// Reads the next piece of a package. Blocks.
fn read(mut file: File) -> Result<(File, Bytes)> {
    let mut piece = Vec::with_capacity(WRITE);
    let mut limited = file.by_ref().take(WRITE as u64);
    limited.read_to_end(&mut piece).or_cannot("read the package")?;
    match piece.is_empty() {
        true => Err(Failure::new("the package has become shorter; share the file again")),
        false => Ok((file, piece.into())),
    }
}

/// Waits until the server has stored what was sent, and made a content of it where it is to be one.
async fn finish(joined: &mut Joined, cookie: i32) -> Result<(UploadFinishReason, Option<i64>)> {
    // Where the server has ended the upload, its reason is on its way.
    let _ = joined.act(move |conference, cx| conference.finish_upload(cx, cookie)).await;
    let spinner = progress::spinner("the server verifies the file");
    let mut created = None;
    let reason = joined.until_within(VERIFYING, None, "what became of the file", |event, _| {
        if let Event::ContentCreated { id, cookie: of } = event
            && *of == cookie
        {
            created = Some(*id);
        }
        match news(event, cookie) {
            Some(News::Over(reason)) => Some(reason),
            _ => None,
        }
    });
    let reason = reason.await;
    spinner.finish_and_clear();
    Ok((reason?, created))
}
