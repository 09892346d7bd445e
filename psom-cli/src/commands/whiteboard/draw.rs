use std::path::PathBuf;

use clap::Args;
use psom_objects::annotation::{Constraint, Kind, Properties, Property};

use super::{
    board::{BoardSession, annotations},
    values::{color, number, point},
};
use crate::{
    drawing::{
        path,
        svg_import::{self, Drawing, Drawings, anchor},
    },
    error::{CommandError, Result},
};

#[derive(Debug, Args)]
pub(super) struct Draw {
    /// An SVG file. Its paths and shapes are drawn with their colors. Texts, images, gradients and
    /// effects are left out and listed.
    #[arg(value_name = "FILE.svg", conflicts_with = "path")]
    file: Option<PathBuf>,
    /// The path data, as in an SVG file.
    #[arg(long, value_name = "DATA")]
    path: Option<String>,
    /// The offset of the path.
    #[arg(long, value_name = "X,Y", value_parser = point, allow_hyphen_values = true)]
    at: Option<String>,
    /// The color of the line; by default the file's color, or black.
    #[arg(long, value_name = "COLOR", value_parser = color)]
    stroke: Option<String>,
    /// The thickness of the line; by default the file's thickness, or 2.
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    width: Option<String>,
    /// The fill color; by default the file's color, or none.
    #[arg(long, value_name = "COLOR", value_parser = color)]
    fill: Option<String>,
}

impl Draw {
    /// Rejects a command without anything to draw.
    pub(super) fn check(&self) -> Result {
        if self.file.is_none() && self.path.is_none() {
            let why = "there is nothing to draw; name an SVG file, or give a path with --path";
            return Err(CommandError::new(why));
        }
        Ok(())
    }

    /// Draws the path, or all paths of the file.
    pub(super) async fn run(&self, board: &mut BoardSession<'_>) -> Result<String> {
        let Drawings { drawings, left_out } = self.read()?;
        let constraint = Constraint::MaxDrawingPathDataLength;
        let limit = board.limit(constraint).await?;
        let max_chars = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let styled = drawings.into_iter().map(|drawing| self.styled(drawing));
        let drawings: Vec<_> = styled.flat_map(|drawing| drawing.fitted(max_chars)).collect();
        for drawing in &drawings {
            board.check_length(&drawing.data, constraint, "a path", "draw a simpler one").await?;
        }
        let mut ids = Vec::new();
        for drawing in drawings {
            ids.push(board.add(Kind::Drawing, self.annotation(drawing)).await?);
        }
        let left_out = left_out.map_or_else(String::new, |what| format!("\nLeft out: {what}."));
        Ok(format!("Drew {}.{left_out}", annotations(&ids)))
    }
}

impl Draw {
    /// Reads the path, or all paths of the file.
    fn read(&self) -> Result<Drawings> {
        if let Some(file) = &self.file {
            return svg_import::read(file);
        }
        let data = self.path.clone().unwrap_or_default();
        check_path(&data)?;
        Ok(Drawings { drawings: vec![Drawing::of_path(data)], left_out: None })
    }

    /// Describes the annotations of all paths. Does not check the limits, which only a server knows.
    #[cfg(feature = "queue")]
    pub(super) fn properties(&self) -> Result<Vec<Properties>> {
        let drawings = self.read()?.drawings.into_iter();
        Ok(drawings.map(|drawing| self.annotation(self.styled(drawing))).collect())
    }

    /// Describes the annotation of a drawing.
    fn annotation(&self, drawing: Drawing) -> Properties {
        let Drawing { data, stroke, width, fill, .. } = drawing;
        Properties::from([
            (Property::DrawingType, "Freehand".to_owned()),
            (Property::Anchor, anchor(self.at.as_deref())),
            (Property::Stroke, stroke.unwrap_or_else(|| "#000000".to_owned())),
            (Property::StrokeThickness, width.unwrap_or_else(|| "2".to_owned())),
            (Property::Fill, fill.unwrap_or_else(|| "none".to_owned())),
            (Property::Data, data),
        ])
    }

    /// Returns a drawing with the style of the options instead of its own.
    fn styled(&self, drawing: Drawing) -> Drawing {
        Drawing {
            stroke: self.stroke.clone().or(drawing.stroke),
            width: self.width.clone().or(drawing.width),
            fill: self.fill.clone().or(drawing.fill),
            ..drawing
        }
    }
}

/// Rejects a path with a mistake, and shows the position of the mistake.
fn check_path(data: &str) -> Result {
    const SHOWN_CHARS: usize = 20;
    let Some(at) = path::mistake(data) else { return Ok(()) };
    let (before, after) = data.split_at_checked(at).unwrap_or(("", data));
    let shown: String = after.chars().take(SHOWN_CHARS).collect();
    let position = before.chars().count() + 1;
    Err(CommandError::new(if shown.is_empty() {
        "the path is incomplete; write one like \"M10 10 L 100 100\"".to_owned()
    } else {
        format!(
            "the path has a mistake at \"{shown}\" (character {position}); write one like \"M10 10 \
             L 100 100\""
        )
    }))
}
