//! A document's store and a server's answers.

use std::collections::BTreeMap;

use crate::{
    atom::SerialNumber,
    message::{
        Access, Answer, CellCode, Failure, Knowledge, Operation, PutChanges, Request, Response,
        SubRequest, SubResponse,
    },
    object::{
        Element,
        types::{AdditionalBits, Partition, PutChangesFlags},
    },
    store::{
        ids::Ids,
        index::{Index, Key, Mapping},
        put::{self, Applied},
        query,
        storage::Storage,
    },
};

/// Upper bound on the range of identifiers that a client gets at once. Office asks for 1,000 to
/// 100,000.
const MAX_RANGE_IDS: u32 = 1_000_000;

/// The storages of a document's partitions. A clone is cheap: it shares the data elements.
#[derive(Clone, Debug)]
pub struct Store {
    ids: Ids,
    partitions: BTreeMap<Partition, Storage>,
}

impl Default for Store {
    /// Creates an empty store whose identifiers are the same in each program; see [`Ids`].
    fn default() -> Self {
        Self::new(Ids::from_seed(b"fsshttpb"))
    }
}

impl Store {
    /// Creates an empty store.
    pub fn new(ids: Ids) -> Self {
        Self { ids, partitions: BTreeMap::new() }
    }

    /// Returns the storage of a partition, if it has been used.
    pub fn partition(&self, partition: Partition) -> Option<&Storage> {
        self.partitions.get(&partition)
    }

    pub(crate) fn partition_mut(&mut self, partition: Partition) -> &mut Storage {
        self.partitions.entry(partition).or_default()
    }

    /// Returns the source of identifiers and the storage of a partition.
    pub(crate) fn parts_mut(&mut self, partition: Partition) -> (&mut Ids, &mut Storage) {
        (&mut self.ids, self.partitions.entry(partition).or_default())
    }

    /// Returns the source of identifiers.
    pub fn ids(&mut self) -> &mut Ids {
        &mut self.ids
    }

    /// Returns the identifier of a partition's current index. It changes with each upload that is
    /// complete.
    pub fn revision(&self, partition: Partition) -> Option<crate::atom::ExtendedGuid> {
        self.partition(partition).map(|storage| storage.index.id)
    }

    /// Returns the number of bytes of incomplete uploads in all partitions.
    pub fn pending_bytes(&self) -> usize {
        self.partitions.values().map(Storage::pending_bytes).sum()
    }

    /// Forgets the incomplete uploads in all partitions. Their clients begin again.
    pub fn abandon_uploads(&mut self) {
        self.partitions.values_mut().for_each(Storage::abandon);
    }

    /// Applies an upload. On an error, the index is unchanged.
    ///
    /// # Errors
    /// The cell error that a server answers: a coherency failure (12), an absent data element (16),
    /// an identifier in use (112) and others.
    pub fn apply(&mut self, put: PutChanges) -> Result<Applied, Failure> {
        let (ids, storage) = self.parts_mut(put.partition);
        put::apply(storage, &put, ids)
    }

    /// Answers a request of a user who may read and write.
    ///
    /// Uploads change the store. To save a new revision before the answer is sent, answer with a
    /// clone and keep the clone after the save.
    pub fn answer(&mut self, request: &Request) -> Response {
        self.answer_as(request, Access::default())
    }

    /// Answers a request of a user with these rights.
    pub fn answer_as(&mut self, request: &Request, access: Access) -> Response {
        let mut elements: Vec<Element> = vec![];
        let mut subs = vec![];
        let mut aborted = false;
        for sub in request.sub_requests() {
            let SubRequest { id, kind, .. } = sub;
            let aborts = matches!(
                &sub.operation,
                Ok(Operation::PutChanges(put)) if put.flags.has(PutChangesFlags::ABORT_REMAINING)
            );
            let answer = if aborted {
                Err(Failure::cell(CellCode::ABORTED, "an upload before this sub-request failed"))
            } else {
                self.answer_sub(sub, access, &mut elements)
            };
            aborted |= aborts && answer.is_err();
            subs.push(SubResponse { id, kind, answer });
        }
        Response::with(&subs, elements)
    }

    fn answer_sub(
        &mut self,
        sub: SubRequest,
        access: Access,
        elements: &mut Vec<Element>,
    ) -> Result<Answer, Failure> {
        let operation = sub.operation?;
        if sub.partition.name().is_none() {
            let text = format!("the partition {} is unknown", sub.partition.0);
            return Err(Failure::cell(CellCode::INVALID_PARTITION, text));
        }
        match operation {
            Operation::QueryAccess => Ok(Answer::QueryAccess(access)),
            _ if access.read != 0 => {
                Err(Failure::cell(CellCode::WRITE_ONLY, "the user may not read the document"))
            }
            Operation::QueryChanges(query) => {
                self.prepare(sub.partition);
                let (ids, storage) = self.parts_mut(sub.partition);
                let found =
                    query::answer(storage, &query, ids).map_err(|error| error.to_failure())?;
                elements.extend(found.elements.iter().map(|element| element.to_element()));
                Ok(found.answer)
            }
            _ if access.write != 0 => {
                Err(Failure::cell(CellCode::READ_ONLY, "the user may not change the document"))
            }
            Operation::PutChanges(put) => self.answer_put(&put),
            Operation::AllocateRange(count) => self.allocate(count),
        }
    }

    fn answer_put(&mut self, put: &PutChanges) -> Result<Answer, Failure> {
        let (ids, storage) = self.parts_mut(put.partition);
        let applied = put::apply(storage, put, ids)?;
        let mut knowledge = Knowledge::default();
        let complete = put.flags.has(PutChangesFlags::RETURN_COMPLETE_KNOWLEDGE);
        // After a merge, the index has another identifier, and the client lacks the changes of
        // others.
        if applied.complete && complete && applied.index == put.index {
            query::complete_knowledge(&mut knowledge, ids);
        } else {
            knowledge.learn(applied.serials);
        }
        let index = put.additional.has(AdditionalBits::RETURN_APPLIED_INDEX);
        let added = put.additional.has(AdditionalBits::RETURN_ADDED_ELEMENTS);
        let index = if index { applied.index } else { Default::default() };
        let list = if added { applied.added } else { vec![] };
        let applied = (added || !index.is_null()).then_some((index, list));
        Ok(Answer::PutChanges { applied, knowledge })
    }

    fn allocate(&mut self, count: u64) -> Result<Answer, Failure> {
        let valid = u32::try_from(count).ok().filter(|count| (1..=MAX_RANGE_IDS).contains(count));
        let Some(count) = valid else {
            let text = format!("a range has 1 to {MAX_RANGE_IDS} identifiers");
            return Err(Failure::cell(CellCode::ARGUMENT, text));
        };
        let guid = self.ids.guid();
        let first = self.ids.reserve(count).map(u64::from);
        let from = first
            .ok_or_else(|| Failure::cell(CellCode::NO_MORE_IDS, "no more identifiers are left"))?;
        Ok(Answer::AllocateRange { guid, from, to: from + u64::from(count) })
    }

    /// Gives an unused partition an index, so that a query has an answer. As in SharePoint, the
    /// index maps the manifest to null.
    fn prepare(&mut self, partition: Partition) {
        let (ids, storage) = self.parts_mut(partition);
        if storage.index.id.is_null() {
            let null = Mapping { element: Default::default(), serial: SerialNumber::NULL };
            let mappings = BTreeMap::from([(Key::Manifest, null)]);
            storage.advance(Index { id: ids.id(), mappings });
        }
    }
}
