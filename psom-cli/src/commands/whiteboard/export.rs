use std::{
    collections::{HashMap, hash_map::Entry},
    io::{Read, Write},
    path::Path,
};

use bytes::Bytes;
use psom_objects::types::EncryptedFile;
use psom_server::crypto::{Decryptor, FileKey};

use super::board::BoardSession;
use crate::{
    drawing::svg_export::to_svg,
    error::{CommandError, OrCannot, Result},
    files,
    http::client::Http,
    meeting::download,
    terminal::out,
};

/// Upper bound on an image that is put into the picture.
const MAX_IMAGE_BYTES: usize = 64 << 20;

/// Upper bound on all images of the picture. They are in memory together.
const MAX_TOTAL_BYTES: usize = 256 << 20;

/// The size of one read.
const PIECE_BYTES: usize = 64 << 10;

/// Exports the board as an SVG picture. Returns a message, unless the picture goes to standard
/// output.
pub async fn export(
    board: &BoardSession,
    output: Option<&Path>,
    force: bool,
) -> Result<Option<String>> {
    let output = output.filter(|output| output.as_os_str() != "-");
    if let Some(output) = output {
        download::check_free(output, force)?;
    }
    let annotations = board.board().await?.annotations;
    let base = board.meeting.read(|model| model.url_base.clone()).await?;
    let mut pictures: HashMap<Bytes, Vec<u8>> = HashMap::new();
    let mut total_bytes = 0;
    for file in annotations.iter().filter_map(|(_, annotation)| annotation.file.clone()) {
        // A picture that is used twice is downloaded once.
        if let Entry::Vacant(entry) = pictures.entry(file.hash.clone()) {
            let picture = fetch(board.meeting.http().clone(), base.as_deref(), file).await?;
            total_bytes += entry.insert(picture).len();
        }
        if total_bytes > MAX_TOTAL_BYTES {
            let why = "the pictures are too large for one file; remove some from the board";
            return Err(CommandError::new(why));
        }
    }
    let svg = to_svg(&annotations, |annotation| {
        let hash = &annotation.file.as_ref()?.hash;
        pictures.get(hash).cloned()
    });
    let Some(output) = output else { return out::text(&svg).map(|()| None) };
    let writing = format!("write {}", output.display());
    let mut temporary = files::temporary_in(files::directory_of(output))?;
    temporary.write_all(svg.as_bytes()).or_cannot(&writing)?;
    download::save(temporary, output, force)?;
    let count = out::counted(annotations.len(), "annotation", "annotations");
    Ok(Some(format!("Exported {count} to {}.", output.display())))
}

/// Downloads an image into memory, decrypts and verifies it.
async fn fetch(http: Http, base: Option<&str>, file: EncryptedFile) -> Result<Vec<u8>> {
    let base = base.ok_or_else(|| {
        CommandError::new("the server has not sent the address of its file server")
    })?;
    // A complete address must be below the base.
    let name = file.url.strip_prefix(base).unwrap_or(&file.url);
    let url = download::url(base, name.trim_start_matches('/'))?;
    tokio::task::spawn_blocking(move || download_image(&http, &url, &file)).await?
}

fn download_image(http: &Http, url: &str, file: &EncryptedFile) -> Result<Vec<u8>> {
    let key = FileKey::new(&file.key, &file.iv).or_cannot("decrypt the image")?;
    let mut encrypted = http.download(url)?;
    let mut decryptor = Decryptor::new(&key);
    let mut plain = Vec::new();
    let mut buffer = vec![0; PIECE_BYTES];
    loop {
        let count = encrypted.read(&mut buffer).map_err(|error| download::interrupted(&error))?;
        if count == 0 {
            break;
        }
        plain.extend_from_slice(decryptor.update(&buffer[..count]));
        if plain.len() > MAX_IMAGE_BYTES {
            return Err(CommandError::new(download::DAMAGED));
        }
    }
    let (last, known) = decryptor.finish().or_cannot("decrypt the image")?;
    plain.extend_from_slice(&last);
    let is_same = known.sha1[..] == file.hash[..];
    if is_same { Ok(plain) } else { Err(CommandError::new(download::DAMAGED)) }
}
