//! Images.

use std::path::Path;

use psom_objects::{
    annotation::{Constraint, Properties, Property},
    client::Parcel,
};

use super::{At, local_id, numbers};
use crate::{
    failure::{Failure, Result, While},
    files,
};

/// The largest image that is read, in bytes, unless the server takes only smaller ones.
const LARGEST: u64 = 64 << 20;

/// No side of an image is shown longer than that unless it is asked for.
const LONGEST: f64 = 640.0;

impl At {
    pub(super) async fn pin(
        &mut self,
        file: &Path,
        at: String,
        size: Option<String>,
    ) -> Result<String> {
        let shown = file.display();
        let largest = self.board().constraints.get(&Constraint::MaxImageFileSize).copied();
        let largest = largest.and_then(|largest| u64::try_from(largest).ok());
        let bytes = files::read(file, largest.map_or(LARGEST, |largest| largest.min(LARGEST)))?;
        let reader = image::ImageReader::new(std::io::Cursor::new(&bytes));
        let reader = reader.with_guessed_format().or_cannot(format_args!("read {shown}"))?;
        let format = reader.format();
        let (width, height) = reader.into_dimensions().map_err(|_| {
            Failure::new(format!("{shown} is no image that can be read; pin a PNG or a JPEG"))
        })?;
        let (width, height) = (f64::from(width), f64::from(height));
        let scale = (LONGEST / width.max(height)).min(1.0);
        let size = size.unwrap_or_else(|| format!("{:.0},{:.0}", width * scale, height * scale));
        let extension = format.and_then(|format| format.extensions_str().first().copied());
        let local = local_id();
        let properties = Properties::from([
            (Property::LocalId, local.clone()),
            (Property::Anchor, at),
            (Property::Extent, size),
            (Property::ImageType, extension.unwrap_or_default().to_owned()),
        ]);
        let parcel = Parcel::image(self.content, &properties, &bytes.into());
        self.joined.upload(parcel.or_cannot("pack the image")?).await?;
        self.joined.settle().await?;
        let board = self.board();
        let mut all = board.annotations.iter();
        let own = all.find(|(_, it)| it.get(Property::LocalId) == Some(&local));
        match own {
            Some((id, _)) => Ok(format!("Pinned {}.", numbers(&[id]))),
            None => Err(Failure::new("somebody has removed the image already")),
        }
    }
}
