pub(super) mod slides;
mod url;

use std::path::{Path, PathBuf};

use clap::Args;
use tempfile::{NamedTempFile, TempDir};

use crate::{
    error::{CommandError, OrCannot as _, Result},
    files,
    meeting::{
        download::{RemoteFile, check_free, save},
        session::{LinkArgs, Meeting},
    },
    terminal::out,
};

/// Download the file behind a content, or the slides of a presentation
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom get LINK Plan.pdf
  psom get LINK Plan.pdf -o /tmp/plan.pdf
  psom get LINK Talk.pdf --slides /tmp/talk
  psom get LINK Plan.pdf --decrypted-url
  psom get LINK report.docx --revision 2

The file is decrypted and verified. It gets its name when it is complete, and replaces an existing
file only with --force.

With --slides, each slide becomes a file slide-01.jpg, and its notes slide-01.txt. If slides are
missing, the command lists them and exits with 1.")]
pub(crate) struct Get {
    #[command(flatten)]
    link: LinkArgs,
    /// The content's title.
    title: String,
    /// The file or directory to write to, or `-` for standard output; by default a file with the
    /// content's title in the current directory.
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Download the slides as pictures, with their notes, into this directory. It is created if it
    /// is missing.
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    slides: Option<PathBuf>,
    /// Download an old revision of a document.
    #[cfg(feature = "cell")]
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["slides", "decrypted_url"])]
    revision: Option<i64>,
    /// Replace existing files.
    #[arg(short, long)]
    force: bool,
    /// Print an address where a browser can download the decrypted file, once within ten minutes.
    #[arg(long, conflicts_with_all = ["output", "slides", "force"])]
    decrypted_url: bool,
}

impl Get {
    pub(crate) async fn run(self) -> Result {
        match self.link.in_meeting(async |meeting| self.get(meeting).await).await? {
            Got::Saved => Ok(()),
            Got::Line(line) => out::line(line),
            Got::File { file, .. } => out::file(&mut file.reopen().or_cannot("read the file")?),
        }
    }

    /// Downloads what the options name.
    async fn get(&self, meeting: &mut Meeting) -> Result<Got> {
        #[cfg_attr(
            not(feature = "cell"),
            expect(unused_variables, reason = "only revisions need the ID")
        )]
        let (id, content) = meeting.content(&self.title).await?;
        let title = content.title.unwrap_or_else(|| self.title.clone());
        let base = meeting.read(|model| model.url_base.clone()).await?;
        let base = base.as_deref();
        if let Some(directory) = &self.slides {
            let Some(slides) = &content.slides else {
                let instead = match content.file {
                    Some(_) => "get its file, without --slides",
                    None => "choose a presentation",
                };
                return Err(CommandError::new(format!("\"{title}\" has no slides; {instead}")));
            };
            slides::save_all(meeting.http(), base, &title, slides, directory, self.force).await?;
            return Ok(Got::Saved);
        }
        #[cfg(feature = "cell")]
        let content_file = match self.revision {
            Some(number) => Some(revision(meeting, id, &title, number).await?),
            None => content.file,
        };
        #[cfg(not(feature = "cell"))]
        let content_file = content.file;
        let file = content_file.ok_or_else(|| {
            let instead = instead(&content.kind, &title);
            CommandError::new(format!("\"{title}\" has no file; {instead}"))
        })?;
        if self.decrypted_url {
            return url::request(meeting, file.name).await.map(Got::Line);
        }
        let remote = RemoteFile::native(base, &file)?;
        let message = out::printable(&title);
        if self.output.as_deref() == Some(Path::new("-")) {
            let directory = files::private_directory("psom-get-")?;
            // The whole file is verified before any of it is written to standard output.
            let (file, _) = remote.fetch(meeting.http(), directory.path(), message).await?;
            return Ok(Got::File { file, _directory: directory });
        }
        let target = target(self.output.as_deref(), &title)?;
        check_free(&target, self.force)?;
        let directory = files::directory_of(&target);
        let (temporary, size) = remote.fetch(meeting.http(), directory, message).await?;
        save(temporary, &target, self.force)?;
        Ok(Got::Line(format!("{} ({size} bytes)", target.display())))
    }
}

/// The result of a download.
enum Got {
    /// Everything is saved, and there is nothing to print.
    Saved,
    /// A line for people.
    Line(String),
    /// A file for standard output, in a temporary directory that is removed with this value.
    File { file: NamedTempFile, _directory: TempDir },
}

/// Returns the file of a document's revision.
#[cfg(feature = "cell")]
async fn revision(
    meeting: &mut Meeting,
    id: i64,
    title: &str,
    number: i64,
) -> Result<psom_objects::client::NativeFile> {
    // The state of the document has arrived when the server has answered this.
    meeting.settle().await?;
    let document = meeting.documents().get(id).ok_or_else(|| {
        CommandError::new(format!("\"{title}\" is not a document and has no revisions"))
    })?;
    document.file(number).ok_or_else(|| {
        let numbers = document.revisions.iter().map(|revision| revision.number.to_string());
        let numbers = numbers.collect::<Vec<_>>().join(", ");
        CommandError::new(format!("\"{title}\" has no revision {number}; choose from {numbers}"))
    })
}

/// Returns the remedy for a content that has no file.
fn instead(kind: &str, title: &str) -> String {
    match kind {
        "Content.Whiteboard" => format!("get it with `psom whiteboard LINK '{title}' export`"),
        "Content.Poll" => format!("get its votes with `psom poll LINK results '{title}'`"),
        "Content.Qna" => format!("get its questions with `psom qna LINK show '{title}'`"),
        "Content.SharedNotes" => format!("get its address with `psom notes LINK show '{title}'`"),
        _ => "choose another content".to_owned(),
    }
}

/// The longest file name that common file systems accept.
const MAX_FILE_NAME_BYTES: usize = 255;

/// Returns the path to write to. A title comes from another user, so a name made from it must not
/// lead to another directory.
fn target(output: Option<&Path>, title: &str) -> Result<PathBuf> {
    if let Some(path) = output.filter(|path| !path.is_dir()) {
        return Ok(path.to_owned());
    }
    let name = files::file_name(title);
    if name.len() > MAX_FILE_NAME_BYTES {
        let why = "the title is too long for a file name; choose a file with -o";
        return Err(CommandError::new(why));
    }
    Ok(output.map_or_else(|| PathBuf::from(&name), |directory| directory.join(&name)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_title_names_a_file_in_the_directory() {
        assert_eq!(target(None, "../../etc/passwd").unwrap(), Path::new("_._.._etc_passwd"));
        assert_eq!(target(None, "Plan.pdf").unwrap(), Path::new("Plan.pdf"));
        assert_eq!(target(None, ".bashrc").unwrap(), Path::new("_bashrc"));
        assert_eq!(target(Some(Path::new(".bashrc")), "x").unwrap(), Path::new(".bashrc"));
        let path = Path::new("no such directory/x");
        assert_eq!(target(None, "..").unwrap(), Path::new("_."));
        assert_eq!(target(Some(Path::new(".")), "...").unwrap(), Path::new("./_.."));
        assert_eq!(target(None, " ").unwrap(), Path::new("_"));
        assert_eq!(target(None, "a\u{fffe}\u{7}b\u{202e}").unwrap(), Path::new("a__b_"));
        assert!(target(None, &"\u{6f22}".repeat(85)).is_ok());
        assert!(target(None, &"\u{6f22}".repeat(86)).is_err());
        assert!(target(Some(path), &"\u{6f22}".repeat(86)).is_ok());
        let here = Path::new(".");
        assert_eq!(target(Some(here), "a\nb").unwrap(), Path::new("./a_b"));
        assert_eq!(target(Some(path), "Plan.pdf").unwrap(), path);
    }
}
