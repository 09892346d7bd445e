//! The constraints of annotations and the limits of a board.

use crate::{
    annotation::{
        Annotation, Constraint, ErrorCode, Kind, Properties, Property, batch, number, pair, text,
    },
    server::limits::AnnotationLimits,
};

/// Upper bound on a value of a property that has no constraint of its own, in UTF-16 code units.
/// Positions, colors and names of fonts are much shorter.
pub(super) const MAX_VALUE_LENGTH: usize = 1024;

/// Upper bound on the bytes of a content's encoded annotations. A newcomer receives all of them at once,
/// together with the rest of the snapshot, and the sum must stay well below the hard limit of a
/// send queue (8 MiB).
pub(super) const MAX_BOARD_BYTES: usize = 3 << 20;

/// Upper bound on the bytes of the encoded values in one call of an answer. It keeps the call far
/// below the limit of a record.
pub(super) const MAX_ANSWER_BYTES: usize = 64 << 10;

/// Upper bound on the annotations in one call of an answer, for the same reason.
pub(super) const MAX_ANSWER_ANNOTATIONS: usize = 5000;

/// Upper bound on the identifiers that an answer repeats. A board has fewer annotations.
pub(super) const MAX_ANSWER_IDS: usize = MAX_BOARD_BYTES / batch::FIXED_BYTES;

impl AnnotationLimits {
    /// Returns the value of a constraint.
    pub fn get(&self, constraint: Constraint) -> i32 {
        match constraint {
            Constraint::MaxNumDrawingAnnotations => self.drawings,
            Constraint::MaxNumTextAnnotations => self.texts,
            Constraint::MaxNumImageAnnotations => self.images,
            Constraint::MaxNumStampAnnotations => self.stamps,
            Constraint::MaxDrawingPathDataLength => self.path_length,
            Constraint::MaxDrawingStrokeThickness => self.stroke_thickness,
            Constraint::MaxTextLength => self.text_length,
            Constraint::MaxTextFontSize => self.font_size,
            Constraint::MaxImageFileSize => self.image_file_size,
            Constraint::MaxImageWidth => self.image_width,
            Constraint::MaxImageHeight => self.image_height,
        }
    }

    /// Returns the upper bound on the number of annotations of a type.
    pub(super) fn count(&self, kind: Kind) -> usize {
        size(match kind {
            Kind::Drawing => self.drawings,
            Kind::Text => self.texts,
            Kind::Image => self.images,
        })
    }

    /// Checks new values of properties against the constraints.
    pub(super) fn check(&self, kind: Kind, properties: &Properties) -> Result<(), ErrorCode> {
        properties.iter().try_for_each(|(property, value)| self.check_value(kind, *property, value))
    }

    fn check_value(&self, kind: Kind, property: Property, value: &str) -> Result<(), ErrorCode> {
        let (longest, too_long) = match property {
            Property::Data => (size(self.path_length), ErrorCode::PathTooLong),
            Property::Text => (size(self.text_length), ErrorCode::TextTooLong),
            _ => (MAX_VALUE_LENGTH, ErrorCode::ValueTooLong),
        };
        // A string that fits into the request may need more bytes than a string of a call can have.
        if text::length(value) > longest || !psom::wire::fits_in_string(value) {
            return Err(too_long);
        }
        match property {
            Property::StrokeThickness => {
                at_most(number(value), self.stroke_thickness, ErrorCode::StrokeTooThick)
            }
            Property::FontSize => at_most(number(value), self.font_size, ErrorCode::FontTooLarge),
            Property::Extent if kind == Kind::Image => {
                let (width, height) = pair(value).ok_or(ErrorCode::NotANumber)?;
                at_most(Some(width), self.image_width, ErrorCode::ImageTooLarge)?;
                at_most(Some(height), self.image_height, ErrorCode::ImageTooLarge)
            }
            _ => Ok(()),
        }
    }
}

/// Rejects a change of an annotation's `LOCALID`. A client that sends all properties may repeat it.
/// The empty value means that the annotation has none.
pub(super) fn check_local_id(
    known: &Annotation,
    property: Property,
    value: &str,
) -> Result<(), ErrorCode> {
    match property {
        Property::LocalId if known.get(property).unwrap_or_default() != value => {
            Err(ErrorCode::InvalidProperties)
        }
        _ => Ok(()),
    }
}

/// Returns a limit as a size. A negative limit permits nothing.
fn size(limit: i32) -> usize {
    usize::try_from(limit).unwrap_or(0)
}

fn at_most(number: Option<f64>, limit: i32, too_much: ErrorCode) -> Result<(), ErrorCode> {
    match number {
        Some(number) if number > f64::from(limit) => Err(too_much),
        Some(number) if number >= 0.0 => Ok(()),
        _ => Err(ErrorCode::NotANumber),
    }
}
