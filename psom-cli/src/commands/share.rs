use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use clap::Args;
use psom_objects::package::{ContentDetail, CreateContent};

use super::visibility::Who;
use crate::{
    failure::{Failure, Result, While},
    joined::{Joined, LinkArgs},
    out,
    upload::{self, Source},
};

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
                None => name(path)?,
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

/// What a file is called where it gets no other title: its own name.
pub fn name(path: &Path) -> Result<String> {
    let own = path.file_name().and_then(|name| name.to_str());
    own.map(str::to_owned).ok_or_else(|| {
        Failure::new(format!("{} has no name in Unicode; say --title", path.display()))
    })
}

async fn share(joined: &mut Joined, path: &Path, title: &str, visibility: Option<Who>) -> Result {
    let mut content =
        CreateContent::new(title, ContentDetail::NativeFileOnly).with_native_file(PART);
    content.common.visibility = visibility.map(Into::into);
    let source = vec![(PART.to_owned(), Source::File(path.to_owned()))];
    let packed = async { Ok((upload::pack(content.into(), source).await?, ())) };
    upload::create(joined, title, packed).await.map(drop)
}
