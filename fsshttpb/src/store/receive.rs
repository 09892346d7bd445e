//! A client's side: answers extend the storage.

use std::sync::Arc;

use crate::{
    atom::ExtendedGuid,
    message::{Answer, PutChanges, QueryChanges, Response},
    object::{
        Element,
        types::{self, Partition, SubRequestType},
    },
    store::{
        elements::DataElement, error::StoreError, index::Index, put, serve::Store, storage::Storage,
    },
};

/// The state of a client's storage after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// The storage has everything.
    Complete,
    /// The server has more; the client queries again.
    Partial,
    /// The server waits for the next part of the upload.
    Pending,
}

impl Store {
    /// Creates a store from a server's answer to a query for the contents.
    ///
    /// # Errors
    /// The response contains an error or no answer, or its fragments do not fit together.
    pub fn from_response(response: &Response) -> Result<Self, StoreError> {
        let mut store = Self::new(super::ids::Ids::from_seed(&seed(response)));
        store.receive(Partition::CONTENTS, response)?;
        Ok(store)
    }

    /// Returns the query for everything that the store does not have.
    pub fn query(&self, partition: Partition) -> QueryChanges {
        let storage = self.partition(partition);
        let mut knowledge = storage.map(|storage| storage.knowledge.clone()).unwrap_or_default();
        if let Some(storage) = storage {
            knowledge.fragments = storage.fragments.knowledge();
        }
        QueryChanges { knowledge, ..QueryChanges::default() }
    }

    /// Adds an answer to a query for a partition.
    ///
    /// # Errors
    /// The response contains an error or no answer, or its fragments do not fit together.
    pub fn receive(
        &mut self,
        partition: Partition,
        response: &Response,
    ) -> Result<Received, StoreError> {
        if let Some(failure) = response.failure() {
            return Err(StoreError::Answer(failure));
        }
        let mut failure = None;
        let mut found = None;
        for sub in response.sub_responses() {
            match sub.answer {
                Ok(Answer::QueryChanges { index, partial, knowledge, .. }) => {
                    found = found.or(Some((index, partial, knowledge)));
                }
                Ok(_) => {}
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        let Some((index, partial, knowledge)) = found else {
            return Err(failure.map_or(StoreError::NoAnswer, StoreError::Answer));
        };
        self.insert(partition, index, response.elements())?;
        let storage = self.partition_mut(partition);
        storage.knowledge = knowledge;
        if partial {
            return Ok(Received::Partial);
        }
        // An answer to a query with filters leaves gaps; then everything is kept.
        if let Ok(reachable) = storage.reachable(&storage.index) {
            storage.forget_unreachable(&reachable);
        }
        Ok(Received::Complete)
    }

    /// Adds data elements and makes the index among them the current one. Its mappings replace those
    /// of the same keys.
    ///
    /// # Errors
    /// The fragments of a data element do not fit together.
    pub fn insert(
        &mut self,
        partition: Partition,
        index: ExtendedGuid,
        elements: &[Element],
    ) -> Result<(), StoreError> {
        let storage = self.partition_mut(partition);
        let mut next = Index { id: index, ..Index::clone(&storage.index) };
        for element in elements {
            let Some(read) = DataElement::from_element(element) else { continue };
            if read.id == index {
                next.mappings.extend(Index::from_element(&read).mappings);
                continue;
            }
            let read = match element.first::<types::Fragment>() {
                Some(fragment) => storage.fragments.add(fragment)?,
                None => Some(read),
            };
            if let Some(read) = read.filter(|read| !Storage::is_transient(read.kind)) {
                storage.elements.insert(read.id, Arc::new(read));
            }
        }
        storage.advance(next);
        Ok(())
    }

    /// Applies an upload of this client after the server's answer. If the result is
    /// [`Received::Partial`], the server merged the upload with other changes, and the client
    /// queries again.
    ///
    /// # Errors
    /// The answer is an error, or the upload does not fit the store.
    pub fn accept(
        &mut self,
        put: &PutChanges,
        response: &Response,
    ) -> Result<Received, StoreError> {
        if let Some(failure) = response.failure() {
            return Err(StoreError::Answer(failure));
        }
        let answers = response.sub_responses().into_iter();
        let mut answers = answers.filter(|sub| sub.kind == SubRequestType::PUT_CHANGES);
        let answer = answers.next().ok_or(StoreError::NoAnswer)?.answer;
        let Answer::PutChanges { applied, knowledge } = answer.map_err(StoreError::Answer)? else {
            return Err(StoreError::NoAnswer);
        };
        let (ids, storage) = self.parts_mut(put.partition);
        let complete = put::apply(storage, put, ids).map_err(StoreError::Answer)?.complete;
        if !complete {
            return Ok(Received::Pending);
        }
        if applied.is_none_or(|(index, _)| index != put.index) {
            return Ok(Received::Partial);
        }
        storage.knowledge = knowledge;
        Ok(Received::Complete)
    }
}

/// Returns bytes that identify a response: the identifiers and serial numbers of its elements.
fn seed(response: &Response) -> Vec<u8> {
    let elements = response.elements().iter().filter_map(|element| element.get());
    let names =
        elements.map(|element: &types::DataElement| format!("{} {}", element.id, element.serial));
    names.collect::<String>().into_bytes()
}
