use bytes::Bytes;

use crate::{
    error::DecodeError,
    wire::{Decode, Decoder, Encode, ParamDesc, PsomType, TextSpan, TypeDesc},
};

/// The text buffer of one call, from which the handler borrows its `&str` parameters.
#[derive(Debug, Clone, Copy)]
pub struct Loan<'a>(pub(super) &'a str);

/// A type that a handler can borrow. `&str` and `&[u8]` need no allocation; other slices and records
/// are borrowed from their decoded form.
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot be borrowed from a message",
    label = "take this by value",
    note = "borrow `&str`, `&[T]` of a PSOM type `T`, or a struct of several fields that derives `PsomType`; take other types by value"
)]
pub trait Lend: Encode {
    /// The type in interface definitions.
    const TYPE: TypeDesc;

    /// The decoded form, which is kept until the handler returns.
    type Held: Decode + Send + Sync;

    /// Borrows the value from its decoded form.
    fn lend<'s>(held: &'s Self::Held, loan: Loan<'s>) -> &'s Self;
}

/// The decoded form of a parameter `&T`.
pub type Held<T> = <T as Lend>::Held;

/// Borrows a decoded parameter for the handler.
pub fn lend<'s, T: Lend + ?Sized>(held: &'s T::Held, loan: Loan<'s>) -> &'s T {
    T::lend(held, loan)
}

impl ParamDesc {
    /// Creates a parameter that the method borrows as `&T`.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub const fn lent<T: Lend + ?Sized>(name: &'static str) -> Self {
        Self::of(name, T::TYPE)
    }
}

impl Lend for str {
    const TYPE: TypeDesc = TypeDesc::String;
    type Held = TextSpan;

    fn lend<'s>(held: &'s TextSpan, loan: Loan<'s>) -> &'s Self {
        held.lend(loan.0)
    }
}

impl<T: PsomType + Send + Sync> Lend for [T] {
    const TYPE: TypeDesc = TypeDesc::Array(&T::TYPE);
    type Held = HeldSlice<T>;

    fn lend<'s>(held: &'s HeldSlice<T>, _: Loan<'s>) -> &'s [T] {
        held.get()
    }
}

/// The decoded form of a slice.
#[derive(Debug)]
pub enum HeldSlice<T> {
    /// The receive buffer, for a slice of bytes.
    Shared(Bytes),
    /// The decoded elements.
    Decoded(Vec<T>),
}

impl<T: Decode> HeldSlice<T> {
    /// Returns the elements.
    #[expect(clippy::same_name_method, reason = "`NoSlice` is the default of generated code")]
    pub fn get(&self) -> &[T] {
        match self {
            Self::Shared(bytes) => T::of_bytes(bytes).unwrap_or_default(),
            Self::Decoded(elements) => elements,
        }
    }
}

impl<T: Decode> Decode for HeldSlice<T> {
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        match T::of_bytes(&Bytes::new()) {
            Some(_) => Bytes::decode(input).map(Self::Shared),
            None => Vec::decode(input).map(Self::Decoded),
        }
    }
}
