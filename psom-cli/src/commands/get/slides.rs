//! Downloading the slides of a presentation.

use std::{
    fs,
    io::{BufReader, Read as _, Write as _},
    path::{Path, PathBuf},
};

use psom_objects::{
    client::{SlideFile, SlidesModel},
    package::{OpcReader, PackageLimits},
};

use tempfile::NamedTempFile;

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

/// Upper bound on the picture of a slide.
const MAX_JPEG_BYTES: u64 = 64 << 20;

/// The first bytes of an OPC file, which is a ZIP archive.
const ZIP_START: &[u8] = b"PK\x03\x04";

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
        let temporary = unpacked(temporary, *slide, directory.to_owned()).await?;
        save(temporary, &target(*slide, "jpg"), force)?;
    }
    let mut noted = 0;
    for notes in &slides.notes {
        for (slide, text) in notes_of(http, base, notes, directory).await? {
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

/// Returns the JPEG of a slide. Servers serve the JPEG itself, or an OPC file that contains it
/// (ruling 21).
async fn unpacked(file: NamedTempFile, slide: u32, directory: PathBuf) -> Result<NamedTempFile> {
    let unpacking = tokio::task::spawn_blocking(move || {
        let reading = || format!("unpack slide {}", u64::from(slide) + 1);
        let mut start = Vec::new();
        let opened = file.reopen().or_cannot(reading())?;
        (&opened).take(ZIP_START.len() as u64).read_to_end(&mut start).or_cannot(reading())?;
        if start != ZIP_START {
            return Ok(file);
        }
        let reader = BufReader::new(file.reopen().or_cannot(reading())?);
        let mut package = OpcReader::open(reader, &PackageLimits::default()).or_cannot(reading())?;
        let name = jpeg_of_slide(package.names(), slide).ok_or_else(|| {
            let number = u64::from(slide) + 1;
            CommandError::new(format!("the file of slide {number} contains no JPEG; update psom"))
        })?;
        let jpeg = package.part(&name, MAX_JPEG_BYTES).or_cannot(reading())?;
        let mut unpacked = files::temporary_in(&directory)?;
        unpacked.write_all(&jpeg).or_cannot(format_args!("write to {}", directory.display()))?;
        Ok(unpacked)
    });
    unpacking.await?
}

/// Chooses the JPEG of a slide among the parts of an OPC file: the one with the slide's number, or the
/// first one.
fn jpeg_of_slide<'a>(names: impl Iterator<Item = &'a str>, slide: u32) -> Option<String> {
    let jpegs: Vec<&str> =
        names.filter(|name| name.ends_with(".jpg") || name.ends_with(".jpeg")).collect();
    let number = (u64::from(slide) + 1).to_string();
    let has_number = |name: &&&str| {
        let mut digits = name.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
        digits.next_back().is_some_and(|digits| digits.trim_start_matches('0') == number)
    };
    jpegs.iter().find(has_number).or_else(|| jpegs.first()).map(|name| (*name).to_owned())
}

/// Reads the notes in a file, by their slides. Parts with other names are ignored.
pub(in crate::commands) async fn notes_of(
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
    #![expect(clippy::unwrap_used, reason = "tests")]

    use psom_objects::package::OpcWriter;

    use super::*;

    #[test]
    fn the_part_with_the_number_of_the_slide_is_taken() {
        let taken = |names: &[&str], slide| jpeg_of_slide(names.iter().copied(), slide);
        let names = ["[content_types].xml", "ppt/slide1.jpg", "ppt/slide2.jpg", "slide12.jpeg"];
        assert_eq!(taken(&names, 1).as_deref(), Some("ppt/slide2.jpg"));
        assert_eq!(taken(&names, 11).as_deref(), Some("slide12.jpeg"));
        assert_eq!(taken(&["_rels/.rels", "image.jpg"], 4).as_deref(), Some("image.jpg"));
        assert_eq!(taken(&["slide007.jpg", "slide.jpg"], 6).as_deref(), Some("slide007.jpg"));
        assert_eq!(taken(&["_rels/.rels"], 0), None);
    }

    #[tokio::test]
    async fn a_slide_in_an_opc_file_is_unpacked() {
        let directory = tempfile::tempdir().unwrap();
        let file = |bytes: &[u8]| {
            let mut file = files::temporary_in(directory.path()).unwrap();
            file.write_all(bytes).unwrap();
            file
        };
        let jpeg = [0xff, 0xd8, 0xff, 0xd9];
        let mut package = OpcWriter::new(std::io::Cursor::new(Vec::new()));
        package.add_part("slide3.jpg", "image/jpeg", &mut &jpeg[..]).unwrap();
        let package = package.finish().unwrap().into_inner();
        for bytes in [&jpeg[..], &package] {
            let unpacked = unpacked(file(bytes), 2, directory.path().to_owned()).await.unwrap();
            assert_eq!(fs::read(unpacked.path()).unwrap(), jpeg);
        }
        let empty = OpcWriter::new(std::io::Cursor::new(Vec::new())).finish().unwrap();
        let failed = unpacked(file(&empty.into_inner()), 0, directory.path().to_owned()).await;
        assert!(failed.is_err());
    }

    #[test]
    fn files_sort_in_the_order_of_the_slides() {
        let name = |slide, count| file(Path::new("d"), slide, count, "jpg");
        assert_eq!(name(0, 9), Path::new("d/slide-01.jpg"));
        assert_eq!(name(19, 20), Path::new("d/slide-20.jpg"));
        assert_eq!(name(6, 1000), Path::new("d/slide-0007.jpg"));
    }
}
