//! Why the server refused something, in one sentence that says what to do.

use crate::annotation::ErrorCode;
use crate::types::{
    DownloadFinishReason, SetTitleStatus, TitleReservationStatus, UploadFinishReason,
};

/// Why an upload was refused, or how it failed.
pub fn upload(reason: UploadFinishReason) -> String {
    use UploadFinishReason::*;
    let why = match reason {
        Ok => "The upload is done.",
        UserCancel => "The upload was cancelled.",
        MaxPackageSizeExceeded => "The file is larger than the server takes; share a smaller one.",
        CapacityExceeded => "The server has no room for the file; delete a content first.",
        UnknownFailure => {
            "The server could not store the file; try again, or ask who runs the server."
        }
        AlreadyUploading => "An upload with this number is under way; wait until it is done.",
        VerifyFailed => "The server found the package damaged; share the file again.",
        VirusScanTimeout => "The server's virus scanner took too long; share the file again.",
        NotUploading => "The server knows nothing of this upload; share the file again.",
        TooManyUploads => "You are uploading too many files at once; wait until one is done.",
        ArchiveFailed => "The server could not archive the file; try again later.",
        TooManyContents => "The meeting has no place for another content; delete one first.",
        TooManySlides => "The presentation has more slides than the server takes; split it.",
        Other(reason) => {
            return format!("The server ended the upload with the unknown reason {reason}.");
        }
    };
    why.to_owned()
}

/// Why a decrypted file may not be downloaded through a browser.
pub fn download(reason: DownloadFinishReason) -> String {
    use DownloadFinishReason::*;
    let why = match reason {
        Ok => "The file may be downloaded.",
        NotAuthorized => "You may not see this file; ask its owner to show it to you.",
        NotFound => "The server has no such file any more; ask its owner to share it again.",
        NotSupported => {
            "The server gives no decrypted files to browsers; get the file with `psom get`."
        }
        UnknownFailure => "The server could not prepare the download; try again later.",
        Other(reason) => {
            return format!("The server refused the download with the unknown reason {reason}.");
        }
    };
    why.to_owned()
}

/// Why a title was not reserved.
pub fn reservation(status: TitleReservationStatus) -> String {
    use TitleReservationStatus::*;
    let why = match status {
        ReservedForCreation | ReservedForUpgrade => "The title is reserved.",
        FailedReservedForCreation | FailedReservedForUpgrade => {
            "The title is taken by another content; choose another title."
        }
        FailedExternalIdLockedForCreate | FailedExternalIdLockedForUpgrade => {
            "The external identifier is taken; choose another."
        }
        FailedReservationMaxExceeded => {
            "You have reserved as many titles as you may; finish an upload first."
        }
        FailedCookieInUse => "A reservation with this number exists; try again.",
        FailedNotAuthorized => "You may not share here; join as a presenter.",
        FailedInvalidExtension => "The server does not take files of this kind; share another.",
        FailedInvalidTitle => {
            "The title is too long, empty, or has a character that no file name has; \
             choose another."
        }
        Other(status) => {
            return format!("The server refused the title with the unknown status {status}.");
        }
    };
    why.to_owned()
}

/// Why a content was not renamed.
pub fn rename(status: SetTitleStatus) -> String {
    use SetTitleStatus::*;
    let why = match status {
        Success => "The content is renamed.",
        FailedTitleExists => "Another content has this title; choose another title.",
        FailedReservedForCreation => "Somebody has reserved this title; choose another title.",
        UserNotAuthorized => "You may not rename this content; join as a presenter.",
        FailedInvalidExtension => {
            "The server does not take files with this extension; choose another title."
        }
        FailedInvalidTitle => {
            "The title is too long, empty, or has a character that no file name has; \
             choose another."
        }
        Other(status) => {
            return format!("The server refused the title with the unknown status {status}.");
        }
    };
    why.to_owned()
}

/// Why the server refused something about annotations.
pub fn annotation(code: &str) -> String {
    match code.parse::<ErrorCode>() {
        Ok(code) => code.explanation().to_owned(),
        Err(_) => format!("The server refused this with the unknown code \"{code}\"."),
    }
}
