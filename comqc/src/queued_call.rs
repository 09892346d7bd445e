//! The contract between `#[queued_interface]` and the crate.

use crate::{
    Guid,
    error::{ReadError, ReadResult, Rule, WriteError},
    message::{Call, Message},
    ndr::Reader,
    oaut::{FromArgument, IID_IDISPATCH, INVOKE_OPNUM, Invoke, Variant, flags},
    recorder::Recorder,
};

/// A call on one interface, decoded. `#[queued_interface]` on a trait `Ship` generates such a type
/// with the name `ShipCall`.
pub trait QueuedCall: Sized {
    /// The interface.
    const INTERFACE: Guid;

    /// Decodes a call. Undefined bytes after the parameters are ignored (section 2.2.6.1.4).
    ///
    /// # Errors
    /// The call is on another interface or an unknown method, or its arguments violate a rule. The
    /// offset is that in the message.
    fn read(call: &Call<'_>) -> ReadResult<Self>;
}

/// Decodes all calls of a message, so that a message is played as a whole or not at all.
///
/// # Errors
/// One of the calls cannot be decoded.
pub fn decode_calls<C: QueuedCall>(message: &Message<'_>) -> ReadResult<Vec<C>> {
    // Each call has a method header of at least 32 bytes, so the message bounds the allocation.
    let mut calls = Vec::new();
    for call in message.calls() {
        calls.push(C::read(&call)?);
    }
    Ok(calls)
}

impl Recorder {
    /// Records a late-bound call.
    ///
    /// # Errors
    /// An argument cannot be written. The call is not recorded.
    pub fn invoke(&mut self, invoke: &Invoke) -> Result<(), WriteError> {
        self.call(IID_IDISPATCH, INVOKE_OPNUM, |writer| invoke.write(writer))
    }
}

/// The way in which a call names its method.
#[doc(hidden)]
pub enum Selected<'a> {
    Opnum(u32, Reader<'a>),
    Invoke(i32, CallKind, LateArguments),
}

/// The kind of a late-bound call.
#[doc(hidden)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum CallKind {
    Method,
    Put,
    PutReference,
}

/// The arguments of a late-bound call.
#[doc(hidden)]
pub struct LateArguments {
    invoke: Invoke,
    offset: usize,
}

/// Determines how `call` names its method.
#[doc(hidden)]
pub fn select<'a>(call: &Call<'a>, interface: Guid, is_dispatch: bool) -> ReadResult<Selected<'a>> {
    if call.interface == interface {
        return Ok(Selected::Opnum(call.opnum, call.arguments()));
    }
    if !is_dispatch || call.interface != IID_IDISPATCH {
        return Err(ReadError::new(Rule::UnknownInterface, call.offset));
    }
    if call.opnum != INVOKE_OPNUM {
        return Err(unknown_method(call));
    }
    let invoke = Invoke::read(&mut call.arguments())?;
    // Automation callers set METHOD together with PROPERTY_GET when they ignore a result.
    let kind = match invoke.flags {
        flags if flags & flags::PROPERTY_PUT != 0 => CallKind::Put,
        flags if flags & flags::PROPERTY_PUT_REFERENCE != 0 => CallKind::PutReference,
        flags if flags & flags::METHOD != 0 => CallKind::Method,
        _ => return Err(unknown_method(call)),
    };
    let dispid = invoke.dispid;
    Ok(Selected::Invoke(dispid, kind, LateArguments { invoke, offset: call.data_offset }))
}

/// Returns the error that the interface does not have the method of `call`.
#[doc(hidden)]
#[must_use]
pub fn unknown_method(call: &Call<'_>) -> ReadError {
    // The opnum follows signature and size.
    ReadError::new(Rule::UnknownMethod, call.offset + 8)
}

impl LateArguments {
    /// Returns the arguments of a method with `N` parameters.
    #[doc(hidden)]
    pub fn take<const N: usize>(&self) -> ReadResult<[LateArgument<'_>; N]> {
        let error = ReadError::new(Rule::ArgumentCount, self.offset);
        let arguments = self.invoke.by_position(N).ok_or(error)?;
        let mut taken = [const { LateArgument { value: &Variant::MISSING, offset: 0 } }; N];
        for (slot, argument) in taken.iter_mut().zip(arguments) {
            *slot = LateArgument { value: argument.ok_or(error)?, offset: self.offset };
        }
        Ok(taken)
    }
}

/// One argument of a late-bound call.
#[doc(hidden)]
pub struct LateArgument<'a> {
    value: &'a Variant,
    offset: usize,
}

impl LateArgument<'_> {
    /// Converts the argument to its parameter's type.
    #[doc(hidden)]
    pub fn read<T: FromArgument>(&self) -> ReadResult<T> {
        T::from_variant(self.value).ok_or_else(|| ReadError::new(Rule::ArgumentType, self.offset))
    }
}
