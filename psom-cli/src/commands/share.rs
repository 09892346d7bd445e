use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use clap::Args;
use psom_objects::{
    package::{ContentDetail, CreateContent},
    types::ContentVisibility,
};

use super::args;
use crate::{
    error::{CommandError, OrCannot, Result},
    files::title_from_name,
    meeting::{
        session::{LinkArgs, Meeting},
        upload::{self, Source},
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
  psom share LINK /tmp/x7f3 --title \"Plan for May.pdf\"

The title is the file's name, unless --title gives another. Organizers and presenters may share.")]
pub struct Share {
    #[command(flatten)]
    link: LinkArgs,
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The title, for a single file.
    #[arg(long)]
    title: Option<String>,
    /// The users who see the content at first.
    #[arg(long, value_name = "WHO", value_parser = args::visibility())]
    visibility: Option<ContentVisibility>,
}

impl Share {
    pub async fn run(self) -> Result {
        if self.title.is_some() && self.files.len() > 1 {
            let why = "--title is for a single file; share the files one by one";
            return Err(CommandError::new(why));
        }
        // All files are checked before any of them is shared.
        for path in &self.files {
            let shown = path.display();
            let about = fs::metadata(path).or_cannot(format_args!("read {shown}"))?;
            if about.is_dir() {
                let why = format!("{shown} is a directory; share the files in it");
                return Err(CommandError::new(why));
            }
            // Opening a pipe would block until another program writes to it.
            if !about.is_file() {
                return Err(CommandError::new(format!("{shown} is not a regular file")));
            }
            File::open(path).or_cannot(format_args!("read {shown}"))?;
        }
        let mut meeting = self.link.join().await?;
        for path in &self.files {
            let title = match &self.title {
                Some(title) => title.clone(),
                None => title_from_name(path)?,
            };
            let shared = share(&mut meeting, path, &title, self.visibility).await;
            shared.map_err(|error| error.prefixed(path.display()))?;
            out::line(format_args!("Shared \"{}\".", out::printable(&title)))?;
        }
        meeting.leave().await
    }
}

async fn share(
    meeting: &mut Meeting,
    path: &Path,
    title: &str,
    visibility: Option<ContentVisibility>,
) -> Result {
    let mut content =
        CreateContent::new(title, ContentDetail::NativeFileOnly).with_native_file(PART);
    content.common.visibility = visibility;
    let source = vec![(PART.to_owned(), Source::File(path.to_owned()))];
    let packed = async { Ok((upload::pack(content.into(), source).await?, ())) };
    upload::create(meeting, title, packed).await.map(drop)
}
