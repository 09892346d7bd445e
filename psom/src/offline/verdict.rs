use std::fmt;

use crate::{
    error::Violation,
    space::{Context, DistributedObject, Scope},
};

/// The result of a call that is being played, for an object that knows it only after the method has
/// returned: when another object has performed the call.
///
/// A verdict that is dropped refuses the call.
pub struct Verdict(Give);

/// Takes the result of a call.
type Give = Box<dyn FnOnce(&mut Scope, Result<(), Violation>) + Send>;

/// An object that can give the result of a played call after the method has returned.
pub trait PlaysLater: DistributedObject {
    /// Returns the place of the verdict about the call that is being played. It is full while a
    /// method of a played call runs. A method that takes the verdict out must pass it on. Otherwise,
    /// the result of the method is the verdict.
    fn verdict(&mut self) -> &mut Option<Verdict>;

    /// Prepares the object for the next call of the caller. The meaning of `token` is the object's.
    ///
    /// # Errors
    /// The object cannot be prepared. By default, there is nothing to prepare.
    fn prepare(&mut self, cx: &mut Context<Self>, token: i64) -> Result<(), Violation> {
        let _ = (cx, token);
        Err(Violation::new("there is nothing to prepare"))
    }
}

impl Verdict {
    pub(super) fn new(
        give: impl FnOnce(&mut Scope, Result<(), Violation>) + Send + 'static,
    ) -> Self {
        Self(Box::new(give))
    }

    /// Gives the verdict. Call this in the handler that performs the call, so that the state that the
    /// call changes and the number of the call are saved in one turn.
    pub fn give(self, scope: &mut Scope, result: Result<(), Violation>) {
        (self.0)(scope, result);
    }
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verdict").finish_non_exhaustive()
    }
}
