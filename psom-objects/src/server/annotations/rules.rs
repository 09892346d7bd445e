//! What annotations are held to.

use crate::{
    annotation::{
        Annotation, Constraint, ErrorCode, Kind, Properties, Property, number, pair, text,
    },
    server::limits::AnnotationLimits,
};

/// The longest value of a property that has no constraint of its own, in UTF-16 code units.
pub(super) const VALUE_LENGTH: usize = 1024;

/// About how many bytes all annotations of a content may have on the wire: whoever joins is told of
/// all at once, and that with the rest of what they are told has to stay well below what may wait
/// for one client (8 MiB).
pub(super) const BOARD_SIZE: usize = 3 << 20;

/// How many bytes of values one call of an answer has on the wire, at most.
pub(super) const ANSWER_SIZE: usize = 64 << 10;

/// How many annotations of a group one call of the answer speaks of.
pub(super) const GROUP: usize = 5000;

/// How many identifiers of a request are sent back: more than a board has.
pub(super) const ANSWERED: usize = BOARD_SIZE / 48;

impl AnnotationLimits {
    /// The value of a constraint.
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

    /// How many annotations of a type there may be.
    pub(super) fn count(&self, kind: Kind) -> usize {
        size(match kind {
            Kind::Drawing => self.drawings,
            Kind::Text => self.texts,
            Kind::Image => self.images,
        })
    }

    /// Holds new values of properties to the constraints.
    pub(super) fn check(&self, kind: Kind, properties: &Properties) -> Result<(), ErrorCode> {
        properties.iter().try_for_each(|(property, value)| self.check_value(kind, *property, value))
    }

    fn check_value(&self, kind: Kind, property: Property, value: &str) -> Result<(), ErrorCode> {
        let (longest, too_long) = match property {
            Property::Data => (size(self.path_length), ErrorCode::PathTooLong),
            Property::Text => (size(self.text_length), ErrorCode::TextTooLong),
            _ => (VALUE_LENGTH, ErrorCode::ValueTooLong),
        };
        // What came in one string may need more bytes than a string has when it goes out again.
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

/// The name that the adder gave an annotation is what it was. Whoever sends all properties back may
/// send it along, also the empty one that is told where there is none.
pub(super) fn keep_name(
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

/// A limit as a size; one below zero allows nothing.
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
