use std::{
    collections::{HashMap, hash_map::Entry},
    io::Write as _,
    path::Path,
};

use bytes::Bytes;

use super::board::BoardSession;
use crate::{
    drawing::{
        slide_number::slide_of,
        svg_export::{SlidePicture, to_svg},
    },
    error::{CommandError, OrCannot as _, Result},
    files,
    meeting::download::{self, RemoteFile},
    renderer,
    terminal::out,
};

/// Upper bound on all images of the picture. They are in memory together.
const MAX_TOTAL_BYTES: usize = 256 << 20;

/// The format of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Svg,
    Png,
}

impl Format {
    /// Returns the format of a file, by its extension.
    fn of(output: &Path) -> Result<Self> {
        let extension = output.extension().map(|extension| extension.to_ascii_lowercase());
        match extension.as_ref().and_then(|extension| extension.to_str()) {
            Some("svg") => Ok(Self::Svg),
            Some("png") => Ok(Self::Png),
            _ => Err(CommandError::new(format!(
                "{} is neither an SVG nor a PNG file; choose a name that ends in .svg or .png",
                output.display()
            ))),
        }
    }
}

/// Exports the board as a picture, with the slide below its annotations. Returns a message, unless the
/// picture goes to standard output, as SVG.
pub(super) async fn export(
    board: &BoardSession<'_>,
    output: Option<&Path>,
    force: bool,
) -> Result<Option<String>> {
    let output = output.filter(|output| output.as_os_str() != "-");
    let format = output.map_or(Ok(Format::Svg), Format::of)?;
    if let Some(output) = output {
        download::check_free(output, force)?;
    }
    let all = board.board().await?.annotations;
    let is_shown =
        |slide: Option<u32>| board.slide.is_none() || slide.is_none() || slide == board.slide;
    let annotations: Vec<_> = all.iter().filter(|(_, it)| is_shown(slide_of(it))).collect();
    let base = board.meeting.read(|model| model.url_base.clone()).await?;
    let mut pictures: HashMap<Bytes, Vec<u8>> = HashMap::new();
    let mut total_bytes = 0;
    for file in annotations.iter().filter_map(|(_, annotation)| annotation.file.clone()) {
        // A picture that is used twice is downloaded once.
        if let Entry::Vacant(entry) = pictures.entry(file.hash.clone()) {
            let remote = RemoteFile::encrypted(base.as_deref(), &file)?;
            let picture = remote.read(board.meeting.http()).await?;
            total_bytes += entry.insert(picture).len();
        }
        if total_bytes > MAX_TOTAL_BYTES {
            let why = "the pictures are too large for one file; remove some from the board";
            return Err(CommandError::new(why));
        }
    }
    let slide = slide_picture(board, base.as_deref()).await?;
    let count = out::counted(annotations.len(), "annotation", "annotations");
    let svg = to_svg(annotations.into_iter(), slide.as_ref(), |annotation| {
        let hash = &annotation.file.as_ref()?.hash;
        pictures.get(hash).cloned()
    });
    let Some(output) = output else { return out::text(&svg).map(|()| None) };
    let bytes = match format {
        Format::Svg => svg.into_bytes(),
        Format::Png => renderer::png(renderer::find_installed()?, svg).await?,
    };
    let writing = format!("write {}", output.display());
    let mut temporary = files::temporary_in(files::directory_of(output))?;
    temporary.write_all(&bytes).or_cannot(&writing)?;
    download::save(temporary, output, force)?;
    let slide = board.slide.map_or_else(String::new, |slide| format!("slide {} with ", slide + 1));
    Ok(Some(format!("Exported {slide}{count} to {}.", output.display())))
}

/// Downloads the picture of the board's slide. A slide whose picture has not arrived is drawn without it.
async fn slide_picture(
    board: &BoardSession<'_>,
    base: Option<&str>,
) -> Result<Option<SlidePicture>> {
    let Some(slide) = board.slide else { return Ok(None) };
    let content = board.meeting.content_by_id(board.content).await?;
    let file = content.and_then(|content| content.slides?.jpegs.remove(&slide));
    let Some(file) = file else { return Ok(None) };
    let bytes = RemoteFile::encrypted(base, &file)?.read(board.meeting.http()).await?;
    Ok(SlidePicture::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_decides_the_format() {
        let format = |path: &str| Format::of(Path::new(path)).ok();
        assert_eq!((format("a.svg"), format("b/A.PNG")), (Some(Format::Svg), Some(Format::Png)));
        for other in ["a", "a.jpg", "svg", ".png/a"] {
            assert_eq!(format(other), None, "{other}");
        }
    }
}
