use std::path::{Path, PathBuf};

use clap::Args;

use super::{get_slides, get_url};
use crate::{
    download::{Remote, place},
    failure::{Failure, Result, While},
    files,
    joined::LinkArgs,
    out,
};

/// Download the file behind a content, or the slides of a presentation
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom get LINK Plan.pdf
  psom get LINK Plan.pdf -o /tmp/plan.pdf
  psom get LINK Talk.pdf --slides /tmp/talk
  psom get LINK Plan.pdf --decrypted-url

The file is decrypted and verified on its way. It appears under its name only when all of it is
there, and replaces nothing that is there already, unless that is asked for with --force.

With --slides, each slide is a file slide-01.jpg, and its notes are slide-01.txt. Where slides are
missing, the program says which, and ends with 1.")]
pub struct Get {
    #[command(flatten)]
    link: LinkArgs,
    /// The content's title.
    title: String,
    /// Where to put the file: a path, or a directory, or `-` for standard output; by default here,
    /// under the title.
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Download the slides as pictures, with their notes, into this directory, which is made where
    /// it is missing.
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    slides: Option<PathBuf>,
    /// Replace files that are there.
    #[arg(short, long)]
    force: bool,
    /// Print an address where a browser can download the file decrypted, once and for ten minutes.
    #[arg(long, conflicts_with_all = ["output", "slides", "force"])]
    decrypted_url: bool,
}

impl Get {
    pub async fn run(self) -> Result {
        let joined = self.link.join().await?;
        let (_, content) = joined.content(&self.title)?;
        let title = content.title.clone().unwrap_or_else(|| self.title.clone());
        let base = joined.model.url_base.as_deref();
        if let Some(directory) = &self.slides {
            let Some(slides) = &content.slides else {
                let instead = match content.file {
                    Some(_) => "get its file, without --slides",
                    None => "get a presentation",
                };
                return Err(Failure::new(format!("\"{title}\" has no slides; {instead}")));
            };
            get_slides::get(&joined.http, base, &title, slides, directory, self.force).await?;
            return joined.leave().await;
        }
        let file = content.file.clone().ok_or_else(|| {
            Failure::new(format!("there is no file behind \"{title}\"; get another content"))
        })?;
        if self.decrypted_url {
            return get_url::get(joined, file.name).await;
        }
        let remote = Remote::native(base, &file)?;
        if self.output.as_deref() == Some(Path::new("-")) {
            let directory = files::own_directory("psom-get-")?;
            let shown = out::printable(&title);
            // It is verified before anything of it is passed on.
            let (file, _) = remote.fetch(&joined.http, directory.path(), shown).await?;
            joined.leave().await?;
            return out::file(&mut file.reopen().or_cannot("read the file")?);
        }
        let target = target(self.output.as_deref(), &title)?;
        free(&target, self.force)?;
        let directory = files::directory_of(&target);
        let fetched = remote.fetch(&joined.http, directory, out::printable(&title)).await?;
        let (temporary, size) = fetched;
        place(temporary, &target, self.force)?;
        joined.leave().await?;
        out::line(format_args!("{} ({size} bytes)", target.display()))
    }
}

/// Asks for another name where a file is there already, before anything is downloaded.
pub fn free(target: &Path, force: bool) -> Result {
    if force || !target.exists() {
        return Ok(());
    }
    let shown = target.display();
    Err(Failure::new(format!(
        "there is a file {shown} already; say another place, or replace it with --force"
    )))
}

/// Where the file goes. A title is somebody else's text: as a name it must not lead elsewhere.
fn target(output: Option<&Path>, title: &str) -> Result<PathBuf> {
    if let Some(path) = output.filter(|path| !path.is_dir()) {
        return Ok(path.to_owned());
    }
    let bad = |c: char| c.is_control() || r#"\/:*?"<>|"#.contains(c);
    let mut name: String = title.chars().map(|c| if bad(c) { '_' } else { c }).collect();
    if name.trim_matches('.').is_empty() {
        return Err(Failure::new("the title is no file name; say where the file goes with -o"));
    }
    // Nobody gives others a file that is not seen, or that a program reads as its own.
    if name.starts_with('.') {
        name.replace_range(..1, "_");
    }
    // What most file systems take.
    if name.len() > 255 {
        let why = "the title is too long for a file name; say where the file goes with -o";
        return Err(Failure::new(why));
    }
    Ok(output.map_or_else(|| PathBuf::from(&name), |directory| directory.join(&name)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_title_names_a_file_here_and_nowhere_else() {
        assert_eq!(target(None, "../../etc/passwd").unwrap(), Path::new("_._.._etc_passwd"));
        assert_eq!(target(None, "Plan.pdf").unwrap(), Path::new("Plan.pdf"));
        assert_eq!(target(None, ".bashrc").unwrap(), Path::new("_bashrc"));
        assert_eq!(target(Some(Path::new(".bashrc")), "x").unwrap(), Path::new(".bashrc"));
        let path = Path::new("no such directory/x");
        assert!(target(None, "..").is_err());
        assert!(target(None, &"\u{6f22}".repeat(85)).is_ok());
        assert!(target(None, &"\u{6f22}".repeat(86)).is_err());
        assert!(target(Some(path), &"\u{6f22}".repeat(86)).is_ok());
        let here = Path::new(".");
        assert_eq!(target(Some(here), "a\nb").unwrap(), Path::new("./a_b"));
        assert_eq!(target(Some(path), "Plan.pdf").unwrap(), path);
    }
}
