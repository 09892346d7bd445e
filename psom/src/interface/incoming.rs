use std::{ops::Range, pin::Pin};

use bytes::Bytes;

use super::{InterfaceDesc, Loan, MethodDesc};
use crate::{
    error::{DecodeError, PeerMisbehaved, Violation},
    wire::{Decode, Decoder},
};

/// A received call before dispatch: a method index and encoded arguments.
#[derive(Debug)]
pub struct Incoming<'a> {
    pub(crate) interface: &'static InterfaceDesc,
    pub(crate) version: i32,
    pub(crate) method: i8,
    pub(crate) source: &'a Bytes,
    pub(crate) arguments: Range<usize>,
    /// The buffer for borrowed strings.
    pub(crate) text: &'a mut String,
}

impl<'a> Incoming<'a> {
    /// Returns the index of the method, counted from 1.
    pub fn method(&self) -> i8 {
        self.method
    }

    /// Returns the description of the method, if the interface has it.
    pub fn description(&self) -> Option<&'static MethodDesc> {
        self.interface.method(self.method, self.version)
    }

    /// Returns the value of the parameter `cookie`, if the method has one and the arguments decode.
    pub(crate) fn cookie(&self, method: &MethodDesc) -> Option<i32> {
        super::print::cookie(method, self.source, self.arguments.clone())
    }

    /// Decodes all arguments. The second value is the buffer that holds their borrowed strings;
    /// see [`lend`](super::lend).
    ///
    /// # Errors
    /// The bytes do not decode, or bytes are left after the last argument.
    pub fn decode<P: Parameters>(self) -> Result<(P, Loan<'a>), Violation> {
        let text = self.text;
        text.clear();
        let mut input = Decoder::within(self.source, self.arguments, std::mem::take(text));
        let parameters = P::decode(&mut input)?;
        *text = input.finish()?;
        Ok((parameters, Loan(text)))
    }

    /// Runs the handler of a method without parameters.
    ///
    /// # Errors
    /// Bytes are left after the method index.
    pub fn without_parameters<R: IntoOutcome>(
        self,
        run: impl FnOnce() -> R,
    ) -> Dispatched<'static> {
        self.decode::<()>()?;
        done(run())
    }

    /// Returns the violation for a method index that the interface does not have.
    pub fn unknown_method(&self) -> Violation {
        let (interface, version) = (self.interface.name, self.version);
        PeerMisbehaved::UnknownMethod { index: self.method, interface, version }.into()
    }
}

/// The result of dispatching a call to its handler.
pub enum Outcome<'a> {
    /// The handler has returned.
    Done(Result<(), Violation>),
    /// The handler is an `async fn`. The space awaits it and processes no other message meanwhile.
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

/// The return types of handlers: `()` and `Result<(), Violation>`.
#[diagnostic::on_unimplemented(
    message = "a PSOM method returns nothing, or `Result<(), Violation>`",
    note = "messages are one-way: send an answer with a call on `cx.caller()`"
)]
pub trait IntoOutcome {
    /// Converts the value to a result. An error breaks the connection of the caller.
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

/// The result of dispatching a call. An error means that the call could not be decoded.
pub type Dispatched<'a> = Result<Outcome<'a>, Violation>;

/// Returns the outcome of a handler that is not async.
pub fn done(result: impl IntoOutcome) -> Dispatched<'static> {
    Ok(Outcome::Done(result.into_result()))
}

/// Returns the outcome of an `async fn` handler.
pub fn later<'a, F>(handler: F) -> Dispatched<'a>
where
    F: Future<Output: IntoOutcome> + Send + 'a,
{
    Ok(Outcome::Later(Box::pin(async move { handler.await.into_result() })))
}

/// The parameters of a method: a tuple of at most 16 elements.
pub trait Parameters: Sized {
    /// The smallest encoded size of all elements, in bytes.
    const MIN_SIZE: usize;

    /// Decodes the elements in order.
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError>;

    /// Decodes a list of tuples: one array for each element, all with the same count.
    fn decode_list(input: &mut Decoder<'_>) -> Result<Vec<Self>, DecodeError>;
}

macro_rules! tuples {
    ($($first:ident $($rest:ident)*)?) => {
        impl$(<$first: Decode, $($rest: Decode),*>)? Parameters for ($($first, $($rest,)*)?) {
            const MIN_SIZE: usize = 0 $(+ $first::MIN_SIZE $(+ $rest::MIN_SIZE)*)?;

            fn decode(_input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                Ok(($($first::decode(_input)?, $($rest::decode(_input)?,)*)?))
            }

            fn decode_list(_input: &mut Decoder<'_>) -> Result<Vec<Self>, DecodeError> {
                $(
                    #[expect(non_snake_case, reason = "a variable has the name of its type parameter")]
                    {
                        let $first = $first::decode_array(_input)?;
                        $(let $rest = $rest::decode_array(_input)?;)*
                        if $($rest.len() != $first.len() ||)* false {
                            return Err(DecodeError::ColumnCount);
                        }
                        $(let mut $rest = $rest.into_iter();)*
                        let mut list = Vec::with_capacity($first.len());
                        for $first in $first {
                            // Never ends early: the counts are equal.
                            $(let Some($rest) = $rest.next() else { break };)*
                            list.push(($first, $($rest,)*));
                        }
                        return Ok(list);
                    }
                )?
                #[allow(
                    unreachable_code,
                    clippy::allow_attributes,
                    reason = "only the empty tuple gets here"
                )]
                Ok(Vec::new())
            }
        }
        $(tuples!($($rest)*);)?
    };
}

tuples!(A B C D E F G H I J K L M N O P);
