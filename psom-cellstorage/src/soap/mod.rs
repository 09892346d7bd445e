//! Requests and answers of MS-FSSHTTP as typed values, and the bodies that carry them.

mod body;
mod request;
mod response;

pub(crate) use body::write_request;
pub use body::{Framing, NAMESPACE, SOAP_ACTION};
pub use request::{
    Action, CellCall, CoauthVerb, Dependency, DocumentRequest, EditorsCall, EditorsVerb,
    ExclusiveVerb, FileOperation, LockCall, PropertiesCall, Requests, SchemaVerb, SubRequest,
    VersioningCall,
};
pub use response::{DocumentResponse, Responses, SubResponse};
