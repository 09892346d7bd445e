//! Sub-responses as plain data (MS-FSSHTTPB 2.2.3.1).

use super::{Code, Failure, Knowledge, Response};
use crate::{
    atom::{BinaryItem, Blob, CompactU64, ExtendedGuid, Guid},
    object::{
        Element,
        types::{self, ErrorKind, SubRequestType},
    },
};

/// A sub-response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubResponse {
    /// The identifier of the sub-request.
    pub id: u64,
    /// The type of the sub-request.
    pub kind: SubRequestType,
    /// The answer.
    pub answer: Result<Answer, Failure>,
}

/// A successful answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The user's rights.
    QueryAccess(Access),
    /// Data elements, which are in the response's package.
    QueryChanges {
        /// The storage index.
        index: ExtendedGuid,
        /// Whether more data elements remain to be asked for.
        partial: bool,
        /// The client's knowledge after it has read the answer.
        knowledge: Knowledge,
        /// The hash of the file with the number of its type.
        file_hash: Option<(u64, Blob)>,
    },
    /// The result of an upload.
    PutChanges {
        /// The index after the upload and the data elements that were added, if asked for.
        applied: Option<(ExtendedGuid, Vec<ExtendedGuid>)>,
        /// The client's knowledge after the upload.
        knowledge: Knowledge,
    },
    /// A range of identifiers.
    AllocateRange {
        /// The GUID of the identifiers.
        guid: Guid,
        /// The first number.
        from: u64,
        /// The number after the last.
        to: u64,
    },
    /// The objects of a sub-response of another type.
    Other(Vec<Element>),
}

/// The user's rights as HRESULTs: 0 grants a right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// The right to read.
    pub read: u32,
    /// The right to write.
    pub write: u32,
}

impl Access {
    /// The HRESULT E_ACCESSDENIED.
    pub const DENIED: u32 = 0x8007_0005;
}

impl Response {
    /// Creates a response.
    pub fn with(sub_responses: &[SubResponse], elements: Vec<Element>) -> Self {
        let mut children = vec![Element::with(types::DataElementPackage::default(), elements)];
        children.extend(sub_responses.iter().map(SubResponse::to_element));
        Self::new(types::Response { status: 0 }, children)
    }

    /// Creates a response that says that the whole request failed.
    pub fn failed(failure: &Failure) -> Self {
        Self::new(types::Response { status: 1 }, vec![failure.to_element()])
    }

    /// Returns the error of a request that failed as a whole.
    pub fn failure(&self) -> Option<Failure> {
        let response: &types::Response = self.root.get()?;
        if response.status & 1 == 0 {
            return None;
        }
        let error = self.root.child::<types::Error>().and_then(Failure::from_element);
        Some(error.unwrap_or_else(|| Failure {
            code: Code::Other(ErrorKind::default()),
            text: None,
            cause: None,
        }))
    }

    /// Returns the data elements of the package.
    pub fn elements(&self) -> &[Element] {
        self.root.child::<types::DataElementPackage>().map_or(&[], |package| &package.children)
    }

    /// Returns the sub-responses in their order.
    pub fn sub_responses(&self) -> Vec<SubResponse> {
        self.root.children.iter().filter_map(SubResponse::from_element).collect()
    }
}

impl SubResponse {
    fn from_element(element: &Element) -> Option<Self> {
        let sub: &types::SubResponse = element.get()?;
        let failed = sub.status & 1 != 0;
        let answer = if failed {
            let error = element.child::<types::Error>().and_then(Failure::from_element);
            Err(error.unwrap_or_else(|| Failure {
                code: Code::Other(ErrorKind::default()),
                text: None,
                cause: None,
            }))
        } else {
            Ok(Answer::from_element(element, sub.kind))
        };
        Some(Self { id: sub.id.0, kind: sub.kind, answer })
    }

    fn to_element(&self) -> Element {
        let (status, children) = match &self.answer {
            Ok(answer) => (0, answer.to_elements()),
            Err(failure) => (1, vec![failure.to_element()]),
        };
        let sub = types::SubResponse { id: CompactU64(self.id), kind: self.kind, status };
        Element::with(sub, children)
    }
}

impl Answer {
    fn from_element(element: &Element, kind: SubRequestType) -> Self {
        let knowledge =
            element.child::<types::Knowledge>().map(Knowledge::from_element).unwrap_or_default();
        let other = || Self::Other(element.children.clone());
        match kind {
            SubRequestType::QUERY_ACCESS => Self::QueryAccess(Access {
                read: access(element.child::<types::ReadAccess>()),
                write: access(element.child::<types::WriteAccess>()),
            }),
            SubRequestType::QUERY_CHANGES => {
                element.first().map_or_else(other, |answer: &types::QueryChangesResponse| {
                    Self::QueryChanges {
                        index: answer.index,
                        partial: answer.flags & 1 != 0,
                        knowledge,
                        file_hash: element
                            .first()
                            .map(|hash: &types::FileHash| (hash.kind.0, hash.hash.0.clone())),
                    }
                })
            }
            SubRequestType::PUT_CHANGES => Self::PutChanges {
                applied: element
                    .first()
                    .map(|answer: &types::PutChangesResponse| (answer.index, answer.added.clone())),
                knowledge,
            },
            SubRequestType::ALLOCATE_EXTENDED_GUID_RANGE => {
                element.first().map_or_else(other, |range: &types::AllocateRangeResponse| {
                    Self::AllocateRange { guid: range.guid, from: range.from.0, to: range.to.0 }
                })
            }
            _ => other(),
        }
    }

    fn to_elements(&self) -> Vec<Element> {
        match self {
            Self::QueryAccess(access) => vec![
                Element::with(types::ReadAccess {}, vec![hresult(access.read)]),
                Element::with(types::WriteAccess {}, vec![hresult(access.write)]),
            ],
            Self::QueryChanges { index, partial, knowledge, file_hash } => {
                let (index, flags) = (*index, u8::from(*partial));
                let hash = file_hash.as_ref().map(|(kind, hash)| {
                    let (kind, hash) = (CompactU64(*kind), BinaryItem(hash.clone()));
                    Element::new(types::FileHash { kind, hash })
                });
                let answer = Element::new(types::QueryChangesResponse { index, flags });
                [answer, knowledge.to_element()].into_iter().chain(hash).collect()
            }
            Self::PutChanges { applied, knowledge } => {
                let applied = applied.as_ref().map(|(index, added)| {
                    let (index, added) = (*index, added.clone());
                    Element::new(types::PutChangesResponse { index, added })
                });
                applied.into_iter().chain([knowledge.to_element()]).collect()
            }
            Self::AllocateRange { guid, from, to } => {
                let (guid, from, to) = (*guid, CompactU64(*from), CompactU64(*to));
                vec![Element::new(types::AllocateRangeResponse { guid, from, to })]
            }
            Self::Other(elements) => elements.clone(),
        }
    }
}

/// Returns the HRESULT of an access object. An absent object denies the right.
fn access(element: Option<&Element>) -> u32 {
    let error = element.and_then(|element| element.child::<types::Error>());
    let code = error.and_then(|error| error.first().map(|code: &types::ErrorHresult| code.code));
    code.unwrap_or(Access::DENIED)
}

fn hresult(code: u32) -> Element {
    let code = Element::new(types::ErrorHresult { code });
    Element::with(types::Error { kind: ErrorKind::HRESULT }, vec![code])
}
