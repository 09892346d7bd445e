//! Downloading the slides of a presentation.

use std::{
    fs,
    io::{BufReader, Write as _},
    path::{Path, PathBuf},
};

use psom_objects::{
    client::{SlideFile, SlidesModel},
    package::{OpcReader, PackageLimits},
};

use crate::{
    error::{CommandError, OrCannot as _, Result},
    files,
    http::client::Http,
    meeting::download::{RemoteFile, check_free, save},
    slides::notes_name,
    terminal::out,
};

/// Upper bound on the notes of a slide.
const MAX_NOTES_BYTES: u64 = 1 << 20;

/// Downloads the pictures of all slides that have one, and the notes. Fails if slides are missing.
pub(super) async fn save_all(
    http: &Http,
    base: Option<&str>,
    title: &str,
    slides: &SlidesModel,
    directory: &Path,
    force: bool,
) -> Result {
    let count = slides.count.unwrap_or(0);
    if slides.jpegs.is_empty() {
        return Err(CommandError::new(format!(
            "no slide of \"{title}\" has arrived yet; try again later"
        )));
    }
    fs::create_dir_all(directory).or_cannot(format_args!("make {}", directory.display()))?;
    let target = |slide: u32, kind: &str| file(directory, slide, count, kind);
    for slide in slides.jpegs.keys() {
        check_free(&target(*slide, "jpg"), force)?;
    }
    for slide in slides.notes.iter().flat_map(|notes| &notes.slides) {
        check_free(&target(*slide, "txt"), force)?;
    }
    for (slide, jpeg) in &slides.jpegs {
        let remote = RemoteFile::encrypted(base, jpeg)?;
        let message = format!("slide {} of {count}", slide + 1);
        let (temporary, _) = remote.fetch(http, directory, message).await?;
        save(temporary, &target(*slide, "jpg"), force)?;
    }
    let mut noted = 0;
    for notes in &slides.notes {
        for (slide, text) in texts(http, base, notes, directory).await? {
            let writing = format!("write to {}", directory.display());
            let mut temporary = files::temporary_in(directory)?;
            temporary.write_all(&text).or_cannot(&writing)?;
            save(temporary, &target(slide, "txt"), force)?;
            noted += 1;
        }
    }
    let (there, shown) = (slides.jpegs.len(), directory.display());
    out::line(format_args!("{shown} ({there} of {count} slides, {noted} with notes)"))?;
    let missing = (0..count).filter(|slide| !slides.jpegs.contains_key(slide));
    let missing: Vec<_> = missing.map(|slide| slide as usize + 1).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let (slides, are) = if missing.len() == 1 { ("slide", "is") } else { ("slides", "are") };
    Err(CommandError::new(format!(
        "{slides} {} of \"{title}\" {are} missing; try again later, or ask its owner to share it \
         again",
        out::ranges(&missing)
    )))
}

/// Reads the notes in a file, by their slides. Parts with other names are ignored.
async fn texts(
    http: &Http,
    base: Option<&str>,
    notes: &SlideFile,
    directory: &Path,
) -> Result<Vec<(u32, Vec<u8>)>> {
    let remote = RemoteFile::encrypted(base, &notes.file)?;
    let (temporary, _) = remote.fetch(http, directory, "notes".to_owned()).await?;
    let numbers: Vec<_> = notes.slides.iter().copied().collect();
    let reading = tokio::task::spawn_blocking(move || {
        let reader = BufReader::new(temporary.reopen().or_cannot("read the notes")?);
        let parts = OpcReader::open(reader, &PackageLimits::default());
        let mut parts = parts.or_cannot("read the notes")?;
        let text = |slide: u32| {
            let name = notes_name(usize::try_from(slide).ok()?);
            parts.part(&name, MAX_NOTES_BYTES).ok().map(|text| (slide, text))
        };
        Ok(numbers.into_iter().filter_map(text).collect())
    });
    reading.await?
}

/// Returns the file of a slide, such as `slide-01.jpg`. The files sort in the order of the slides.
fn file(directory: &Path, slide: u32, count: u32, kind: &str) -> PathBuf {
    let digits = count.to_string().len().max(2);
    directory.join(format!("slide-{:0digits$}.{kind}", u64::from(slide) + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_sort_in_the_order_of_the_slides() {
        let name = |slide, count| file(Path::new("d"), slide, count, "jpg");
        assert_eq!(name(0, 9), Path::new("d/slide-01.jpg"));
        assert_eq!(name(19, 20), Path::new("d/slide-20.jpg"));
        assert_eq!(name(6, 1000), Path::new("d/slide-0007.jpg"));
    }
}
