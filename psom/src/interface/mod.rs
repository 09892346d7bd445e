//! Descriptions of interfaces as data, and the traits that generated code implements.
//!
//! An [`InterfaceDesc`] describes one half of a distributed object. Negotiation, index checks and
//! tracing read it. A [`Definition`] describes both halves in all versions. [`Incoming`] and
//! [`Outcome`] connect a received call to its handler. A [`Target`] accepts the calls of a typed
//! proxy.

mod definition;
mod descriptor;
mod incoming;
mod lend;
mod print;
mod probe;
mod target;

pub use definition::{Connected, Definition};
pub use descriptor::{ChildDesc, InterfaceDesc, MethodDesc, ObjectDesc, assert_halves};
pub use incoming::{Dispatched, Incoming, IntoOutcome, Outcome, Parameters, done, later};
pub use lend::{Held, HeldSlice, Lend, Loan, lend};
pub use print::sent_arguments;
pub(crate) use print::{View, argument_hash, arguments};
pub use probe::{Argument, ArgumentList, NoArgument, NoArguments, NoSlice};
pub use target::{Declared, Interface, Target};

pub use crate::wire::ParamDesc;
