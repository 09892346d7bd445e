use bytes::Bytes;

use crate::wire::{Decode, ObjectRef, TextSpan};

/// The text buffer of one call, from which the handler borrows its `&str` parameters.
#[derive(Debug, Clone, Copy)]
pub struct Loan<'a>(pub(super) &'a str);

/// A type that a handler can borrow. `&str` and `&[u8]` need no allocation; other slices are
/// borrowed from a decoded `Vec`.
#[diagnostic::on_unimplemented(
    message = "`&{Self}` cannot be borrowed from a message",
    note = "borrow `&str`, `&[u8]` or a slice of plain PSOM types; take other types by value"
)]
pub trait Lend {
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

impl Lend for str {
    type Held = TextSpan;

    fn lend<'s>(held: &'s TextSpan, loan: Loan<'s>) -> &'s Self {
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
