//! Requests (MS-FSSHTTP 2.2.3).

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use fsshttpb::atom::Guid;

use crate::{
    error::{ErrorName, SoapError},
    mime::Part,
    xml::Node,
};

/// The timeout in seconds if the attribute `Timeout` is absent: one hour.
const DEFAULT_TIMEOUT_SECONDS: u64 = 3_600;
/// The limits of a timeout in seconds (MS-FSSHTTP 2.3.3).
const TIMEOUT_SECONDS: (u64, u64) = (60, 120_000);

/// Upper bound on the requests of a body. Office asks for one document at a time.
const MAX_REQUESTS: usize = 16;
/// Upper bound on the sub-requests of a request. Office sends up to ten. Each can return the whole
/// document.
const MAX_SUB_REQUESTS: usize = 64;

/// A body: requests for one or more documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// The version and minor version of the protocol.
    pub version: (u16, u16),
    /// The identifier with which the client's log names the request.
    pub correlation: Option<String>,
    /// The requests.
    pub requests: Vec<DocumentRequest>,
}

/// A request for one document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentRequest {
    /// The document's address. Inside WOPI it is absent.
    pub url: Option<String>,
    /// The token that the answer repeats.
    pub token: String,
    /// The program, such as `msword`.
    pub agent: Option<String>,
    /// The document's identifier.
    pub resource_id: Option<String>,
    /// Whether `resource_id` finds the document instead of `url`.
    pub use_resource_id: bool,
    /// Whether the answer names the file.
    pub wants_file_name: bool,
    /// The sub-requests.
    pub sub_requests: Vec<SubRequest>,
}

/// A sub-request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubRequest {
    /// The token that the answer repeats.
    pub token: String,
    /// The sub-request that decides whether this one runs.
    pub depends_on: Option<(String, Result<Dependency, ErrorName>)>,
    /// The action, or the error that answers a sub-request that cannot be read.
    pub action: Result<Action, ErrorName>,
}

/// The condition under which a sub-request runs (MS-FSSHTTP 2.2.5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dependency {
    /// After the other one was executed.
    OnExecute,
    /// After the other one succeeded.
    OnSuccess,
    /// After the other one failed.
    OnFail,
    /// If the server does not support the other one.
    OnNotSupported,
    /// If the other one succeeded or is not supported.
    OnSuccessOrNotSupported,
}

/// The action of a sub-request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants have the names of the protocol's fourteen types")]
pub enum Action {
    Cell(CellCall),
    Coauth(CoauthVerb, LockCall),
    SchemaLock(SchemaVerb, LockCall),
    ExclusiveLock(ExclusiveVerb, LockCall),
    WhoAmI,
    ServerTime,
    EditorsTable(EditorsCall),
    GetDocMetaInfo,
    GetVersions,
    FileOperation(FileOperation),
    Versioning(VersioningCall),
    AmIAlone(LockCall),
    LockStatus,
    Properties(PropertiesCall),
}

/// A message of MS-FSSHTTPB with its attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CellCall {
    /// The message.
    pub message: Bytes,
    /// The partition, if the message does not name it.
    pub partition: Option<Guid>,
    /// Whether the answer contains the file's times and author.
    pub wants_properties: bool,
    /// Whether the upload creates the file.
    pub expects_no_file: bool,
    /// The ETag of the revision that the client has.
    pub etag: Option<String>,
    /// The lock of the co-authors.
    pub schema_lock: Option<String>,
    /// The client's exclusive lock.
    pub exclusive_lock: Option<String>,
    /// A lock that does not prevent this upload.
    pub bypass_lock: Option<String>,
    /// The timeout by which the upload extends the lock, in seconds.
    pub timeout_seconds: Option<u64>,
}

/// The attributes of the lock operations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockCall {
    /// The client's identifier.
    pub client: String,
    /// The lock that co-authors share.
    pub schema_lock: String,
    /// The lock of one client.
    pub exclusive_lock: String,
    /// The transition that the client completes or asks about.
    pub transition: Option<String>,
    /// The timeout in seconds.
    pub timeout_seconds: u64,
    /// Whether an exclusive lock is granted if sharing is not possible.
    pub allows_exclusive: bool,
    /// Whether the client leaves the session if the conversion to an exclusive lock fails.
    pub release_on_failure: bool,
}

macro_rules! verbs {
    ($(#[$meta:meta])* $name:ident $($verb:ident)*) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the variants have the names of the protocol")]
        pub enum $name {
            $($verb,)*
        }

        impl $name {
            fn parse(text: Option<&str>) -> Result<Self, ErrorName> {
                match text {
                    $(Some(stringify!($verb)) => Ok(Self::$verb),)*
                    _ => Err(ErrorName::InvalidArgument),
                }
            }
        }
    };
}

verbs! {
    /// The operations of co-authoring.
    CoauthVerb JoinCoauthoring ExitCoauthoring RefreshCoauthoring ConvertToExclusive
    CheckLockAvailability MarkTransitionComplete GetCoauthoringStatus
}
verbs! {
    /// The operations on the lock that co-authors share.
    SchemaVerb GetLock ReleaseLock RefreshLock ConvertToExclusive CheckLockAvailability
}
verbs! {
    /// The operations on the lock of one client.
    ExclusiveVerb GetLock ReleaseLock RefreshLock ConvertToSchemaJoinCoauth ConvertToSchema
    CheckLockAvailability
}
verbs! {
    /// The operations on the editors table.
    EditorsVerb JoinEditingSession LeaveEditingSession RefreshEditingSession UpdateEditorMetadata
    RemoveEditorMetadata
}

/// A change of the editors table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditorsCall {
    /// The operation.
    pub verb: EditorsVerb,
    /// The client's identifier.
    pub client: String,
    /// The timeout in seconds.
    pub timeout_seconds: u64,
    /// Whether the client edits the document.
    pub as_editor: bool,
    /// The key of a value.
    pub key: Option<String>,
    /// The value in base64, as the table contains it.
    pub value: String,
}

/// An operation on the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileOperation {
    /// Gives the file a new name.
    Rename(String),
}

/// An operation on the revisions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersioningCall {
    /// Lists the revisions.
    List,
    /// Makes an old revision the newest one.
    Restore(u64),
}

/// An operation on the properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropertiesCall {
    /// Lists the names.
    Enumerate,
    /// Returns values.
    Get(Vec<String>),
}

impl Requests {
    /// Reads the elements of a body. `parts` are the binary parts that the elements refer to.
    pub(super) fn from_xml(body: &Node, parts: &[Part]) -> Result<Self, SoapError> {
        let version = body.first("RequestVersion").ok_or(SoapError::Absent("RequestVersion"))?;
        let number = |name| {
            let text = version.get(name).unwrap_or("0");
            text.parse().map_err(|_| SoapError::Value("RequestVersion"))
        };
        let collection =
            body.first("RequestCollection").ok_or(SoapError::Absent("RequestCollection"))?;
        if collection.all("Request").count() > MAX_REQUESTS {
            return Err(SoapError::Limit("it has more than 16 requests"));
        }
        let requests = collection.all("Request").map(|node| DocumentRequest::from_xml(node, parts));
        Ok(Self {
            version: (number("Version")?, number("MinorVersion")?),
            correlation: collection.get("CorrelationId").map(str::to_owned),
            requests: requests.collect::<Result<_, _>>()?,
        })
    }
}

fn is_true(node: &Node, name: &str) -> bool {
    node.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true") || value == "1")
}

fn owned(node: &Node, name: &str) -> Option<String> {
    node.get(name).filter(|value| !value.is_empty()).map(str::to_owned)
}

fn timeout(node: &Node) -> Result<Option<u64>, ErrorName> {
    let Some(text) = node.get("Timeout") else { return Ok(None) };
    let seconds = text.parse::<u64>().map_err(|_| ErrorName::InvalidArgument)?;
    Ok(Some(seconds.clamp(TIMEOUT_SECONDS.0, TIMEOUT_SECONDS.1)))
}

impl DocumentRequest {
    fn from_xml(node: &Node, parts: &[Part]) -> Result<Self, SoapError> {
        let token = node.get("RequestToken").ok_or(SoapError::Absent("RequestToken"))?;
        if node.all("SubRequest").count() > MAX_SUB_REQUESTS {
            return Err(SoapError::Limit("a request has more than 64 sub-requests"));
        }
        let subs = node.all("SubRequest").map(|node| SubRequest::from_xml(node, parts));
        Ok(Self {
            url: owned(node, "Url"),
            token: token.to_owned(),
            agent: owned(node, "UserAgentClient"),
            resource_id: owned(node, "ResourceID"),
            use_resource_id: is_true(node, "UseResourceID"),
            wants_file_name: is_true(node, "ShouldReturnDisambiguatedFileName"),
            sub_requests: subs.collect::<Result<_, _>>()?,
        })
    }
}

impl SubRequest {
    fn from_xml(node: &Node, parts: &[Part]) -> Result<Self, SoapError> {
        let token = node.get("SubRequestToken").ok_or(SoapError::Absent("SubRequestToken"))?;
        let dependency = match node.get("DependencyType") {
            Some("OnExecute") => Ok(Dependency::OnExecute),
            Some("OnSuccess") => Ok(Dependency::OnSuccess),
            Some("OnFail") => Ok(Dependency::OnFail),
            Some("OnNotSupported") => Ok(Dependency::OnNotSupported),
            Some("OnSuccessOrNotSupported") => Ok(Dependency::OnSuccessOrNotSupported),
            _ => Err(ErrorName::InvalidRequestDependencyType),
        };
        Ok(Self {
            token: token.to_owned(),
            depends_on: owned(node, "DependsOn").map(|token| (token, dependency)),
            action: action(node, parts),
        })
    }
}

fn action(node: &Node, parts: &[Part]) -> Result<Action, ErrorName> {
    let empty = Node::default();
    let data = node.first("SubRequestData");
    let given = data.unwrap_or(&empty);
    Ok(match node.get("Type").unwrap_or_default() {
        "Cell" => Action::Cell(cell(data.ok_or(ErrorName::InvalidSubRequest)?, parts)?),
        "Coauth" => {
            let verb = CoauthVerb::parse(given.get("CoauthRequestType"))?;
            Action::Coauth(verb, lock(given, true, true, false)?)
        }
        "SchemaLock" => {
            let verb = SchemaVerb::parse(given.get("SchemaLockRequestType"))?;
            Action::SchemaLock(verb, lock(given, true, true, false)?)
        }
        "ExclusiveLock" => {
            let verb = ExclusiveVerb::parse(given.get("ExclusiveLockRequestType"))?;
            let schema = matches!(
                verb,
                ExclusiveVerb::ConvertToSchema | ExclusiveVerb::ConvertToSchemaJoinCoauth
            );
            Action::ExclusiveLock(verb, lock(given, schema, schema, true)?)
        }
        "WhoAmI" => Action::WhoAmI,
        "ServerTime" => Action::ServerTime,
        "EditorsTable" => Action::EditorsTable(editors(given)?),
        "GetDocMetaInfo" => Action::GetDocMetaInfo,
        "GetVersions" => Action::GetVersions,
        "FileOperation" => match given.get("FileOperation") {
            Some("Rename") => {
                let name = owned(given, "NewFileName").ok_or(ErrorName::InvalidArgument)?;
                Action::FileOperation(FileOperation::Rename(name))
            }
            _ => return Err(ErrorName::InvalidArgument),
        },
        "Versioning" => Action::Versioning(match given.get("VersioningRequestType") {
            Some("GetVersionList") => VersioningCall::List,
            Some("RestoreVersion") => {
                let version = given.get("Version").ok_or(ErrorName::InvalidArgument)?;
                // SharePoint's versions have a minor number. The versions of this server have none.
                let number = version.split('.').next().and_then(|number| number.parse().ok());
                VersioningCall::Restore(number.ok_or(ErrorName::VersionNotFound)?)
            }
            _ => return Err(ErrorName::InvalidArgument),
        }),
        "AmIAlone" => Action::AmIAlone(lock(given, false, false, false)?),
        "LockStatus" => Action::LockStatus,
        "Properties" => Action::Properties(match given.get("PropertiesRequestType") {
            Some("PropertyEnumerate") => PropertiesCall::Enumerate,
            Some("PropertyGet") => {
                let ids = given.first("PropertyIds").ok_or(ErrorName::InvalidArgument)?;
                let ids = ids.all("PropertyId").filter_map(|id| owned(id, "id"));
                PropertiesCall::Get(ids.collect())
            }
            _ => return Err(ErrorName::InvalidArgument),
        }),
        _ => return Err(ErrorName::InvalidSubRequest),
    })
}

fn cell(data: &Node, parts: &[Part]) -> Result<CellCall, ErrorName> {
    let message = match data.first("Include") {
        Some(include) => {
            let href = include.get("href").and_then(|href| href.strip_prefix("cid:"));
            let href = href.ok_or(ErrorName::InvalidArgument)?;
            let href = percent_encoding::percent_decode_str(href).decode_utf8_lossy();
            let part = parts.iter().find(|part| part.id == href);
            part.ok_or(ErrorName::InvalidArgument)?.body.clone()
        }
        None => {
            let text: String = data.text.split_ascii_whitespace().collect();
            BASE64_STANDARD.decode(text).map_err(|_| ErrorName::InvalidArgument)?.into()
        }
    };
    let size = data.get("BinaryDataSize").ok_or(ErrorName::InvalidArgument)?;
    if size.parse() != Ok(message.len()) {
        return Err(ErrorName::InvalidArgument);
    }
    let partition = data.get("PartitionID").filter(|text| !text.is_empty());
    let partition = partition.map(|text| text.parse().map_err(|_| ErrorName::InvalidArgument));
    Ok(CellCall {
        message,
        partition: partition.transpose()?,
        wants_properties: is_true(data, "GetFileProps"),
        expects_no_file: is_true(data, "ExpectNoFileExists"),
        etag: owned(data, "Etag"),
        schema_lock: owned(data, "SchemaLockID"),
        exclusive_lock: owned(data, "ExclusiveLockID"),
        bypass_lock: owned(data, "BypassLockID"),
        timeout_seconds: timeout(data)?,
    })
}

/// Reads the attributes of a lock operation. The flags say which identifiers are required.
fn lock(data: &Node, client: bool, schema: bool, exclusive: bool) -> Result<LockCall, ErrorName> {
    let id = |name, required: bool| match owned(data, name) {
        Some(id) => Ok(id),
        None if required => Err(ErrorName::InvalidArgument),
        None => Ok(String::new()),
    };
    Ok(LockCall {
        client: id("ClientID", client)?,
        schema_lock: id("SchemaLockID", schema)?,
        exclusive_lock: id("ExclusiveLockID", exclusive)?,
        transition: owned(data, "TransitionID"),
        timeout_seconds: timeout(data)?.unwrap_or(DEFAULT_TIMEOUT_SECONDS),
        allows_exclusive: is_true(data, "AllowFallbackToExclusive"),
        release_on_failure: is_true(data, "ReleaseLockOnConversionToExclusiveFailure"),
    })
}

fn editors(data: &Node) -> Result<EditorsCall, ErrorName> {
    let verb = EditorsVerb::parse(data.get("EditorsTableRequestType"))?;
    let value: String = data.text.split_ascii_whitespace().collect();
    BASE64_STANDARD.decode(&value).map_err(|_| ErrorName::InvalidArgument)?;
    let key = owned(data, "Key");
    let needs_key =
        matches!(verb, EditorsVerb::UpdateEditorMetadata | EditorsVerb::RemoveEditorMetadata);
    if needs_key && key.is_none() {
        return Err(ErrorName::InvalidArgument);
    }
    Ok(EditorsCall {
        verb,
        client: owned(data, "ClientID").ok_or(ErrorName::InvalidArgument)?,
        timeout_seconds: timeout(data)?.unwrap_or(DEFAULT_TIMEOUT_SECONDS),
        as_editor: data.get("AsEditor").is_none_or(|value| !value.eq_ignore_ascii_case("false")),
        key,
        value,
    })
}
