//! Errors, and the names of the errors of MS-FSSHTTP.

use std::{fmt, str::FromStr};

use thiserror::Error;

/// A body is not a message of MS-FSSHTTP.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum SoapError {
    /// The body is not XML.
    #[error("the body is not XML: {0}")]
    Xml(String),
    /// The XML exceeds a limit or uses what SOAP forbids.
    #[error("the XML is refused: {0}")]
    Limit(&'static str),
    /// The multipart body is malformed.
    #[error("the multipart body is malformed: {0}")]
    Multipart(&'static str),
    /// An element or attribute is absent.
    #[error("{0} is absent")]
    Absent(&'static str),
    /// A value has the wrong form.
    #[error("the value of {0} is malformed")]
    Value(&'static str),
}

macro_rules! error_names {
    ($($name:ident $text:literal,)*) => {
        /// The name of an error (MS-FSSHTTP 2.2.5). An answer has one for each sub-request.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorName {
            $(#[doc = concat!("`", $text, "`.")] $name,)*
        }

        impl ErrorName {
            /// All names.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Returns the name in an answer.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

error_names! {
    Success "Success",
    IncompatibleVersion "IncompatibleVersion",
    InvalidUrl "InvalidUrl",
    FileNotExistsOrCannotBeCreated "FileNotExistsOrCannotBeCreated",
    FileUnauthorizedAccess "FileUnauthorizedAccess",
    PathNotFound "PathNotFound",
    ResourceIdDoesNotExist "ResourceIdDoesNotExist",
    ResourceIdDoesNotMatch "ResourceIdDoesNotMatch",
    InvalidSubRequest "InvalidSubRequest",
    SubRequestFail "SubRequestFail",
    BlockedFileType "BlockedFileType",
    DocumentCheckoutRequired "DocumentCheckoutRequired",
    InvalidArgument "InvalidArgument",
    RequestNotSupported "RequestNotSupported",
    InvalidWebUrl "InvalidWebUrl",
    WebServiceTurnedOff "WebServiceTurnedOff",
    ColdStoreConcurrencyViolation "ColdStoreConcurrencyViolation",
    HighLevelExceptionThrown "HighLevelExceptionThrown",
    CellRequestFail "CellRequestFail",
    IrmDocLibraryOnlySupportsWebDav "IRMDocLibarysOnlySupportWebDAV",
    DependentRequestNotExecuted "DependentRequestNotExecuted",
    DependentOnlyOnSuccessRequestFailed "DependentOnlyOnSuccessRequestFailed",
    DependentOnlyOnFailRequestSucceeded "DependentOnlyOnFailRequestSucceeded",
    DependentOnlyOnNotSupportedRequestGetSupported "DependentOnlyOnNotSupportedRequestGetSupported",
    InvalidRequestDependencyType "InvalidRequestDependencyType",
    LockRequestFail "LockRequestFail",
    FileAlreadyLockedOnServer "FileAlreadyLockedOnServer",
    FileNotLockedOnServer "FileNotLockedOnServer",
    FileNotLockedOnServerAsCoauthDisabled "FileNotLockedOnServerAsCoauthDisabled",
    LockNotConvertedAsCoauthDisabled "LockNotConvertedAsCoauthDisabled",
    FileAlreadyCheckedOutOnServer "FileAlreadyCheckedOutOnServer",
    ConvertToSchemaFailedFileCheckedOutByCurrentUser "ConvertToSchemaFailedFileCheckedOutByCurrentUser",
    CoauthRefblobConcurrencyViolation "CoauthRefblobConcurrencyViolation",
    MultipleClientsInCoauthSession "MultipleClientsInCoauthSession",
    InvalidCoauthSession "InvalidCoauthSession",
    NumberOfCoauthorsReachedMax "NumberOfCoauthorsReachedMax",
    ExitCoauthSessionAsConvertToExclusiveFailed "ExitCoauthSessionAsConvertToExclusiveFailed",
    EditorMetadataQuotaReached "EditorMetadataQuotaReached",
    EditorMetadataStringExceedsLengthLimit "EditorMetadataStringExceedsLengthLimit",
    EditorClientIdNotFound "EditorClientIdNotFound",
    VersionNotFound "VersionNotFound",
    Unknown "Unknown",
}

impl ErrorName {
    /// Returns the HRESULT beside the name: 0 or E_FAIL, as SharePoint answers.
    pub fn hresult(self) -> u32 {
        if self == Self::Success { 0 } else { 0x8000_4005 }
    }

    /// Reports whether the error says that the server does not support the operation. Dependencies
    /// of the type `OnNotSupported` run after it.
    pub fn is_not_supported(self) -> bool {
        matches!(
            self,
            Self::RequestNotSupported
                | Self::FileNotLockedOnServerAsCoauthDisabled
                | Self::LockNotConvertedAsCoauthDisabled
        )
    }
}

impl fmt::Display for ErrorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ErrorName {
    type Err = SoapError;

    fn from_str(text: &str) -> Result<Self, SoapError> {
        let found = Self::ALL.iter().find(|name| name.as_str() == text);
        found.copied().ok_or(SoapError::Value("ErrorCode"))
    }
}
