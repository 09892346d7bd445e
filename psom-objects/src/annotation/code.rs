use std::{fmt, str::FromStr};

/// The reason why a server refused a request about annotations: the `errorCode` of the error
/// methods (section 3.2.4.1.8.1). The specification does not define the values. On the wire, a code
/// is the variant's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The user may not annotate.
    NotAuthorized,
    /// The annotation does not exist, or no longer exists.
    NotFound,
    /// Another user has changed the annotation meanwhile.
    StaleGeneration,
    /// The properties are not pairs, a name is unknown or duplicate, or the `LOCALID` of an
    /// annotation would change.
    InvalidProperties,
    /// A value that must be a number is not one, or is below zero.
    NotANumber,
    /// The board has as many annotations of the type as allowed.
    TooManyAnnotations,
    /// All annotations together are as large as allowed.
    BoardFull,
    /// The path is longer than allowed.
    PathTooLong,
    /// The stroke is thicker than allowed.
    StrokeTooThick,
    /// The text is longer than allowed.
    TextTooLong,
    /// A call has more changes of a text than allowed.
    TooManyDeltas,
    /// The font is larger than allowed.
    FontTooLarge,
    /// The image is wider or higher than allowed.
    ImageTooLarge,
    /// Another value is longer than allowed.
    ValueTooLong,
    /// An image can only be added with its file, in a package.
    ImageNeedsPackage,
    /// The board has no annotations to remove.
    NothingToClear,
    /// None of the annotations exists.
    NothingToRemove,
}

impl ErrorCode {
    /// All codes.
    pub const ALL: [Self; 17] = [
        Self::NotAuthorized,
        Self::NotFound,
        Self::StaleGeneration,
        Self::InvalidProperties,
        Self::NotANumber,
        Self::TooManyAnnotations,
        Self::BoardFull,
        Self::PathTooLong,
        Self::StrokeTooThick,
        Self::TextTooLong,
        Self::TooManyDeltas,
        Self::FontTooLarge,
        Self::ImageTooLarge,
        Self::ValueTooLong,
        Self::ImageNeedsPackage,
        Self::NothingToClear,
        Self::NothingToRemove,
    ];

    /// Returns the code on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotAuthorized => "NotAuthorized",
            Self::NotFound => "NotFound",
            Self::StaleGeneration => "StaleGeneration",
            Self::InvalidProperties => "InvalidProperties",
            Self::NotANumber => "NotANumber",
            Self::TooManyAnnotations => "TooManyAnnotations",
            Self::BoardFull => "BoardFull",
            Self::PathTooLong => "PathTooLong",
            Self::StrokeTooThick => "StrokeTooThick",
            Self::TextTooLong => "TextTooLong",
            Self::TooManyDeltas => "TooManyDeltas",
            Self::FontTooLarge => "FontTooLarge",
            Self::ImageTooLarge => "ImageTooLarge",
            Self::ValueTooLong => "ValueTooLong",
            Self::ImageNeedsPackage => "ImageNeedsPackage",
            Self::NothingToClear => "NothingToClear",
            Self::NothingToRemove => "NothingToRemove",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An error code is unknown to this library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the error code is unknown")]
pub struct UnknownCode;

impl FromStr for ErrorCode {
    type Err = UnknownCode;

    fn from_str(name: &str) -> Result<Self, UnknownCode> {
        Self::ALL.into_iter().find(|code| code.name() == name).ok_or(UnknownCode)
    }
}
