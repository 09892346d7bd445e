use super::InterfaceDesc;
use crate::wire::Encode;

/// A type that represents one half of a distributed object. `#[psom_interface]` implements it on
/// the generated proxy type, for example `BroadcastServerProxy` for the trait `BroadcastServer`.
pub trait Interface: 'static {
    /// The description of the interface.
    const DESC: &'static InterfaceDesc;

    /// The typed proxy, which sends its calls to a target.
    type Proxy<T: Target>;

    /// Creates a proxy.
    fn proxy<T: Target>(target: T) -> Self::Proxy<T>;
}

/// Names the proxy type of a `#[psom_interface]` trait by the trait itself, as `dyn Trait`.
///
/// `#[psom_interface]` implements it. For a half that is written by hand, implement it if
/// `#[distributed_object]` is to use the trait.
#[diagnostic::on_unimplemented(
    message = "this trait is not a PSOM interface",
    label = "not declared with `#[psom_interface]`",
    note = "write `#[psom_interface(name = …, version = …, hash = …)]` above the trait"
)]
pub trait Declared {
    /// The proxy type.
    type Half: Interface;
}

/// The destination of a typed proxy's calls: one peer, all peers, or a session from outside its
/// space.
pub trait Target {
    /// The result of a call.
    type Sent;

    /// Sends a call of the method with this index, counted from 1.
    fn call(
        &self,
        interface: &'static InterfaceDesc,
        method: u8,
        arguments: &[&dyn Encode],
    ) -> Self::Sent;
}
