use super::InterfaceDesc;
use crate::wire::Encode;

/// One half of a distributed object as a type: the proxy type that `#[psom_interface]` generates,
/// `BroadcastServerProxy` for the trait `BroadcastServer`.
pub trait Interface: 'static {
    /// The interface as data.
    const DESC: &'static InterfaceDesc;

    /// The typed proxy, around the place that it sends its calls to.
    type Proxy<T: Target>;

    /// Makes a proxy.
    fn proxy<T: Target>(target: T) -> Self::Proxy<T>;
}

/// Where a typed proxy sends its calls: one peer, all peers, or a session from outside its space.
pub trait Target {
    /// What a call returns.
    type Sent;

    /// Sends a call of the method with this index.
    fn call(
        &mut self,
        interface: &'static InterfaceDesc,
        method: u8,
        arguments: &[&dyn Encode],
    ) -> Self::Sent;
}
