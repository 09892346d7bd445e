#[cfg(feature = "tokio")]
use crate::{
    error::CallError,
    wire::{Encode, Encoder},
};
use crate::{interface::InterfaceDesc, session::Arguments, wire::ObjectKey};

/// A marshaled call from outside the space on the peers of an object.
#[derive(Debug)]
pub struct RemoteCall {
    pub(super) object: ObjectKey,
    pub(super) interface: &'static InterfaceDesc,
    pub(super) method: u8,
    pub(super) arguments: Arguments,
}

#[cfg(feature = "tokio")]
impl RemoteCall {
    /// Reports whether the arguments contain references, which only the space can resolve.
    pub(crate) fn has_references(&self) -> bool {
        self.arguments.has_references()
    }

    /// Returns the size of the arguments in bytes.
    pub(crate) fn size(&self) -> usize {
        self.arguments.len()
    }

    pub(crate) fn new(
        object: ObjectKey,
        interface: &'static InterfaceDesc,
        method: u8,
        arguments: &[&dyn Encode],
    ) -> Result<Self, CallError> {
        let mut bytes = Vec::new();
        let mut out = Encoder::new(&mut bytes);
        arguments.iter().for_each(|argument| argument.encode(&mut out));
        let references = out.finish()?;
        let arguments = Arguments::new(bytes, references);
        Ok(Self { object, interface, method, arguments })
    }
}
