//! Requests, responses, errors and filters (MS-FSSHTTPB 2.2.2, 2.2.3).

mod envelope;
mod failure;
mod knowledge;
mod query;
mod request;
mod response;

pub use envelope::{Message, Request, Response, VERSION};
pub use failure::{CellCode, Code, Failure};
pub use knowledge::{Knowledge, SerialRange};
pub use query::{Depth, Filter, QueryChanges, Selection};
pub use request::{Operation, PutChanges, SubRequest};
pub use response::{Access, Answer, SubResponse};
