#[cfg(feature = "tokio")]
use crate::{error::CallError, wire::Encode};
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
        let arguments = Arguments::encode(Vec::new(), arguments)?;
        Ok(Self { object, interface, method, arguments })
    }
}
