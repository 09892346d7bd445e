//! The sentences for requests that the server has refused. Each gives the reason and the remedy.

use psom_objects::{
    annotation::ErrorCode,
    types::{DownloadFinishReason, SetTitleStatus, TitleReservationStatus, UploadFinishReason},
};

/// Explains why an upload was refused, or how it failed.
pub(crate) fn upload(reason: UploadFinishReason) -> String {
    let sentence = match reason {
        UploadFinishReason::Ok => "The upload is complete.",
        UploadFinishReason::UserCancel => "The upload was cancelled.",
        UploadFinishReason::MaxPackageSizeExceeded => {
            "The file is larger than the server accepts; share a smaller one."
        }
        UploadFinishReason::CapacityExceeded => {
            "The server has no space left for the file; delete a content first."
        }
        UploadFinishReason::UnknownFailure => {
            "The server could not store the file; try again, or ask the server's operator."
        }
        UploadFinishReason::AlreadyUploading => {
            "An upload under this number is running; wait until it has ended."
        }
        UploadFinishReason::VerifyFailed => {
            "The server found the package damaged; share the file again."
        }
        UploadFinishReason::VirusScanTimeout => {
            "The server's virus scanner took too long; share the file again."
        }
        UploadFinishReason::NotUploading => {
            "The server does not know this upload; share the file again."
        }
        UploadFinishReason::TooManyUploads => {
            "You are uploading too many files at once; wait until one is complete."
        }
        UploadFinishReason::ArchiveFailed => {
            "The server could not archive the file; try again later."
        }
        UploadFinishReason::TooManyContents => {
            "The meeting has as many contents as it may have; delete one first."
        }
        UploadFinishReason::TooManySlides => {
            "The presentation has more slides than the server accepts; split it."
        }
        UploadFinishReason::Other(reason) => {
            return format!("The server ended the upload with the unknown reason {reason}.");
        }
    };
    sentence.to_owned()
}

/// Explains why a browser may not download a decrypted file.
pub(crate) fn download(reason: DownloadFinishReason) -> String {
    let sentence = match reason {
        DownloadFinishReason::Ok => "The file can be downloaded.",
        DownloadFinishReason::NotAuthorized => {
            "You may not see this file; ask its owner to show it to you."
        }
        DownloadFinishReason::NotFound => {
            "The server no longer has this file; ask its owner to share it again."
        }
        DownloadFinishReason::NotSupported => {
            "The server does not offer decrypted files to browsers; get the file with `psom get`."
        }
        DownloadFinishReason::UnknownFailure => {
            "The server could not prepare the download; try again later."
        }
        DownloadFinishReason::Other(reason) => {
            return format!("The server refused the download with the unknown reason {reason}.");
        }
    };
    sentence.to_owned()
}

const INVALID_TITLE: &str = "The title is empty, too long, or has a character that the server does not accept; choose \
     another.";

/// Explains why a title was not reserved.
pub(crate) fn reservation(status: TitleReservationStatus) -> String {
    use TitleReservationStatus as Status;
    let sentence = match status {
        Status::ReservedForCreation | Status::ReservedForUpgrade => "The title is reserved.",
        Status::FailedReservedForCreation | Status::FailedReservedForUpgrade => {
            "The title is taken by another content; choose another title."
        }
        Status::FailedExternalIdLockedForCreate | Status::FailedExternalIdLockedForUpgrade => {
            "The external identifier is taken; choose another."
        }
        Status::FailedReservationMaxExceeded => {
            "You have reserved as many titles as you may; finish an upload first."
        }
        Status::FailedCookieInUse => "A reservation under this number exists; try again.",
        Status::FailedNotAuthorized => "You may not share in this meeting; join as a presenter.",
        Status::FailedInvalidExtension => {
            "The server does not accept files of this kind; share another."
        }
        Status::FailedInvalidTitle => INVALID_TITLE,
        Status::Other(status) => {
            return format!("The server refused the title with the unknown status {status}.");
        }
    };
    sentence.to_owned()
}

/// Explains why a content was not renamed.
pub(crate) fn rename(status: SetTitleStatus) -> String {
    let sentence = match status {
        SetTitleStatus::Success => "The content is renamed.",
        SetTitleStatus::FailedTitleExists => {
            "Another content has this title; choose another title."
        }
        SetTitleStatus::FailedReservedForCreation => {
            "Another user has reserved this title; choose another title."
        }
        SetTitleStatus::UserNotAuthorized => {
            "You may not rename this content; join as a presenter."
        }
        SetTitleStatus::FailedInvalidExtension => {
            "The server does not accept files with this extension; choose another title."
        }
        SetTitleStatus::FailedInvalidTitle => INVALID_TITLE,
        SetTitleStatus::Other(status) => {
            return format!("The server refused the title with the unknown status {status}.");
        }
    };
    sentence.to_owned()
}

/// Explains why a request about annotations was refused.
pub(crate) fn annotation(code: &str) -> String {
    let Ok(known) = code.parse() else {
        return format!("The server refused the request with the unknown code \"{code}\".");
    };
    let sentence = match known {
        ErrorCode::NotAuthorized => "You may not annotate here; join as a presenter.",
        ErrorCode::NotFound => "The annotation no longer exists; list the board again.",
        ErrorCode::StaleGeneration => {
            "Another user has changed the annotation meanwhile; list the board and try again."
        }
        ErrorCode::InvalidProperties => {
            "The server does not accept these properties; leave the LOCALID unchanged, or update \
             psom."
        }
        ErrorCode::NotANumber => {
            "A size or a thickness is not a number from zero up; write it like 2.5."
        }
        ErrorCode::TooManyAnnotations => {
            "The board has as many annotations of this type as it may have; remove some first."
        }
        ErrorCode::BoardFull => "The board is full; remove an annotation first.",
        ErrorCode::PathTooLong => "The path is longer than the server accepts; draw it in pieces.",
        ErrorCode::StrokeTooThick => {
            "The stroke is thicker than the server accepts; choose a thinner one."
        }
        ErrorCode::TextTooLong => "The text is longer than the server accepts; write it in pieces.",
        ErrorCode::TooManyDeltas => {
            "The edit has more changes than the server accepts at once; send it in pieces."
        }
        ErrorCode::FontTooLarge => {
            "The font is larger than the server accepts; choose a smaller size."
        }
        ErrorCode::ImageTooLarge => {
            "The image is larger than the server accepts; choose a smaller size."
        }
        ErrorCode::ValueTooLong => "A property is longer than the server accepts; shorten it.",
        ErrorCode::ImageNeedsPackage => "An image has to be uploaded with its file.",
        ErrorCode::NothingToClear => "The board has no annotations.",
        ErrorCode::NothingToRemove => "None of these annotations exists any more.",
        _ => return format!("The server refused the request with the code {known}."),
    };
    sentence.to_owned()
}
