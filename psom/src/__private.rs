//! All names that generated code uses. This module is not part of the public API.

pub use core::{
    ops::FnMut,
    primitive::{bool, i32, str, usize},
};
pub use std::vec::Vec;

pub use crate::{
    error::{DecodeError, Violation},
    interface::{
        Argument, ArgumentList, ChildDesc, Declared, Dispatched, Held, HeldSlice, Incoming,
        Interface, InterfaceDesc, Lend, Loan, MethodDesc, NoArgument, NoArguments, NoSlice,
        ParamDesc, Parameters, Target, assert_halves, done, later, lend,
    },
    space::{
        AnyHandle, ChildFactories, Context, DistributedObject, IntoChild, Narrow, NoFactories,
        NoLifecycle, Notified, Occasion, PartCapture, PeerInfo, Probe, Transparent, captures,
        notify,
    },
    wire::{Decode, Decoder, Encode, Encoder, PsomType, TypeDesc},
};

/// The result of decoding.
pub type Decoded<T> = Result<T, DecodeError>;

/// Returns the type of the only field of a struct.
///
/// # Panics
/// The type is a record. Generated code calls this function at compile time.
pub const fn value<T: PsomType>() -> TypeDesc {
    ParamDesc::field::<T>("").kind
}

/// A list of texts as an argument: anything that yields texts.
pub trait Texts {
    /// Returns the texts as a value that can be encoded.
    fn texts(self) -> impl Encode;
}

struct TextList<T>(Vec<T>);

impl<I: IntoIterator<Item: AsRef<str>>> Texts for I {
    fn texts(self) -> impl Encode {
        TextList(self.into_iter().collect())
    }
}

impl<T: AsRef<str>> Encode for TextList<T> {
    fn encode(&self, out: &mut Encoder<'_>) {
        out.count(self.0.len());
        self.0.iter().for_each(|text| text.as_ref().encode(out));
    }
}

/// A child, if there is one.
pub type Child = Result<Option<AnyHandle>, Violation>;

/// The names that the code of an interface uses without a path.
pub mod names {
    pub use super::{
        Argument as __Arg, ArgumentList as __Args, MethodDesc as __Row, NoArgument as _,
        NoArguments as _, NoSlice as _, ParamDesc as __Param,
    };
    pub use crate::__private as __psom;
}

/// Generates the implementations of a proxy that do not depend on its methods.
#[doc(hidden)]
#[macro_export]
macro_rules! __psom_proxy {
    ($vis:vis $proxy:ident for $half:ident: $desc:expr) => {
        impl $crate::__private::Interface for $proxy {
            const DESC: &'static $crate::__private::InterfaceDesc = $desc;
            type Proxy<T: $crate::__private::Target> = $proxy<T>;
            fn proxy<T: $crate::__private::Target>(target: T) -> $proxy<T> {
                $proxy(target)
            }
        }
        impl $crate::__private::Declared for dyn $half {
            type Half = $proxy;
        }
        impl<T> ::core::ops::Deref for $proxy<T> {
            type Target = T;
            fn deref(&self) -> &T {
                &self.0
            }
        }
        impl<T> ::core::ops::DerefMut for $proxy<T> {
            fn deref_mut(&mut self) -> &mut T {
                &mut self.0
            }
        }
        impl<T: $crate::__private::Narrow> $proxy<T> {
            /// Keeps the peers for which `keep` returns true.
            #[must_use]
            $vis fn filter(
                self,
                keep: impl $crate::__private::FnMut(
                    &$crate::__private::PeerInfo,
                ) -> $crate::__private::bool,
            ) -> Self {
                Self($crate::__private::Narrow::narrow(self.0, keep))
            }
        }
    };
}

/// Generates the encoding of a struct with one unnamed field: that of the field.
#[doc(hidden)]
#[macro_export]
macro_rules! __psom_transparent {
    ($name:ident($field:ty)) => {
        impl $crate::__private::Transparent for $name {
            type Field = $field;
            fn wrap(field: $field) -> Self {
                Self(field)
            }
        }
        impl $crate::__private::Encode for $name {
            fn encode(&self, out: &mut $crate::__private::Encoder<'_>) {
                use $crate::__private::NoArgument as _;
                $crate::__private::Encode::encode($crate::__private::Argument(&self.0).get(), out);
            }
        }
        impl $crate::__private::Decode for $name {
            const MIN_SIZE: $crate::__private::usize = {
                use $crate::__private::NoArguments as _;
                $crate::__private::ArgumentList::<($field,)>::MIN_SIZE
            };
            fn decode(
                input: &mut $crate::__private::Decoder<'_>,
            ) -> $crate::__private::Decoded<Self> {
                use $crate::__private::NoArguments as _;
                $crate::__private::ArgumentList::<($field,)>::record(input, |(field,)| Self(field))
            }
        }
    };
}

/// Generates the encoding of a record: that of its fields, one after the other.
#[doc(hidden)]
#[macro_export]
macro_rules! __psom_record {
    ($name:ident { $($field:ident: $ty:ty),* }) => {
        impl $crate::__private::Encode for $name {
            fn encode(&self, out: &mut $crate::__private::Encoder<'_>) {
                use $crate::__private::NoArgument as _;
                $($crate::__private::Encode::encode(
                    $crate::__private::Argument(&self.$field).get(),
                    out,
                );)*
            }
            fn encode_array(records: &[Self], out: &mut $crate::__private::Encoder<'_>) {
                use $crate::__private::NoArgument as _;
                $(out.column(records, |at| $crate::__private::Argument(&at.$field).get());)*
            }
        }
        impl $crate::__private::Decode for $name {
            fn decode(
                input: &mut $crate::__private::Decoder<'_>,
            ) -> $crate::__private::Decoded<Self> {
                use $crate::__private::NoArguments as _;
                $crate::__private::ArgumentList::<($($ty,)*)>::record(
                    input,
                    |($($field,)*)| Self { $($field),* },
                )
            }
            fn decode_array(
                input: &mut $crate::__private::Decoder<'_>,
            ) -> $crate::__private::Decoded<$crate::__private::Vec<Self>> {
                use $crate::__private::NoArguments as _;
                $crate::__private::ArgumentList::<($($ty,)*)>::records(
                    input,
                    |($($field,)*)| Self { $($field),* },
                )
            }
        }
        impl $crate::__private::Lend for $name {
            const TYPE: $crate::__private::TypeDesc =
                <Self as $crate::__private::PsomType>::TYPE;
            type Held = Self;
            fn lend<'held>(
                held: &'held Self,
                _: $crate::__private::Loan<'held>,
            ) -> &'held Self {
                held
            }
        }
    };
}

// By the names that are in scope: `crate::` would import from `lib.rs`.
pub use __psom_proxy as proxy;
pub use __psom_record as record;
pub use __psom_transparent as transparent;
