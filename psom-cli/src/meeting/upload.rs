//! Uploads of packages that are packed while they are sent, so that little of them is in memory.

use std::{path::Path, time::Duration};

use indicatif::{HumanBytes, ProgressBar};
use psom_client::{ActionError, Actions, Reservation};
use psom_objects::{
    client::{Event, RequestError, Upload, UploadEvent},
    package::Manifest,
    types::UploadFinishReason,
};

use super::{
    answers::action_failed,
    packing::{PackedFile, PackedReader, Source, packed_length},
    session::Meeting,
    texts,
};
use crate::{
    error::{CommandError, Result},
    render::refusal,
    terminal::{out, progress},
};

/// The time that the server may take between two steps of an upload. After the last byte, it verifies
/// and stores the package, which is slow for a large one.
const STEP_TIMEOUT: Duration = Duration::from_secs(300);

/// The time that the server may take to announce why it has ended an upload, or which content a file has
/// become.
const REASON_TIMEOUT: Duration = Duration::from_secs(10);

/// A package that is ready to be sent.
pub(crate) struct Packed {
    upload: Upload,
    packed_bytes: u64,
}

/// Reserves a title, makes the package that is to have it, and uploads the package. Returns the
/// content's ID, and the other result of `pack`. After a failure, the title is free again.
pub(crate) async fn create<T>(
    meeting: &mut Meeting,
    title: &str,
    pack: impl Future<Output = Result<(Packed, T)>>,
) -> Result<(i64, T)> {
    let cookie = reserve(meeting, title).await?.cookie();
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
    let follow = Follow { cookie, packed_bytes, creates: true };
    let id = follow.run(meeting, out::printable(title)).await?;
    let id = id.ok_or_else(|| {
        CommandError::new("the server has not said which content the file has become; update psom")
    });
    Ok((id?, other))
}

/// Uploads a package for an existing content. `message` is shown with the progress bar.
pub(crate) async fn add(meeting: &mut Meeting, packed: Packed, message: String) -> Result {
    let Packed { upload, packed_bytes } = packed;
    let cookie = meeting.act(move |conference, cx| conference.upload(cx, upload)).await?;
    let follow = Follow { cookie, packed_bytes, creates: false };
    follow.run(meeting, message).await.map(drop)
}

async fn reserve(meeting: &mut Meeting, title: &str) -> Result<Reservation> {
    texts::check_line("the title", title)?;
    let reserve = async |actions: Actions| actions.reserve_title(title).await;
    match meeting.perform("whether the title is free", reserve).await? {
        Ok(reservation) => Ok(reservation),
        Err(ActionError::Request(RequestError::TitleRefused { status, .. })) => {
            Err(texts::reservation_refused(title, status, texts::CHOOSE_WITH_OPTION))
        }
        Err(error) => Err(action_failed(error)),
    }
}

/// Prepares a package that is packed while it is sent, so that nothing is copied to the disk.
pub(crate) async fn pack(manifest: Manifest, sources: Vec<(String, Source)>) -> Result<Packed> {
    let files = sources.into_iter().map(|(name, source)| {
        let length = source.length()?;
        Ok(PackedFile { name, source, length })
    });
    let files = files.collect::<Result<Vec<_>>>()?;
    let measuring = manifest.clone();
    let (files, packed_bytes) = tokio::task::spawn_blocking(move || {
        let bytes = packed_length(&measuring, &files)?;
        Ok::<_, CommandError>((files, bytes))
    })
    .await??;
    let unpacked_bytes = files.iter().map(|file| file.length).sum();
    let reader = PackedReader::start(manifest.clone(), files);
    let upload = Upload::from_reader(&manifest, reader, packed_bytes, unpacked_bytes);
    Ok(Packed { upload, packed_bytes })
}

/// Rejects files that the server would reject, before anything is sent.
pub(crate) fn check_length(meeting: &Meeting, path: &Path) -> Result {
    let length = Source::File(path.to_owned()).length()?;
    match meeting.package_limit() {
        Some(limit) if length > limit => Err(CommandError::new(format!(
            "the file has {}, and the server accepts at most {}; share a smaller one",
            HumanBytes(length),
            HumanBytes(limit)
        ))),
        _ => Ok(()),
    }
}

/// A step that an upload makes.
enum Step {
    Accepted,
    Arrived(u64),
    Created(i64),
    Disconnected,
    Ended(UploadFinishReason),
}

fn step(event: &Event, cookie: i32) -> Option<Step> {
    match event {
        Event::Upload { cookie: of, event } if *of == cookie => match event {
            UploadEvent::Accepted => Some(Step::Accepted),
            UploadEvent::Progress { received } => Some(Step::Arrived(*received)),
            UploadEvent::ContentCreated { content } => Some(Step::Created(*content)),
            UploadEvent::Disconnected => Some(Step::Disconnected),
            UploadEvent::Rejected { reason } | UploadEvent::Finished { reason } => {
                Some(Step::Ended(*reason))
            }
            _ => None,
        },
        _ => None,
    }
}

/// An upload that is followed to its end.
pub(super) struct Follow {
    pub(super) cookie: i32,
    pub(super) packed_bytes: u64,
    /// Whether the upload becomes a content.
    pub(super) creates: bool,
}

impl Follow {
    /// Follows the upload. Returns the ID of the content that it has become, if it creates one. The
    /// upload is cancelled if the command is interrupted or fails before.
    pub(super) async fn run(self, meeting: &mut Meeting, message: String) -> Result<Option<i64>> {
        meeting.set_upload(Some(self.cookie));
        let mut bar = None;
        let result = self.steps(meeting, message, &mut bar).await;
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        result
    }

    async fn steps(
        self,
        meeting: &mut Meeting,
        message: String,
        bar: &mut Option<ProgressBar>,
    ) -> Result<Option<i64>> {
        let (mut created, mut arrived, mut what) = (None, 0, "whether it accepts the file");
        let (mut limit, mut is_finished) = (STEP_TIMEOUT, false);
        loop {
            // A step without progress does not count, so a server cannot postpone the time limit with it.
            let is_step = |step: &Step| !matches!(step, Step::Arrived(bytes) if *bytes <= arrived);
            let next = meeting
                .until_within(limit, None, what, |event| step(event, self.cookie).filter(is_step));
            match next.await? {
                Step::Accepted => {
                    *bar = Some(progress::bytes(message.clone(), self.packed_bytes));
                    what = "the arrival of the file";
                }
                Step::Arrived(bytes) => {
                    arrived = bytes;
                    if let Some(bar) = &bar {
                        bar.set_position(bytes);
                    }
                    if bytes == self.packed_bytes {
                        bar.replace(progress::spinner("the server verifies the file"))
                            .inspect(ProgressBar::finish_and_clear);
                        what = "the result of the upload";
                    }
                }
                Step::Created(content) => created = Some(content),
                // The client has cancelled the upload. The server may still send its reason.
                Step::Disconnected => {
                    limit = REASON_TIMEOUT;
                    what = "why it has ended the upload";
                }
                Step::Ended(UploadFinishReason::Ok) => {
                    meeting.set_upload(None);
                    is_finished = true;
                    limit = REASON_TIMEOUT;
                    what = "which content the file has become";
                }
                Step::Ended(reason) => {
                    meeting.set_upload(None);
                    return Err(CommandError::from_sentence(&refusal::upload(reason)));
                }
            }
            // The specification does not say whether the content is announced before the end.
            if is_finished && (created.is_some() || !self.creates) {
                return Ok(created);
            }
        }
    }
}
