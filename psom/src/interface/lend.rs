use bytes::Bytes;

use crate::wire::{Decode, ObjectRef, TextSpan};

/// The scratch text of one call, from which borrowed strings are lent to the handler.
#[derive(Debug, Clone, Copy)]
pub struct Loan<'a>(pub(super) &'a str);

/// A type that a handler can take by reference: `&str` and `&[u8]` without an allocation, other
/// slices from a decoded `Vec`.
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot be borrowed from a message",
    note = "borrow `&str`, `&[u8]` or a slice of plain PSOM types; take other types by value"
)]
pub trait Lend {
    /// What is held between decoding and the call.
    type Held: Decode + Send + Sync;

    /// Lends the value.
    fn lend<'s>(held: &'s Self::Held, loan: Loan<'s>) -> &'s Self;
}

/// What is held for a parameter `&T` between decoding and the call.
pub type Held<T> = <T as Lend>::Held;

/// Lends a decoded parameter to the handler.
pub fn lend<'s, T: Lend + ?Sized>(held: &'s T::Held, loan: Loan<'s>) -> &'s T {
    T::lend(held, loan)
}

impl Lend for str {
    type Held = TextSpan;

    fn lend<'s>(held: &'s TextSpan, loan: Loan<'s>) -> &'s str {
        held.lend(loan.0)
    }
}

impl Lend for [u8] {
    type Held = Bytes;

    fn lend<'s>(held: &'s Bytes, _: Loan<'s>) -> &'s [u8] {
        held
    }
}

macro_rules! slices {
    ($($element:ty),*) => {$(
        impl Lend for [$element] {
            type Held = Vec<$element>;

            fn lend<'s>(held: &'s Vec<$element>, _: Loan<'s>) -> &'s [$element] {
                held
            }
        }
    )*};
}

slices!(bool, i16, i32, i64, u32, u64, f64, String, ObjectRef, Vec<i32>, Vec<i64>, Vec<String>);
