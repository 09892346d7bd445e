//! All names that generated code uses. This module is not part of the public API.

pub use std::vec::Vec;

pub use crate::{
    error::{DecodeError, Violation},
    interface::{
        Argument, ArgumentDesc as ArgDesc, ArgumentShape, ChildDesc, Held, Incoming, Interface,
        InterfaceDesc, Lend, Loan, MethodDesc, Outcome, ParamDesc, Target, assert_halves, done,
        later, lend,
    },
    space::{
        AnyHandle, ChildFactories, Context, DistributedObject, IntoChild, Narrow, NoFactories,
        NoLifecycle, PartCapture, PeerInfo, Probe, captures,
    },
    wire::{Decode, Decoder, Encode, Encoder, PsomType, TypeDesc},
};
