//! Conversions of arguments in generated code, which exist for every type.
//!
//! If a type cannot be a parameter, the descriptor of the interface has the error, which names the type
//! at its place in the user's code. The conversions here have a default for all other types, so that
//! they do not repeat the error in words that say less. The inherent functions exist only for types that
//! can be converted, and the compiler prefers them to the functions of the traits.
#![expect(
    clippy::same_name_method,
    reason = "the traits are the defaults of the inherent functions"
)]

use super::{HeldSlice, Incoming, Loan, incoming::Parameters};
use crate::{
    error::{DecodeError, Violation},
    wire::{Decoder, Encode},
};

/// An argument of a proxy's method.
#[derive(Debug)]
pub struct Argument<'a, T: ?Sized>(pub &'a T);

impl<'a, T: Encode> Argument<'a, T> {
    /// Returns the argument as a value that can be encoded.
    pub fn get(self) -> &'a dyn Encode {
        self.0
    }
}

/// The default for types that cannot be encoded.
pub trait NoArgument<'a>: Sized {
    /// Is never called: the descriptor of the interface does not compile.
    fn get(self) -> &'a dyn Encode {
        &0u8
    }
}

impl<'a, T: ?Sized> NoArgument<'a> for Argument<'a, T> {}

/// The default for slices whose elements cannot be decoded.
pub trait NoSlice<T> {
    /// Is never called: the descriptor of the interface does not compile.
    fn get(&self) -> &[T] {
        &[]
    }
}

impl<T> NoSlice<T> for HeldSlice<T> {}

/// The arguments of a received call, or the fields of a struct: a tuple.
#[derive(Debug)]
pub struct ArgumentList<P>(std::marker::PhantomData<P>);

impl<P: Parameters> ArgumentList<P> {
    /// The smallest encoded size of all elements.
    pub const MIN_SIZE: usize = P::MIN_SIZE;

    /// Decodes all arguments like [`Incoming::decode`].
    pub fn decode(call: Incoming<'_>) -> Result<(P, Loan<'_>), Violation> {
        call.decode()
    }

    /// Decodes a struct from its fields.
    pub fn record<R>(input: &mut Decoder<'_>, make: impl FnOnce(P) -> R) -> Result<R, DecodeError> {
        P::decode(input).map(make)
    }

    /// Decodes a list of structs from one array for each field.
    pub fn records<R>(
        input: &mut Decoder<'_>,
        make: impl FnMut(P) -> R,
    ) -> Result<Vec<R>, DecodeError> {
        Ok(P::decode_list(input)?.into_iter().map(make).collect())
    }
}

/// The default for tuples that cannot be decoded. Its functions are never called: the descriptor of the
/// interface or the type does not compile.
pub trait NoArguments<P> {
    /// A value for a constant that is never used.
    const MIN_SIZE: usize = 1;

    /// Fails.
    fn decode(_: Incoming<'_>) -> Result<(P, Loan<'_>), Violation> {
        Err(DecodeError::Truncated.into())
    }

    /// Fails.
    fn record<R>(_: &mut Decoder<'_>, _: impl FnOnce(P) -> R) -> Result<R, DecodeError> {
        Err(DecodeError::Truncated)
    }

    /// Fails.
    fn records<R>(_: &mut Decoder<'_>, _: impl FnMut(P) -> R) -> Result<Vec<R>, DecodeError> {
        Err(DecodeError::Truncated)
    }
}

impl<P> NoArguments<P> for ArgumentList<P> {}
