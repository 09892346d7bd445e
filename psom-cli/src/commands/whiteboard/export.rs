//! The board as a picture.

use std::{
    collections::{HashMap, hash_map::Entry},
    io::{Read, Write},
    path::Path,
};

use bytes::Bytes;
use psom_objects::types::EncryptedFile;
use psom_server::crypto::{Decryptor, FileKey};

use super::{super::get::free, At};
use crate::{
    download,
    failure::{Failure, Result, While},
    files,
    http::Http,
};

/// The largest image that is put into a picture, in bytes.
const LARGEST: usize = 64 << 20;

/// The most bytes of all images of a picture.
const MOST: usize = 256 << 20;

impl At {
    pub(super) async fn export(&mut self, output: Option<&Path>, force: bool) -> Result<String> {
        let output = output.filter(|output| output.as_os_str() != "-");
        if let Some(output) = output {
            free(output, force)?;
        }
        let board = self.board().annotations;
        let mut pictures: HashMap<Bytes, Vec<u8>> = HashMap::new();
        let mut total = 0;
        for file in board.iter().filter_map(|(_, annotation)| annotation.file.clone()) {
            // The same picture is downloaded once.
            if let Entry::Vacant(place) = pictures.entry(file.hash.clone()) {
                total += place.insert(self.fetch(file).await?).len();
            }
            if total > MOST {
                let why = "the pictures are too large for one file; remove some from the board";
                return Err(Failure::new(why));
            }
        }
        let svg = board.to_svg(|annotation| {
            let hash = &annotation.file.as_ref()?.hash;
            pictures.get(hash).cloned()
        });
        let Some(output) = output else {
            let mut out = std::io::stdout().lock();
            out.write_all(svg.as_bytes()).or_cannot("write to standard output")?;
            return Ok(String::new());
        };
        let writing = format!("write {}", output.display());
        let mut temporary = files::draft(files::directory_of(output))?;
        temporary.write_all(svg.as_bytes()).or_cannot(&writing)?;
        download::place(temporary, output, force)?;
        let count = board.len();
        let plural = if count == 1 { "" } else { "s" };
        Ok(format!("Exported {count} annotation{plural} to {}.", output.display()))
    }

    /// Downloads an image into memory, decrypts and verifies it.
    async fn fetch(&self, file: EncryptedFile) -> Result<Vec<u8>> {
        let base = self.joined.model.url_base.clone();
        let base =
            base.ok_or_else(|| Failure::new("the server has not said where its files are"))?;
        // A whole address has to be one of the file server's.
        let name = file.url.strip_prefix(&base).unwrap_or(&file.url);
        let url = download::url(&base, name.trim_start_matches('/'))?;
        let http = self.joined.http.clone();
        tokio::task::spawn_blocking(move || fetched(&http, &url, &file)).await?
    }
}

fn fetched(http: &Http, url: &str, file: &EncryptedFile) -> Result<Vec<u8>> {
    let key = FileKey::new(&file.key, &file.iv).or_cannot("decrypt the image")?;
    let mut encrypted = http.download(url)?;
    let mut decryptor = Decryptor::new(&key);
    let mut plain = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = encrypted.read(&mut buffer).map_err(download::broken_off)?;
        if count == 0 {
            break;
        }
        plain.extend_from_slice(decryptor.update(&buffer[..count]));
        if plain.len() > LARGEST {
            return Err(Failure::new(download::DAMAGED));
        }
    }
    let (last, known) = decryptor.finish().or_cannot("decrypt the image")?;
    plain.extend_from_slice(&last);
    let is_same = known.sha1[..] == file.hash[..];
    if is_same { Ok(plain) } else { Err(Failure::new(download::DAMAGED)) }
}
