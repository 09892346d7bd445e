use serde::Serialize;

use super::{Durable, DurableState, json};
use crate::{error::SaveError, space::Scope};

/// The saved state of one object: serde values by keys, all below one prefix.
///
/// A key can be a path, such as `vote/3`. [`SavedValues::below`](super::SavedValues::below) reads and
/// [`erase`](Self::erase) removes all values below a path. Values are saved as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    prefix: String,
}

impl Memory {
    /// Creates the memory of an object whose keys begin with a prefix and a slash. The prefix must differ
    /// from those of other objects, such as `room/7`. An empty prefix is for an object that shares its
    /// space with no other memory.
    pub fn new(prefix: impl Into<String>) -> Self {
        let mut prefix = prefix.into();
        if !prefix.is_empty() {
            prefix.push('/');
        }
        Self { prefix }
    }

    /// Returns the memory of a part of the object, such as `vote`.
    #[must_use]
    pub fn at(&self, part: impl std::fmt::Display) -> Self {
        Self::new(format!("{}{part}", self.prefix))
    }

    /// Returns the full key of a value, as the journal gets it.
    pub fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Saves a value under a key. The calls that this turn queues are sent when the value is safe.
    ///
    /// Save a value before you change the object and notify clients, so that a failure leaves both
    /// unchanged.
    ///
    /// # Errors
    /// JSON cannot represent the value (a map whose keys are neither strings nor integers, or a
    /// number that is not finite), or the key is empty or has an empty part. The value that was
    /// saved under the key stays.
    pub fn save(
        &self,
        scope: &mut Scope,
        key: &str,
        value: &impl Serialize,
    ) -> Result<(), SaveError> {
        if key.split('/').any(str::is_empty) {
            return Err(SaveError::Key { key: key.to_owned() });
        }
        scope.save(self.key(key), json::write(key, value)?);
        Ok(())
    }

    /// Saves a new state of the object. The returned [`Durable`] saves its changes.
    pub fn create<S: DurableState>(&self, scope: &mut Scope, state: S) -> Durable<S> {
        Durable::create(scope, &*self.prefix, state)
    }

    /// Returns a state that was restored from the object's saved values. It saves its changes.
    pub fn restored<S: DurableState>(&self, state: S) -> Durable<S> {
        Durable::restored(&*self.prefix, state)
    }

    /// Erases the value of a key and all values below it.
    pub fn erase(&self, scope: &mut Scope, key: &str) {
        scope.erase(self.key(key));
    }
}
