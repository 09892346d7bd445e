use std::{
    fs::{self, File},
    io::{BufReader, BufWriter, Read, Seek},
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use clap::Args;
use indicatif::ProgressBar;
use psom_objects::{
    client::{Event, explain},
    package::{self, ContentDetail, CreateContent, Manifest, PackageWriter},
    types::{TitleReservationStatus, UploadFinishReason},
};

use super::visibility::Who;
use crate::{
    failure::{Failure, Result, While},
    joined::{Joined, LinkArgs},
    out, progress,
};

/// Bytes of one write.
const WRITE: usize = 64 << 10;

/// Bytes that may be under way without having arrived: 8 writes. Enough to keep a fast connection
/// busy, little enough to leave room for everything else.
const WINDOW: u64 = 8 * WRITE as u64;

/// How long the server may take to verify and store a package.
const VERIFYING: Duration = Duration::from_secs(300);

/// The file's name in its package. What people see is the title.
const PART: &str = "file.bin";

/// Share files in a meeting
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom share LINK Plan.pdf
  psom share LINK *.pdf --visibility presenters
  psom share LINK /tmp/x7f3 --title \"Plan for May.pdf\"

The title is the file's name, unless another is given. Organizers and presenters may share.")]
pub struct Share {
    #[command(flatten)]
    link: LinkArgs,
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The title, where it is one file.
    #[arg(long)]
    title: Option<String>,
    /// Who sees the content at first.
    #[arg(long, value_name = "WHO")]
    visibility: Option<Who>,
}

/// A package that is ready to be sent.
struct Packed {
    file: File,
    packed: u64,
    unpacked: u64,
}

impl Share {
    pub async fn run(self) -> Result {
        if self.title.is_some() && self.files.len() > 1 {
            return Err(Failure::new("one title is for one file; share the files one by one"));
        }
        // What cannot be read is better known before anything is shared.
        for path in &self.files {
            let shown = path.display();
            let about = fs::metadata(path).or_cannot(format_args!("read {shown}"))?;
            if about.is_dir() {
                return Err(Failure::new(format!("{shown} is a directory; share the files in it")));
            }
            // To open a pipe would wait for whoever writes into it.
            if !about.is_file() {
                return Err(Failure::new(format!("{shown} is no file; share files")));
            }
            File::open(path).or_cannot(format_args!("read {shown}"))?;
        }
        let mut joined = self.link.join().await?;
        for path in &self.files {
            let title = match &self.title {
                Some(title) => title.clone(),
                None => title(path)?,
            };
            let shared = share(&mut joined, path, &title, self.visibility).await;
            shared.map_err(|failure| match failure {
                Failure::Said(why) => Failure::new(format!("{}: {why}", path.display())),
                other => other,
            })?;
            out::line(format_args!("Shared \"{}\".", out::printable(&title)))?;
        }
        joined.leave().await
    }
}

fn title(path: &Path) -> Result<String> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned).ok_or_else(|| {
        Failure::new(format!("{} has no name in Unicode; say --title", path.display()))
    })
}

async fn share(joined: &mut Joined, path: &Path, title: &str, visibility: Option<Who>) -> Result {
    let cookie = reserve(joined, title).await?;
    let result = async {
        let packed = pack(path, title, visibility).await?;
        upload(joined, cookie, packed, title).await
    };
    let result = result.await;
    if result.is_err() {
        // For those who come after us. The server drops it with the connection in any case.
        let _ = joined.act(move |conference, cx| conference.release_title(cx, cookie)).await;
    }
    result
}

async fn reserve(joined: &mut Joined, title: &str) -> Result<i32> {
    let title = title.to_owned();
    let cookie = joined.act(|conference, cx| conference.reserve_title(cx, title)).await?;
    let answer = joined.until("whether the title is free", |event, _| match event {
        Event::TitleReservation { cookie: of, status, .. } if *of == cookie => Some(*status),
        _ => None,
    });
    match answer.await? {
        TitleReservationStatus::ReservedForCreation => Ok(cookie),
        refused => Err(Failure::explained(&explain::reservation(refused))),
    }
}

/// Packs a file into a package in a temporary file, which nobody has to remove.
async fn pack(path: &Path, title: &str, visibility: Option<Who>) -> Result<Packed> {
    let mut content =
        CreateContent::new(title, ContentDetail::NativeFileOnly).with_native_file(PART);
    content.common.visibility = visibility.map(|who| match who {
        Who::Organizer => package::Visibility::MeetingOrganizer,
        Who::Presenters => package::Visibility::Presenters,
        Who::Everyone => package::Visibility::Everyone,
    });
    let path = path.to_owned();
    let spinner = progress::spinner("packing");
    let packing = tokio::task::spawn_blocking(move || write_package(&path, &content.into())).await;
    spinner.finish_and_clear();
    packing?
}

fn write_package(path: &Path, manifest: &Manifest) -> Result<Packed> {
    let reading = format!("read {}", path.display());
    let mut source = BufReader::new(File::open(path).or_cannot(&reading)?);
    let is_large = source.get_ref().metadata().or_cannot(&reading)?.len() >= u64::from(u32::MAX);
    let target = BufWriter::new(tempfile::tempfile().or_cannot("make a temporary file")?);
    let packing = format!("pack {}", path.display());
    let mut package = PackageWriter::new(target, manifest).or_cannot(&packing)?;
    let unpacked = match is_large {
        true => package.add_large_file(PART, &mut source),
        false => package.add_file(PART, &mut source),
    };
    let unpacked = unpacked.or_cannot(&packing)?;
    let target = package.finish().or_cannot(&packing)?;
    let mut file = target.into_inner().or_cannot(&packing)?;
    let packed = file.stream_position().or_cannot(&packing)?;
    file.rewind().or_cannot(&packing)?;
    Ok(Packed { file, packed, unpacked })
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

async fn upload(joined: &mut Joined, cookie: i32, packed: Packed, title: &str) -> Result {
    let length = |length: u64| i64::try_from(length).or_cannot("share so large a file");
    let (total, unpacked) = (length(packed.packed)?, length(packed.unpacked)?);
    joined
        .act(move |conference, cx| conference.request_upload(cx, cookie, total, unpacked))
        .await?;
    match joined.until("whether it takes the file", |event, _| news(event, cookie)).await? {
        News::Over(reason) => return Err(Failure::explained(&explain::upload(reason))),
        News::Accepted | News::Arrived(_) => {}
    }
    let bar = progress::bytes(out::printable(title), packed.packed);
    let sent = send(joined, cookie, packed, &bar).await;
    bar.finish_and_clear();
    let reason = match sent? {
        Some(reason) => reason,
        None => finish(joined, cookie).await?,
    };
    match reason {
        UploadFinishReason::Ok => Ok(()),
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
        match joined.until("that the file arrives", |event, _| news(event, cookie)).await? {
            News::Over(reason) => return Ok(Some(reason)),
            News::Arrived(bytes) => arrived = bytes,
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

/// Waits until the server has stored what was sent.
async fn finish(joined: &mut Joined, cookie: i32) -> Result<UploadFinishReason> {
    joined.act(move |conference, cx| conference.finish_upload(cx, cookie)).await?;
    let spinner = progress::spinner("the server verifies the file");
    let what = "what became of the file";
    let reason = joined.until_within(VERIFYING, what, |event, _| match news(event, cookie) {
        Some(News::Over(reason)) => Some(reason),
        _ => None,
    });
    let reason = reason.await;
    spinner.finish_and_clear();
    reason
}
