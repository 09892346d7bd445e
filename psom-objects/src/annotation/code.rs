use std::{fmt, str::FromStr};

/// Why a server refused something about annotations: the `errorCode` of the error methods (section
/// 3.2.4.1.8.1), whose values the specification leaves open. On the wire it is the variant's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The user may not annotate.
    NotAuthorized,
    /// There is no such annotation, or not any more.
    NotFound,
    /// Somebody else has changed the annotation meanwhile.
    StaleGeneration,
    /// The properties are no pairs, or a name among them is unknown or there twice, or the adder's
    /// own name for an annotation is to be another one.
    InvalidProperties,
    /// A value is no number where one is due, or is below zero.
    NotANumber,
    /// There are as many annotations of the type as are allowed.
    TooManyAnnotations,
    /// All annotations together are as large as is allowed.
    BoardFull,
    /// The path is longer than is allowed.
    PathTooLong,
    /// The stroke is thicker than is allowed.
    StrokeTooThick,
    /// The text is longer than is allowed.
    TextTooLong,
    /// More changes of a text in one call than are taken.
    TooManyDeltas,
    /// The font is larger than is allowed.
    FontTooLarge,
    /// The image is wider or higher than is allowed.
    ImageTooLarge,
    /// Another value is longer than is allowed.
    ValueTooLong,
    /// An image comes with its file, in a package, and in no other way.
    ImageNeedsPackage,
    /// Nothing is there that could be cleared.
    NothingToClear,
    /// None of the annotations is there.
    NothingToRemove,
}

impl ErrorCode {
    /// All of them.
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

    /// The code on the wire.
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

/// A code that is none of this library's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the error code is unknown")]
pub struct UnknownCode;

impl FromStr for ErrorCode {
    type Err = UnknownCode;

    fn from_str(name: &str) -> Result<Self, UnknownCode> {
        Self::ALL.into_iter().find(|code| code.name() == name).ok_or(UnknownCode)
    }
}
