//! The slides of a presentation as files.

use std::{
    fs,
    io::{BufReader, Write},
    path::{Path, PathBuf},
};

use psom_objects::{
    client::{SlideFile, Slides},
    package::{OpcReader, PackageLimits},
};

use super::get::free;
use crate::{
    download::{Remote, place},
    failure::{Failure, Result, While},
    files,
    http::Http,
    out,
    slides::notes_name,
};

/// The longest notes of a slide, in bytes.
const MAX_NOTES: u64 = 1 << 20;

/// Downloads all slides that are there as pictures, and their notes.
pub async fn get(
    http: &Http,
    base: Option<&str>,
    title: &str,
    slides: &Slides,
    directory: &Path,
    force: bool,
) -> Result {
    let count = slides.count.unwrap_or(0);
    if slides.jpegs.is_empty() {
        return Err(Failure::new(format!("no slide of \"{title}\" is there yet; try again later")));
    }
    fs::create_dir_all(directory).or_cannot(format_args!("make {}", directory.display()))?;
    let target = |slide: u32, kind: &str| file(directory, slide, count, kind);
    for slide in slides.jpegs.keys() {
        free(&target(*slide, "jpg"), force)?;
    }
    for slide in slides.notes.iter().flat_map(|notes| &notes.slides) {
        free(&target(*slide, "txt"), force)?;
    }
    for (slide, jpeg) in &slides.jpegs {
        let remote = Remote::encrypted(base, jpeg)?;
        let what = format!("slide {} of {count}", slide + 1);
        let (temporary, _) = remote.fetch(http, directory, what).await?;
        place(temporary, &target(*slide, "jpg"), force)?;
    }
    let mut noted = 0;
    for notes in &slides.notes {
        for (slide, text) in texts(http, base, notes, directory).await? {
            let writing = format!("write to {}", directory.display());
            let mut temporary = files::draft(directory)?;
            temporary.write_all(&text).or_cannot(&writing)?;
            place(temporary, &target(slide, "txt"), force)?;
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
    let (plural, are) = if missing.len() == 1 { ("", "is") } else { ("s", "are") };
    Err(Failure::new(format!(
        "slide{plural} {} of \"{title}\" {are} missing; try again later, or ask its owner to share it \
         again",
        out::ranges(&missing)
    )))
}

/// The notes in a file, by their slides. Parts that others have named otherwise are not found.
async fn texts(
    http: &Http,
    base: Option<&str>,
    notes: &SlideFile,
    directory: &Path,
) -> Result<Vec<(u32, Vec<u8>)>> {
    let remote = Remote::encrypted(base, &notes.file)?;
    let (temporary, _) = remote.fetch(http, directory, "notes".to_owned()).await?;
    let numbers: Vec<_> = notes.slides.iter().copied().collect();
    let reading = tokio::task::spawn_blocking(move || {
        let reader = BufReader::new(temporary.reopen().or_cannot("read the notes")?);
        let parts = OpcReader::open(reader, &PackageLimits::default());
        let mut parts = parts.or_cannot("read the notes")?;
        let text = |slide: u32| {
            let name = notes_name(usize::try_from(slide).ok()?);
            parts.part(&name, MAX_NOTES).ok().map(|text| (slide, text))
        };
        Ok(numbers.into_iter().filter_map(text).collect())
    });
    reading.await?
}

/// The file of a slide, so that the files sort as the slides do: `slide-01.jpg`.
fn file(directory: &Path, slide: u32, count: u32, kind: &str) -> PathBuf {
    let digits = count.to_string().len().max(2);
    directory.join(format!("slide-{:0digits$}.{kind}", u64::from(slide) + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_sort_as_slides_do() {
        let name = |slide, count| file(Path::new("d"), slide, count, "jpg");
        assert_eq!(name(0, 9), Path::new("d/slide-01.jpg"));
        assert_eq!(name(19, 20), Path::new("d/slide-20.jpg"));
        assert_eq!(name(6, 1000), Path::new("d/slide-0007.jpg"));
    }
}
