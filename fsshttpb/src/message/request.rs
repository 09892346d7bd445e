//! Sub-requests as plain data (MS-FSSHTTPB 2.2.2.1).

use super::{CellCode, Failure, QueryChanges, Request};
use crate::{
    atom::{Blob, CompactU64, ExtendedGuid, Guid},
    object::{
        Element,
        types::{self, AdditionalBits, Partition, PutChangesFlags, SubRequestType},
    },
};

/// A sub-request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubRequest {
    /// The identifier, which the sub-response repeats.
    pub id: u64,
    /// The type.
    pub kind: SubRequestType,
    /// The priority.
    pub priority: u64,
    /// The partition. Without a TargetPartition object, it is the file's contents.
    pub partition: Partition,
    /// The operation, or the error that answers an operation that cannot be read.
    pub operation: Result<Operation, Failure>,
}

/// The operation of a sub-request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Asks for the user's rights.
    QueryAccess,
    /// Asks for data elements.
    QueryChanges(QueryChanges),
    /// Uploads data elements.
    PutChanges(PutChanges),
    /// Asks for a number of identifiers.
    AllocateRange(u64),
}

/// An upload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PutChanges {
    /// The storage index in the package.
    pub index: ExtendedGuid,
    /// The storage index that the client believes to be current.
    pub expected: ExtendedGuid,
    /// The flags.
    pub flags: PutChangesFlags,
    /// The additional flags.
    pub additional: AdditionalBits,
    /// The lock that allows the upload.
    pub lock: Option<Guid>,
    /// Values of newer Office versions.
    pub more: Blob,
    /// The partition.
    pub partition: Partition,
    /// The data elements of the request's package.
    pub elements: Vec<Element>,
}

impl Request {
    /// Creates a request with sub-requests and a package.
    pub fn with(sub_requests: &[SubRequest], agent: Guid, version: u32) -> Self {
        let elements = sub_requests.iter().filter_map(|sub| match &sub.operation {
            Ok(Operation::PutChanges(put)) => Some(put.elements.clone()),
            _ => None,
        });
        let package =
            Element::with(types::DataElementPackage::default(), elements.flatten().collect());
        let agent = vec![
            Element::new(types::UserAgentGuid { guid: agent }),
            Element::new(types::UserAgentVersion { version }),
        ];
        let mut children = vec![Element::with(types::UserAgent {}, agent)];
        children.extend(sub_requests.iter().map(SubRequest::to_element));
        children.push(package);
        Self::new(types::Request {}, children)
    }

    /// Returns the data elements of the package.
    pub fn elements(&self) -> &[Element] {
        self.root.child::<types::DataElementPackage>().map_or(&[], |package| &package.children)
    }

    /// Returns the sub-requests in their order.
    pub fn sub_requests(&self) -> Vec<SubRequest> {
        self.root
            .children
            .iter()
            .filter_map(|child| SubRequest::from_element(child, self.elements()))
            .collect()
    }

    /// Returns the first upload.
    pub fn put_changes(&self) -> Option<PutChanges> {
        self.sub_requests().into_iter().find_map(|sub| match sub.operation {
            Ok(Operation::PutChanges(put)) => Some(put),
            _ => None,
        })
    }
}

impl SubRequest {
    /// Creates a sub-request.
    pub fn new(id: u64, partition: Partition, operation: Operation) -> Self {
        let kind = match operation {
            Operation::QueryAccess => SubRequestType::QUERY_ACCESS,
            Operation::QueryChanges(_) => SubRequestType::QUERY_CHANGES,
            Operation::PutChanges(_) => SubRequestType::PUT_CHANGES,
            Operation::AllocateRange(_) => SubRequestType::ALLOCATE_EXTENDED_GUID_RANGE,
        };
        Self { id, kind, priority: 0, partition, operation: Ok(operation) }
    }

    fn from_element(element: &Element, package: &[Element]) -> Option<Self> {
        let sub: &types::SubRequest = element.get()?;
        let partition = element.first().map(|target: &types::TargetPartition| target.partition);
        let partition = partition.unwrap_or(Partition::CONTENTS);
        let operation = match sub.kind {
            SubRequestType::QUERY_ACCESS => Ok(Operation::QueryAccess),
            SubRequestType::QUERY_CHANGES => {
                QueryChanges::from_element(element).map(Operation::QueryChanges)
            }
            SubRequestType::PUT_CHANGES => {
                PutChanges::from_element(element, partition, package).map(Operation::PutChanges)
            }
            SubRequestType::ALLOCATE_EXTENDED_GUID_RANGE => element
                .first()
                .map(|range: &types::AllocateRange| Operation::AllocateRange(range.count.0))
                .ok_or_else(|| {
                    Failure::cell(CellCode::ARGUMENT, "the object AllocateRange is absent")
                }),
            kind => {
                let text = format!("sub-requests of the type {kind} are not supported");
                Err(Failure::cell(CellCode::NOT_SUPPORTED, text))
            }
        };
        let (id, priority) = (sub.id.0, sub.priority.0);
        Some(Self { id, kind: sub.kind, priority, partition, operation })
    }

    fn to_element(&self) -> Element {
        let Self { id, kind, priority, .. } = *self;
        let sub = types::SubRequest { id: CompactU64(id), kind, priority: CompactU64(priority) };
        let mut children = vec![];
        if self.partition != Partition::CONTENTS {
            children.push(Element::new(types::TargetPartition { partition: self.partition }));
        }
        match &self.operation {
            Ok(Operation::QueryChanges(query)) => children.extend(query.to_elements()),
            Ok(Operation::PutChanges(put)) => children.extend(put.to_elements()),
            Ok(Operation::AllocateRange(count)) => {
                let count = CompactU64(*count);
                children.push(Element::new(types::AllocateRange { count, reserved: 0 }));
            }
            Ok(Operation::QueryAccess) | Err(_) => {}
        }
        Element::with(sub, children)
    }
}

impl PutChanges {
    fn from_element(
        element: &Element,
        partition: Partition,
        package: &[Element],
    ) -> Result<Self, Failure> {
        let put: &types::PutChanges = element
            .first()
            .ok_or_else(|| Failure::cell(CellCode::ARGUMENT, "the object PutChanges is absent"))?;
        let additional = element.first().map(|more: &types::AdditionalFlags| more.flags);
        Ok(Self {
            index: put.index,
            expected: put.expected,
            flags: put.flags,
            additional: additional.unwrap_or_default(),
            lock: element.first().map(|lock: &types::PutChangesLockId| lock.lock),
            more: put.more.clone(),
            partition,
            elements: package.to_vec(),
        })
    }

    fn to_elements(&self) -> Vec<Element> {
        let Self { index, expected, flags, additional, .. } = *self;
        let put = types::PutChanges { index, expected, flags, more: self.more.clone() };
        let mut elements = vec![Element::new(put)];
        if let Some(lock) = self.lock {
            elements.push(Element::new(types::PutChangesLockId { lock }));
        }
        if additional != AdditionalBits::default() {
            elements.push(Element::new(types::AdditionalFlags { flags: additional }));
        }
        elements
    }
}
