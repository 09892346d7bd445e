/// A limit that a server sets for annotations (section 3.1.4.1.12). Lengths are in UTF-16 code
/// units, file sizes in bytes, and the others in the units of the properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
pub enum Constraint {
    /// The number of drawings.
    MaxNumDrawingAnnotations = 1,
    /// The number of texts.
    MaxNumTextAnnotations = 2,
    /// The number of images.
    MaxNumImageAnnotations = 3,
    /// The number of stamps.
    MaxNumStampAnnotations = 4,
    /// The length of a path.
    MaxDrawingPathDataLength = 5,
    /// The thickness of a stroke.
    MaxDrawingStrokeThickness = 6,
    /// The length of a text.
    MaxTextLength = 7,
    /// The size of a font.
    MaxTextFontSize = 8,
    /// The size of an image file.
    MaxImageFileSize = 9,
    /// The width of an image, as given by its `EXTENT`.
    MaxImageWidth = 10,
    /// The height of an image, as given by its `EXTENT`.
    MaxImageHeight = 11,
}

impl Constraint {
    /// All constraints in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::MaxNumDrawingAnnotations,
        Self::MaxNumTextAnnotations,
        Self::MaxNumImageAnnotations,
        Self::MaxNumStampAnnotations,
        Self::MaxDrawingPathDataLength,
        Self::MaxDrawingStrokeThickness,
        Self::MaxTextLength,
        Self::MaxTextFontSize,
        Self::MaxImageFileSize,
        Self::MaxImageWidth,
        Self::MaxImageHeight,
    ];

    /// Returns the constraint's number on the wire.
    pub fn number(self) -> i32 {
        self as i32
    }

    /// Returns the constraint with this number.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|constraint| constraint.number() == number)
    }

    /// Returns the name in the specification.
    pub fn name(self) -> &'static str {
        match self {
            Self::MaxNumDrawingAnnotations => "MaxNumDrawingAnnotations",
            Self::MaxNumTextAnnotations => "MaxNumTextAnnotations",
            Self::MaxNumImageAnnotations => "MaxNumImageAnnotations",
            Self::MaxNumStampAnnotations => "MaxNumStampAnnotations",
            Self::MaxDrawingPathDataLength => "MaxDrawingPathDataLength",
            Self::MaxDrawingStrokeThickness => "MaxDrawingStrokeThickness",
            Self::MaxTextLength => "MaxTextLength",
            Self::MaxTextFontSize => "MaxTextFontSize",
            Self::MaxImageFileSize => "MaxImageFileSize",
            Self::MaxImageWidth => "MaxImageWidth",
            Self::MaxImageHeight => "MaxImageHeight",
        }
    }
}
