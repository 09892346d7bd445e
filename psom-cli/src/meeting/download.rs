//! Downloads from the file server. Files are decrypted and verified before they get their names.

use std::{
    io::{Read as _, Write},
    path::Path,
};

use bytes::Bytes;
use indicatif::ProgressBar;
use psom_objects::client::{EncryptedFile, NativeFile};
use psom_server::crypto::{Decryptor, FileKey, PlainDigest};
use tempfile::NamedTempFile;

use crate::{
    error::{CommandError, OrCannot as _, Result},
    files,
    http::client::Http,
    terminal::progress,
};

/// The size of one read.
const PIECE_BYTES: usize = 64 << 10;

/// Upper bound on a file whose size is not known: the largest file that a package can have.
const MAX_FILE_BYTES: u64 = 1 << 30;

/// Upper bound on a picture that is put into another picture.
const MAX_PICTURE_BYTES: u64 = 64 << 20;

/// A file on the file server, with the means to decrypt it.
pub(crate) struct RemoteFile {
    url: String,
    key: FileKey,
    hash: Bytes,
    /// The size of the decrypted file, if it is known.
    size: Option<i64>,
}

impl RemoteFile {
    /// Returns the file behind a content. `base` is the meeting's URL base.
    pub(crate) fn native(base: Option<&str>, file: &NativeFile) -> Result<Self> {
        let NativeFile { name, key, iv, hash, size } = file;
        Self::new(base, name, (key, iv), hash, Some(*size))
    }

    /// Returns a file with a complete address, which must be below the base: a meeting cannot make
    /// its clients download from elsewhere.
    pub(crate) fn encrypted(base: Option<&str>, file: &EncryptedFile) -> Result<Self> {
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
        let no_base =
            || CommandError::new("the server has not sent the address of its file server");
        let url = url(base.ok_or_else(no_base)?, name)?;
        let key = FileKey::new(key, iv).or_cannot("decrypt the file")?;
        Ok(Self { url, key, hash: hash.clone(), size })
    }

    /// Downloads a picture into memory, decrypted and verified.
    pub(crate) async fn read(self, http: &Http) -> Result<Vec<u8>> {
        let http = http.clone();
        let download = move || {
            let mut plain = Vec::new();
            let limit = MAX_PICTURE_BYTES;
            let known = download(&http, &self, limit, &mut plain, &ProgressBar::hidden())?;
            verify(&self, known).map(|_| plain)
        };
        tokio::task::spawn_blocking(download).await?
    }

    /// Downloads the file to a temporary file in a directory, so that it only has to be renamed.
    /// Dropping the temporary file removes it, even during the download. Returns the number of
    /// bytes, too. `message` is shown with the progress bar.
    pub(crate) async fn fetch(
        self,
        http: &Http,
        directory: &Path,
        message: String,
    ) -> Result<(NamedTempFile, u64)> {
        let making = format!("write to {}", directory.display());
        let temporary = files::temporary_in(directory)?;
        let plain = temporary.reopen().or_cannot(&making)?;
        let size = self.size.and_then(|size| u64::try_from(size).ok());
        let (http, bar) = (http.clone(), progress::bytes(message, size.unwrap_or(0)));
        let running = bar.clone();
        let download = move || {
            let limit = match self.size {
                Some(size) => u64::try_from(size).unwrap_or(0),
                None => MAX_FILE_BYTES,
            };
            let known = download(&http, &self, limit, &plain, &running)?;
            plain.sync_all().or_cannot("write the file")?;
            verify(&self, known)
        };
        let result = tokio::task::spawn_blocking(download).await?;
        bar.finish_and_clear();
        Ok((temporary, result?))
    }
}

/// Rejects a target that exists, before anything is downloaded.
pub(crate) fn check_free(target: &Path, force: bool) -> Result {
    if force || !target.exists() {
        return Ok(());
    }
    Err(CommandError::new(format!(
        "{} exists; choose another place, or replace it with --force",
        target.display()
    )))
}

/// Renames a temporary file to its target. Replaces an existing file only with `force`.
pub(crate) fn save(temporary: NamedTempFile, target: &Path, force: bool) -> Result {
    let result =
        if force { temporary.persist(target) } else { temporary.persist_noclobber(target) };
    result.map(drop).or_cannot(format_args!("write {}", target.display()))
}

/// Returns the address of a file. Its name must be a single segment of a path.
pub(crate) fn url(base: &str, name: &str) -> Result<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
    if name.is_empty() || !name.chars().all(is_plain) || name.starts_with('.') {
        return Err(CommandError::new(
            "the server gave the file a name that is not allowed in an address",
        ));
    }
    Ok(format!("{}/{name}", base.trim_end_matches('/')))
}

/// Downloads and decrypts in pieces. Blocks.
fn download(
    http: &Http,
    file: &RemoteFile,
    limit: u64,
    mut plain: impl Write,
    bar: &ProgressBar,
) -> Result<PlainDigest> {
    let mut encrypted = http.download(&file.url)?;
    let mut decryptor = Decryptor::new(&file.key);
    let mut buffer = vec![0; PIECE_BYTES];
    let mut written = 0u64;
    loop {
        let count = encrypted.read(&mut buffer).map_err(|error| interrupted(&error))?;
        if count == 0 {
            break;
        }
        let decrypted = decryptor.update(&buffer[..count]);
        written += decrypted.len() as u64;
        // An endless file must not fill the disk.
        if written > limit {
            return Err(CommandError::new(DAMAGED));
        }
        plain.write_all(decrypted).or_cannot("write the file")?;
        bar.set_position(written);
    }
    let (last, known) = decryptor.finish().or_cannot("decrypt the file")?;
    plain.write_all(&last).or_cannot("write the file")?;
    Ok(known)
}

/// Returns the error for a download that ends too early.
pub(crate) fn interrupted(error: &std::io::Error) -> CommandError {
    CommandError::new(format!(
        "the download was interrupted ({error}); check that the server runs, and try again"
    ))
}

/// The error for a file whose size or SHA-1 is not the announced one.
pub(crate) const DAMAGED: &str = "the downloaded file differs from the shared one; try again, or ask its \
                           owner to share it again";

fn verify(file: &RemoteFile, plain: PlainDigest) -> Result<u64> {
    let has_size = file.size.is_none_or(|size| i64::try_from(plain.size) == Ok(size));
    let same = has_size && plain.sha1[..] == file.hash[..];
    if same { Ok(plain.size) } else { Err(CommandError::new(DAMAGED)) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn file_names_stay_below_the_base() {
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
    fn complete_addresses_must_be_below_the_base() {
        let remote = |url: &str| {
            let (key, iv, hash) = (bytes(1, 32), bytes(2, 16), bytes(3, 20));
            let file = EncryptedFile { url: url.to_owned(), key, iv, hash };
            RemoteFile::encrypted(Some("http://a/files/"), &file).map(|remote| remote.url)
        };
        assert_eq!(remote("http://a/files/0f").unwrap(), "http://a/files/0f");
        assert_eq!(remote("0f").unwrap(), "http://a/files/0f");
        for elsewhere in ["http://b/files/0f", "http://a/0f", "http://a/files/../0f", "file:///x"] {
            assert!(remote(elsewhere).is_err(), "{elsewhere}");
        }
    }

    #[test]
    fn a_wrong_size_or_hash_is_refused() {
        let (name, size) = ("n".to_owned(), 5);
        let (key, iv, hash) = (bytes(1, 32), bytes(2, 16), bytes(3, 20));
        let file = NativeFile { name, key, iv, hash, size };
        let file = RemoteFile::native(Some("http://a/"), &file).unwrap();
        assert!(verify(&file, PlainDigest { size: 5, sha1: [3; 20] }).is_ok());
        assert!(verify(&file, PlainDigest { size: 4, sha1: [3; 20] }).is_err());
        assert!(verify(&file, PlainDigest { size: 5, sha1: [4; 20] }).is_err());
    }
}
