use std::{
    collections::BTreeSet,
    fs::{self, File},
    path::{Path, PathBuf},
};

use clap::Args;
use psom_objects::{
    package::{ContentDetail, CreateContent},
    types::ContentVisibility,
};
use psom_server::crypto::PlainDigest;

use super::args;
#[cfg(feature = "queue")]
use super::recordable::{self, Actions, Recordable};
#[cfg(feature = "cell")]
use crate::meeting::documents;
#[cfg(feature = "queue")]
use crate::meeting::texts;
use crate::{
    error::{CommandError, OrCannot as _, Result},
    files::title_from_name,
    meeting::{
        packing::Source,
        rejoining::{REJOINING, join_again},
        session::{LinkArgs, Meeting},
        upload,
    },
    terminal::out,
};

/// The file's name in its package. Users see the title instead.
const PART: &str = "file.bin";

/// Share files in a meeting
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom share LINK Plan.pdf
  psom share LINK *.pdf --visibility presenters
  psom share LINK report.docx --edit
  psom share LINK /tmp/x7f3 --title \"Plan for May.pdf\"

The title is the file's name, unless --title gives another. Organizers and presenters may share. If the
server restarts, the command joins again with the same invitation, and sends the file again.")]
pub(crate) struct Share {
    #[command(flatten)]
    link: LinkArgs,
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The title, for a single file, without any of \ / : * ? " < > |.
    #[arg(long)]
    title: Option<String>,
    /// The users who see the content at first.
    #[arg(long, value_name = "WHO", value_parser = args::visibility())]
    visibility: Option<ContentVisibility>,
    /// Let organizers and presenters edit the file together in Office; `psom open` prints the
    /// address.
    #[cfg(feature = "cell")]
    #[arg(long)]
    edit: bool,
}

impl Share {
    pub(crate) async fn run(self) -> Result {
        self.check_title()?;
        self.check_files()?;
        let mut meeting = self.link.enter().await?;
        meeting.check_visibility(self.visibility)?;
        for path in &self.files {
            upload::check_length(&meeting, path).map_err(|error| error.prefixed(path.display()))?;
        }
        for path in &self.files {
            let title = self.title_of(path)?;
            let shared = self.share_again(&mut meeting, path, &title).await;
            shared.map_err(|error| error.prefixed(path.display()))?;
            out::line(format_args!("Shared \"{}\".", out::printable(&title)))?;
        }
        meeting.leave().await
    }

    /// Shares a file. If the connection is lost, joins again and starts over, unless the server had created
    /// the content before.
    async fn share_again(&self, meeting: &mut Meeting, path: &Path, title: &str) -> Result {
        let known = meeting.read(|model| model.contents.keys().copied().collect()).await?;
        loop {
            let shared = share(meeting, path, title, self.visibility, self.is_edited()).await;
            let Err(CommandError::Unreachable(why)) = shared else { return shared.map(drop) };
            if !self.link.can_join_again()? {
                return Err(CommandError::Unreachable(why));
            }
            let mut line = Some(REJOINING);
            let joined = join_again(&mut line, async || self.link.join().await).await?;
            *meeting = joined.ok_or(CommandError::Unreachable(why))?;
            if is_shared(meeting, path, title, &known).await? {
                return Ok(());
            }
        }
    }

    fn check_title(&self) -> Result {
        if self.title.is_some() && self.files.len() > 1 {
            let why = "--title is for a single file; share the files one by one";
            return Err(CommandError::new(why));
        }
        Ok(())
    }

    fn title_of(&self, path: &Path) -> Result<String> {
        match &self.title {
            Some(title) => Ok(title.clone()),
            None => title_from_name(path),
        }
    }

    #[cfg_attr(
        not(feature = "cell"),
        expect(clippy::unused_self, reason = "the flag is a part of the feature")
    )]
    fn is_edited(&self) -> bool {
        #[cfg(feature = "cell")]
        return self.edit;
        #[cfg(not(feature = "cell"))]
        return false;
    }

    /// Checks all files before any of them is shared.
    fn check_files(&self) -> Result {
        for path in &self.files {
            let shown = path.display();
            let about = fs::metadata(path).or_cannot(format_args!("read {shown}"))?;
            if about.is_dir() {
                let why = format!("{shown} is a directory; share the files in it");
                return Err(CommandError::new(why));
            }
            // Opening a pipe would block until another program writes to it.
            if !about.is_file() {
                return Err(CommandError::new(format!(
                    "{shown} is not a regular file; name a file"
                )));
            }
            File::open(path).or_cannot(format_args!("read {shown}"))?;
        }
        Ok(())
    }
}

#[cfg(feature = "queue")]
impl Recordable for Share {
    fn record(&self, actions: &mut Actions) -> Result {
        self.check_title()?;
        self.check_files()?;
        for path in &self.files {
            let title = self.title_of(path)?;
            texts::check_line("the title", &title)?;
            let (content, sources) = content(path, &title, self.visibility, self.is_edited());
            recordable::package(actions, &title, content, sources)
                .map_err(|error| error.prefixed(path.display()))?;
        }
        Ok(())
    }
}

/// Reports whether a content with this title was created after the known ones, from this file.
async fn is_shared(
    meeting: &Meeting,
    path: &Path,
    title: &str,
    known: &BTreeSet<i64>,
) -> Result<bool> {
    let wanted = title.to_owned();
    let created = meeting.read(move |model| {
        let (id, content) = model.content_titled(&wanted)?;
        Some((id, content.file.clone()?))
    });
    let Some((id, file)) = created.await? else { return Ok(false) };
    if known.contains(&id) {
        return Ok(false);
    }
    let path = path.to_owned();
    let digest = tokio::task::spawn_blocking(move || PlainDigest::of(&mut File::open(path)?));
    let digest = digest.await?.or_cannot("read the file")?;
    Ok(u64::try_from(file.size) == Ok(digest.size) && file.hash[..] == digest.sha1)
}

/// Shares a file, as a document if `edit` is true, and returns the content's ID.
pub(crate) async fn share(
    meeting: &mut Meeting,
    path: &Path,
    title: &str,
    visibility: Option<ContentVisibility>,
    edit: bool,
) -> Result<i64> {
    let (content, sources) = content(path, title, visibility, edit);
    let packed = async { Ok((upload::pack(content.into(), sources).await?, ())) };
    Ok(upload::create(meeting, title, packed).await?.0)
}

/// Returns the manifest of a file's content, and the file.
fn content(
    path: &Path,
    title: &str,
    visibility: Option<ContentVisibility>,
    edit: bool,
) -> (CreateContent, Vec<(String, Source)>) {
    #[cfg(feature = "cell")]
    let (detail, part) = match edit {
        true => (documents::detail(), documents::part(title)),
        false => (ContentDetail::NativeFileOnly, PART.to_owned()),
    };
    #[cfg(not(feature = "cell"))]
    let (detail, part) = {
        let _ = edit;
        (ContentDetail::NativeFileOnly, PART.to_owned())
    };
    let mut content = CreateContent::new(title, detail).with_native_file(&*part);
    content.common.visibility = visibility;
    (content, vec![(part, Source::File(path.to_owned()))])
}
