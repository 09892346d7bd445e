use std::collections::BTreeMap;

use bytes::Bytes;

use super::peer::ConnectionKey;
use crate::{
    error::{AskError, DecodeError},
    interface::{MethodDesc, Parameters},
    wire::{Decoder, ObjectKey},
};

/// The connection, the object and the cookie of a request.
pub(super) type AskKey = (ConnectionKey, ObjectKey, i32);

/// The requests of a space that have no answer yet.
pub(super) struct Asks<W, K> {
    pub(super) open: BTreeMap<AskKey, Ask<W, K>>,
    /// The last cookie. Cookies count up and are never used again, so that a late answer cannot be taken
    /// for that of another request.
    pub(super) last_cookie: i32,
    /// The method that was called last, while a request is being sent.
    pub(super) asking: Option<Option<&'static MethodDesc>>,
}

/// A request: `W` is the work that continues it, and `K` the key of its timer.
pub(super) struct Ask<W, K> {
    pub(super) request: &'static MethodDesc,
    pub(super) timer: K,
    pub(super) then: Box<dyn FnOnce(Result<Reply, AskError>) -> W + Send>,
}

impl<W, K> Default for Asks<W, K> {
    fn default() -> Self {
        Self { open: BTreeMap::new(), last_cookie: 0, asking: None }
    }
}

/// The call with which a peer has answered a request.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(super) method: &'static MethodDesc,
    pub(super) arguments: Bytes,
}

impl Reply {
    /// Returns the wire name of the method, such as `cExported`. A request can have several.
    pub fn method(&self) -> &'static str {
        self.method.name
    }

    /// Decodes the parameters of the method, including the cookie, as a tuple of owned types. A tuple of
    /// one type has a comma: `(i32,)`.
    ///
    /// # Errors
    /// The parameters have other types.
    pub fn read<P: Parameters>(&self) -> Result<P, DecodeError> {
        let mut input = Decoder::new(&self.arguments);
        let parameters = P::decode(&mut input)?;
        input.finish()?;
        Ok(parameters)
    }
}

impl<W, K> Asks<W, K> {
    /// Notes a call while a request is being sent.
    pub(super) fn note(&mut self, method: Option<&'static MethodDesc>) {
        if let Some(asking) = &mut self.asking {
            *asking = method;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Drops the requests of an object that was removed.
    pub(super) fn forget(&mut self, object: ObjectKey) {
        self.open.retain(|(_, of, _), _| *of != object);
    }
}
