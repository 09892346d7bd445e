//! Files from the file server: decrypted and verified on their way to the disk.

use std::{
    fs::File,
    io::{Read, Write},
    path::Path,
};

use bytes::Bytes;
use indicatif::ProgressBar;
use psom_objects::client::{EncryptedFile, NativeFile};
use psom_server::crypto::{Decryptor, FileKey, Plain};
use tempfile::NamedTempFile;

use crate::{
    failure::{Failure, Result, While},
    files,
    http::Http,
    progress,
};

/// Bytes that are read at a time.
const PIECE: usize = 64 << 10;

/// The most bytes of a file whose size was not told: the most that a package takes.
const MAX_SIZE: u64 = 1 << 30;

/// A file on the file server, with what is needed to read it.
pub struct Remote {
    url: String,
    key: FileKey,
    hash: Bytes,
    /// Where it was told.
    size: Option<i64>,
}

impl Remote {
    /// The file behind a content; `base` is what the meeting says of its file server.
    pub fn native(base: Option<&str>, file: &NativeFile) -> Result<Self> {
        let NativeFile { name, key, iv, hash, size } = file;
        Self::new(base, name, (key, iv), hash, Some(*size))
    }

    /// A file of an extended content, whose address is whole. It is below the base all the same:
    /// a server sends nobody elsewhere.
    pub fn encrypted(base: Option<&str>, file: &EncryptedFile) -> Result<Self> {
        let EncryptedFile { url, key, iv, hash } = file;
        let name = base.and_then(|base| url.strip_prefix(base)).unwrap_or(url);
        Self::new(base, name, (key, iv), hash, None)
    }

    fn new(
        base: Option<&str>,
        name: &str,
        (key, iv): (&Bytes, &Bytes),
        hash: &Bytes,
        size: Option<i64>,
    ) -> Result<Self> {
        let no_base = || Failure::new("the server has not said where its files are");
        let url = url(base.ok_or_else(no_base)?, name)?;
        let key = FileKey::new(key, iv).or_cannot("decrypt the file")?;
        Ok(Self { url, key, hash: hash.clone(), size })
    }

    /// Downloads the file to a temporary one in this directory, so that it only has to be renamed.
    /// Dropped before that, it is removed, also where the download still runs. Returns the number
    /// of bytes, too. The bar is called `what`.
    pub async fn fetch(
        self,
        http: &Http,
        directory: &Path,
        what: String,
    ) -> Result<(NamedTempFile, u64)> {
        let making = format!("write to {}", directory.display());
        let temporary = files::draft(directory)?;
        let plain = temporary.reopen().or_cannot(&making)?;
        let size = self.size.and_then(|size| u64::try_from(size).ok());
        let (http, bar) = (http.clone(), progress::bytes(what, size.unwrap_or(0)));
        let running = bar.clone();
        let download = move || {
            let known = download(&http, &self, plain, &running)?;
            verify(&self, known)
        };
        let result = tokio::task::spawn_blocking(download).await?;
        bar.finish_and_clear();
        Ok((temporary, result?))
    }
}

/// Gives a file its name. Nothing that is there already is replaced, unless by `force`.
pub fn place(temporary: NamedTempFile, target: &Path, force: bool) -> Result {
    let result = match force {
        true => temporary.persist(target),
        false => temporary.persist_noclobber(target),
    };
    result.map(drop).or_cannot(format_args!("write {}", target.display()))
}

/// The address of a file. Its name is one part of a path and nothing else.
pub fn url(base: &str, name: &str) -> Result<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
    if name.is_empty() || !name.chars().all(is_plain) || name.starts_with('.') {
        return Err(Failure::new("the server gave the file a name that cannot be downloaded"));
    }
    Ok(format!("{}/{name}", base.trim_end_matches('/')))
}

/// Downloads and decrypts in pieces. Blocks.
fn download(http: &Http, file: &Remote, mut plain: File, bar: &ProgressBar) -> Result<Plain> {
    let limit = match file.size {
        Some(size) => u64::try_from(size).unwrap_or(0),
        None => MAX_SIZE,
    };
    let mut encrypted = http.download(&file.url)?;
    let mut decryptor = Decryptor::new(&file.key);
    let mut buffer = vec![0; PIECE];
    let mut written = 0_u64;
    loop {
        let count = encrypted.read(&mut buffer).map_err(broken_off)?;
        if count == 0 {
            break;
        }
        let decrypted = decryptor.update(&buffer[..count]);
        written += decrypted.len() as u64;
        // A server that sends without end must not fill the disk.
        if written > limit {
            return Err(Failure::new(DAMAGED));
        }
        plain.write_all(decrypted).or_cannot("write the file")?;
        bar.set_position(written);
    }
    let (last, known) = decryptor.finish().or_cannot("decrypt the file")?;
    plain.write_all(&last).and_then(|()| plain.sync_all()).or_cannot("write the file")?;
    Ok(known)
}

/// What is said where a file ends before its end.
pub fn broken_off(error: std::io::Error) -> Failure {
    Failure::new(format!(
        "the download broke off ({error}); check that the server runs, and try again"
    ))
}

/// What is said of a file that is not what was told of it.
pub const DAMAGED: &str = "the file is not the one that was shared, it was damaged on its way; \
                       try again, or ask its owner to share it again";

fn verify(file: &Remote, plain: Plain) -> Result<u64> {
    let has_size = file.size.is_none_or(|size| i64::try_from(plain.size) == Ok(size));
    let same = has_size && plain.sha1[..] == file.hash[..];
    if same { Ok(plain.size) } else { Err(Failure::new(DAMAGED)) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_file_is_below_the_base_and_nowhere_else() {
        assert_eq!(url("http://a/files/", "0f-x.bin").unwrap(), "http://a/files/0f-x.bin");
        assert_eq!(url("http://a/files", "0f").unwrap(), "http://a/files/0f");
        for name in ["", "..", "a/b", "a?b", "@b", "a b"] {
            assert!(url("http://a/files/", name).is_err(), "{name}");
        }
    }

    fn bytes(byte: u8, length: usize) -> Bytes {
        vec![byte; length].into()
    }

    #[test]
    fn a_whole_address_is_below_the_base_too() {
        let remote = |url: &str| {
            let (key, iv, hash) = (bytes(1, 32), bytes(2, 16), bytes(3, 20));
            let file = EncryptedFile { url: url.to_owned(), key, iv, hash };
            Remote::encrypted(Some("http://a/files/"), &file).map(|remote| remote.url)
        };
        assert_eq!(remote("http://a/files/0f").unwrap(), "http://a/files/0f");
        assert_eq!(remote("0f").unwrap(), "http://a/files/0f");
        for elsewhere in ["http://b/files/0f", "http://a/0f", "http://a/files/../0f", "file:///x"] {
            assert!(remote(elsewhere).is_err(), "{elsewhere}");
        }
    }

    #[test]
    fn what_does_not_fit_what_was_told_is_refused() {
        let (name, size) = ("n".to_owned(), 5);
        let (key, iv, hash) = (bytes(1, 32), bytes(2, 16), bytes(3, 20));
        let file = NativeFile { name, key, iv, hash, size };
        let file = Remote::native(Some("http://a/"), &file).unwrap();
        assert!(verify(&file, Plain { size: 5, sha1: [3; 20] }).is_ok());
        assert!(verify(&file, Plain { size: 4, sha1: [3; 20] }).is_err());
        assert!(verify(&file, Plain { size: 5, sha1: [4; 20] }).is_err());
    }
}
