use std::{
    fs::File,
    io::{Read, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use indicatif::ProgressBar;
use psom_objects::client::NativeFile;
use psom_server::crypto::{Decryptor, FileKey, Plain};
use tempfile::NamedTempFile;

use crate::{
    failure::{Failure, Result, While},
    http::Http,
    joined::LinkArgs,
    out, progress,
};

/// Bytes that are read at a time.
const PIECE: usize = 64 << 10;

/// Download the file behind a content
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  psom get LINK Plan.pdf
  psom get LINK Plan.pdf -o /tmp/plan.pdf

The file is decrypted and verified on its way. It appears under its name only when all of it is
there, and replaces nothing that is there already, unless that is asked for with --force.")]
pub struct Get {
    #[command(flatten)]
    link: LinkArgs,
    /// The content's title.
    title: String,
    /// Where to put the file: a path, or a directory; by default here, under the title.
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Replace a file that is there.
    #[arg(short, long)]
    force: bool,
}

impl Get {
    pub async fn run(self) -> Result {
        let joined = self.link.join().await?;
        let (_, content) = joined.content(&self.title)?;
        let title = content.title.clone().unwrap_or_else(|| self.title.clone());
        let file = content.file.clone().ok_or_else(|| {
            Failure::new(format!("there is no file behind \"{title}\"; get another content"))
        })?;
        let target = target(self.output.as_deref(), &title)?;
        if !self.force && target.exists() {
            let shown = target.display();
            return Err(Failure::new(format!(
                "there is a file {shown} already; say another with -o, or replace it with --force"
            )));
        }
        let base = joined.model.url_base.clone();
        let base =
            base.ok_or_else(|| Failure::new("the server has not said where its files are"))?;
        let url = url(&base, &file.name)?;
        // Beside its place, so that it only has to be renamed. Dropped before that, it is removed,
        // also where the download still runs.
        let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = directory.unwrap_or(Path::new("."));
        let making = format!("write to {}", directory.display());
        let temporary = tempfile::Builder::new().prefix(".psom-").tempfile_in(directory);
        let temporary = temporary.or_cannot(&making)?;
        let plain = temporary.reopen().or_cannot(&making)?;
        let (http, key) = (joined.http.clone(), key(&file)?);
        let size = file.size;
        let bar = progress::bytes(out::printable(&title), u64::try_from(size).unwrap_or(0));
        let running = bar.clone();
        let download = move || download(&http, &url, &key, size, plain, &running);
        let result = tokio::task::spawn_blocking(download).await?;
        bar.finish_and_clear();
        verify(&file, result?)?;
        place(temporary, &target, self.force)?;
        joined.leave().await?;
        out::line(format_args!("{} ({size} bytes)", target.display()))
    }
}

fn key(file: &NativeFile) -> Result<FileKey> {
    FileKey::new(&file.key, &file.iv).or_cannot("decrypt the file")
}

/// The address of a file. Its name is one part of a path and nothing else.
fn url(base: &str, name: &str) -> Result<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
    if name.is_empty() || !name.chars().all(is_plain) || name.starts_with('.') {
        return Err(Failure::new("the server gave the file a name that cannot be downloaded"));
    }
    Ok(format!("{}/{name}", base.trim_end_matches('/')))
}

/// Where the file goes. A title is somebody else's text: as a name it must not lead elsewhere.
fn target(output: Option<&Path>, title: &str) -> Result<PathBuf> {
    if let Some(path) = output.filter(|path| !path.is_dir()) {
        return Ok(path.to_owned());
    }
    let bad = |c: char| c.is_control() || r#"\/:*?"<>|"#.contains(c);
    let name: String = title.chars().map(|c| if bad(c) { '_' } else { c }).collect();
    if name.trim_matches('.').is_empty() {
        return Err(Failure::new("the title is no file name; say where the file goes with -o"));
    }
    Ok(output.map_or_else(|| PathBuf::from(&name), |directory| directory.join(&name)))
}

/// Downloads and decrypts in pieces. Blocks.
fn download(
    http: &Http,
    url: &str,
    key: &FileKey,
    size: i64,
    mut plain: File,
    bar: &ProgressBar,
) -> Result<Plain> {
    let mut encrypted = http.download(url)?;
    let mut decryptor = Decryptor::new(key);
    let mut buffer = vec![0; PIECE];
    let mut written = 0_u64;
    loop {
        let count = encrypted.read(&mut buffer).or_cannot("download the file")?;
        if count == 0 {
            break;
        }
        let decrypted = decryptor.update(&buffer[..count]);
        written += decrypted.len() as u64;
        // A server that sends without end must not fill the disk.
        if i64::try_from(written).is_ok_and(|written| written > size) {
            return Err(Failure::new(DAMAGED));
        }
        plain.write_all(decrypted).or_cannot("write the file")?;
        bar.set_position(written);
    }
    let (last, known) = decryptor.finish().or_cannot("decrypt the file")?;
    plain.write_all(&last).and_then(|()| plain.sync_all()).or_cannot("write the file")?;
    Ok(known)
}

const DAMAGED: &str = "the file is not the one that was shared, it was damaged on its way; \
                       try again, or ask its owner to share it again";

fn verify(file: &NativeFile, plain: Plain) -> Result {
    let same = i64::try_from(plain.size) == Ok(file.size) && plain.sha1[..] == file.hash[..];
    if same { Ok(()) } else { Err(Failure::new(DAMAGED)) }
}

fn place(temporary: NamedTempFile, target: &Path, force: bool) -> Result {
    let result = match force {
        true => temporary.persist(target),
        false => temporary.persist_noclobber(target),
    };
    result.map(drop).or_cannot(format_args!("write {}", target.display()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_title_names_a_file_here_and_nowhere_else() {
        assert_eq!(target(None, "../../etc/passwd").unwrap(), Path::new(".._.._etc_passwd"));
        assert_eq!(target(None, "Plan.pdf").unwrap(), Path::new("Plan.pdf"));
        assert!(target(None, "..").is_err());
        let here = Path::new(".");
        assert_eq!(target(Some(here), "a\nb").unwrap(), Path::new("./a_b"));
        let path = Path::new("no such directory/x");
        assert_eq!(target(Some(path), "Plan.pdf").unwrap(), path);
    }

    #[test]
    fn a_file_is_below_the_base_and_nowhere_else() {
        assert_eq!(url("http://a/files/", "0f-x.bin").unwrap(), "http://a/files/0f-x.bin");
        assert_eq!(url("http://a/files", "0f").unwrap(), "http://a/files/0f");
        for name in ["", "..", "a/b", "a?b", "@b", "a b"] {
            assert!(url("http://a/files/", name).is_err(), "{name}");
        }
    }

    #[test]
    fn what_does_not_fit_what_was_told_is_refused() {
        let bytes = |byte: u8, length| vec![byte; length].into();
        let (name, size) = ("n".to_owned(), 5);
        let (key, iv, hash) = (bytes(1, 32), bytes(2, 16), bytes(3, 20));
        let file = NativeFile { name, key, iv, hash, size };
        assert!(verify(&file, Plain { size: 5, sha1: [3; 20] }).is_ok());
        assert!(verify(&file, Plain { size: 4, sha1: [3; 20] }).is_err());
        assert!(verify(&file, Plain { size: 5, sha1: [4; 20] }).is_err());
    }
}
