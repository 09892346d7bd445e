//! Interfaces as data, and the small contracts that generated code fills in.
//!
//! An [`InterfaceDesc`] is one half of a distributed object: negotiation, index checks, and
//! tracing are loops over it. A [`Definition`] is both halves in all versions. [`Incoming`] and [`Outcome`] carry a call to a handler,
//! [`Target`] is anywhere that a typed proxy can send a call.

mod argument;
mod definition;
mod descriptor;
mod incoming;
mod lend;
mod print;
mod target;

pub use argument::{Argument, ArgumentShape, ParamDesc};
pub use definition::{Connected, Definition};
pub use descriptor::{
    ArgumentDesc, ChildDesc, InterfaceDesc, MethodDesc, ObjectDesc, assert_halves,
};
pub use incoming::{Incoming, IntoOutcome, Outcome, Parameters, done, later};
pub use lend::{Held, Lend, Loan, lend};
pub use print::sent_arguments;
pub(crate) use print::{View, arguments, subject};
pub use target::{Interface, Target};
