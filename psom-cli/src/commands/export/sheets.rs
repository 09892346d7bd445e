//! Boards, and slides with their annotations, as SVG and PNG.

use psom_objects::{
    annotation::{Annotation, Board},
    client::SlidesModel,
};

use super::{folder::Folder, index::ExportedContent, pictures::Pictures};
use crate::{
    drawing::{
        slide_number::slide_of,
        svg_export::{SlidePicture, to_svg},
    },
    error::{CommandError, Result},
    terminal::out,
};

/// Writes a whiteboard.
pub(super) async fn board(
    folder: &Folder,
    pictures: &mut Pictures,
    board: &Board,
    part: &mut ExportedContent,
) -> Result {
    let path = format!("boards/{}", part.name);
    sheet(folder, pictures, board.iter().collect(), None, &path, part).await
}

/// Writes each slide with the annotations on it.
pub(super) async fn slides(
    folder: &Folder,
    pictures: &mut Pictures,
    slides: &SlidesModel,
    board: &Board,
    part: &mut ExportedContent,
) -> Result {
    let count = slides.count.unwrap_or(0);
    let digits = count.to_string().len().max(2);
    let mut missing = Vec::new();
    for slide in 0..count {
        let number = u64::from(slide) + 1;
        let path = format!("slides/{}/slide-{number:0digits$}", part.name);
        let picture = match slides.jpegs.get(&slide) {
            Some(file) => SlidePicture::new(pictures.bytes(file).await?),
            None => None,
        };
        if picture.is_none() {
            missing.push(slide as usize + 1);
        }
        let shown = board.iter().filter(|(_, annotation)| is_on(annotation, slide)).collect();
        sheet(folder, pictures, shown, picture.as_ref(), &path, part).await?;
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(CommandError::new(format!("no picture of slide {}", out::ranges(&missing))))
}

async fn sheet(
    folder: &Folder,
    pictures: &mut Pictures,
    annotations: Vec<(i32, &Annotation)>,
    slide: Option<&SlidePicture>,
    path: &str,
    part: &mut ExportedContent,
) -> Result {
    pictures
        .load(annotations.iter().filter_map(|(_, annotation)| annotation.file.as_ref()))
        .await?;
    let svg = to_svg(annotations.into_iter(), slide, |annotation| {
        pictures.get(annotation.file.as_ref()?)
    });
    for (suffix, bytes) in [("svg", svg.clone().into_bytes()), ("png", pictures.png(svg).await?)] {
        let path = format!("{path}.{suffix}");
        folder.write(&path, &bytes)?;
        part.paths.push(path);
    }
    Ok(())
}

/// Reports whether an annotation is on a slide. Annotations of other programs are on each slide.
fn is_on(annotation: &Annotation, slide: u32) -> bool {
    slide_of(annotation).is_none_or(|own| own == slide)
}
