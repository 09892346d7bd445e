use std::{ops::Range, pin::Pin};

use bytes::Bytes;

use super::{InterfaceDesc, Loan};
use crate::{
    error::{DecodeError, PeerMisbehaved, Violation},
    wire::{Decode, Decoder},
};

/// A call on its way to a handler: a method index and arguments that are not decoded yet.
#[derive(Debug)]
pub struct Incoming<'a> {
    pub(crate) interface: &'static InterfaceDesc,
    pub(crate) version: i32,
    pub(crate) method: i8,
    pub(crate) source: &'a Bytes,
    pub(crate) place: Range<usize>,
    pub(crate) scratch: &'a mut String,
}

impl<'a> Incoming<'a> {
    /// The index of the method, from 1.
    pub fn method(&self) -> i8 {
        self.method
    }

    /// Decodes the arguments, all of them: trailing bytes are a violation. The second value lends
    /// text that was decoded in place; see [`lend`](super::lend).
    pub fn decode<P: Parameters>(self) -> Result<(P, Loan<'a>), Violation> {
        let scratch = self.scratch;
        scratch.clear();
        let mut input = Decoder::within(self.source, self.place, std::mem::take(scratch));
        let parameters = P::decode(&mut input)?;
        *scratch = input.finish()?;
        Ok((parameters, Loan(scratch)))
    }

    /// The violation for an index that no method has.
    pub fn unknown_method(&self) -> Violation {
        let (interface, version) = (self.interface.name, self.version);
        PeerMisbehaved::UnknownMethod { index: self.method, interface, version }.into()
    }
}

/// What a dispatched handler came to.
pub enum Outcome<'a> {
    /// The handler has returned.
    Done(Result<(), Violation>),
    /// The handler is an `async fn`; the space awaits it in place and takes no other message.
    Later(Pin<Box<dyn Future<Output = Result<(), Violation>> + Send + 'a>>),
}

impl std::fmt::Debug for Outcome<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Done(result) => f.debug_tuple("Done").field(result).finish(),
            Self::Later(_) => f.write_str("Later(..)"),
        }
    }
}

/// What a handler may return: nothing, or `Result<(), Violation>`.
#[diagnostic::on_unimplemented(
    message = "a PSOM method returns nothing, or `Result<(), Violation>`",
    note = "messages are one-way: send an answer with a call on `cx.caller()`"
)]
pub trait IntoOutcome {
    /// The handler's verdict on its caller.
    fn into_result(self) -> Result<(), Violation>;
}

impl IntoOutcome for () {
    fn into_result(self) -> Result<(), Violation> {
        Ok(())
    }
}

impl IntoOutcome for Result<(), Violation> {
    fn into_result(self) -> Result<(), Violation> {
        self
    }
}

/// The outcome of a plain `fn` handler.
pub fn done(result: impl IntoOutcome) -> Outcome<'static> {
    Outcome::Done(result.into_result())
}

/// The outcome of an `async fn` handler.
pub fn later<'a, F>(handler: F) -> Outcome<'a>
where
    F: Future<Output: IntoOutcome> + Send + 'a,
{
    Outcome::Later(Box::pin(async move { handler.await.into_result() }))
}

/// The parameters of a method, as a tuple of at most 16.
pub trait Parameters: Sized {
    /// Reads all of them, in their order.
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError>;
}

macro_rules! tuples {
    ($($first:ident $($rest:ident)*)?) => {
        impl$(<$first: Decode, $($rest: Decode),*>)? Parameters for ($($first, $($rest,)*)?) {
            fn decode(_input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                Ok(($($first::decode(_input)?, $($rest::decode(_input)?,)*)?))
            }
        }
        $(tuples!($($rest)*);)?
    };
}

tuples!(A B C D E F G H I J K L M N O P);
