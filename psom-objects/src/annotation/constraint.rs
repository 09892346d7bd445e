/// What a server holds annotations to (section 3.1.4.1.12). Lengths are in UTF-16 code units,
/// file sizes in bytes, the others in the units of the properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
pub enum Constraint {
    /// How many drawings there may be.
    MaxNumDrawingAnnotations = 1,
    /// How many texts there may be.
    MaxNumTextAnnotations = 2,
    /// How many images there may be.
    MaxNumImageAnnotations = 3,
    /// How many stamps there may be.
    MaxNumStampAnnotations = 4,
    /// How long a path may be.
    MaxDrawingPathDataLength = 5,
    /// How thick a stroke may be.
    MaxDrawingStrokeThickness = 6,
    /// How long a text may be.
    MaxTextLength = 7,
    /// How large a font may be.
    MaxTextFontSize = 8,
    /// How large an image's file may be.
    MaxImageFileSize = 9,
    /// How wide an image may be: by its `EXTENT`, whatever its file has.
    MaxImageWidth = 10,
    /// How high an image may be: by its `EXTENT`, whatever its file has.
    MaxImageHeight = 11,
}

impl Constraint {
    /// All of them, in the order of their numbers.
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

    /// The constraint's number on the wire.
    pub fn number(self) -> i32 {
        self as i32
    }

    /// The constraint with this number.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|constraint| constraint.number() == number)
    }

    /// The specification's name.
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
