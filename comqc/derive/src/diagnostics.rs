//! The texts of all errors: one sentence about the token, then the rule for queuable interfaces.

use std::fmt::Display;

/// The rule that every error ends with.
const QUEUABLE: &str = "an interface is queuable if each method returns nothing and has only input \
     parameters of Automation types";

fn because(problem: impl Display) -> String {
    format!("{problem}: {QUEUABLE}")
}

pub(crate) const ON_TRAIT: &str =
    "`#[queued_interface]` describes a trait: write it above `trait …`";
pub(crate) const ARGUMENTS: &str = "the arguments are `iid = \"XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX\"` and `base = IDispatch` or \
     `base = IUnknown`";
pub(crate) const MALFORMED_IID: &str =
    "an IID is written `\"XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX\"` in hexadecimal digits";
pub(crate) const UNKNOWN_BASE: &str = "the base of a queued interface is `IDispatch` or `IUnknown`";
pub(crate) const DISPID_FORM: &str =
    "a DISPID is written `#[dispid(1)]`, `#[dispid(1, put)]` or `#[dispid(1, putref)]`";
pub(crate) const DISPID_WITHOUT_DISPATCH: &str =
    "only methods of an interface with `base = IDispatch` have a DISPID";
pub(crate) const OBJECT_NOT_LAST: &str =
    "an `Object` is the last parameter: no field gives its length in the call";
pub(crate) const RESERVED_NAME: &str =
    "the generated recorder has functions `new` and `late_bound`: choose another name";

pub(crate) fn item_in_trait() -> String {
    because("a queued interface has only methods")
}

pub(crate) fn generics() -> String {
    because("a queued interface and its methods have no generic parameters")
}

pub(crate) fn receiver() -> String {
    because("a queued method takes `&mut self` or `&self`")
}

pub(crate) fn asynchronous() -> String {
    because("a queued method is a plain function")
}

pub(crate) fn result() -> String {
    because("a queued call has no result, as nothing comes back")
}

pub(crate) fn output() -> String {
    because("a queued call has no output parameter, as nothing comes back")
}

pub(crate) fn parameter_name() -> String {
    because("a parameter of a queued method has a plain name")
}

pub(crate) fn parameter_type() -> String {
    because(
        "this type is not an Automation type (`i8` to `u64`, `f32`, `f64`, `bool`, `String`, \
         `&str`, `Bstr`, `Currency`, `Date`, `Decimal`, `SafeArray`, `Variant`, `Object`)",
    )
}

pub(crate) fn missing_iid() -> String {
    because(
        "a queued interface has an IID (write `iid = \"XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX\"`)",
    )
}

pub(crate) fn missing_dispid(name: impl Display) -> String {
    because(format_args!(
        "the method `{name}` of an interface with `base = IDispatch` has a DISPID (write \
         `#[dispid(1)]` above it)"
    ))
}

pub(crate) fn duplicate_dispid(dispid: i32, other: impl Display) -> String {
    because(format_args!("the DISPID {dispid} belongs to `{other}`, so choose another one"))
}

pub(crate) fn put_parameters() -> String {
    because("a property put has one parameter, the new value")
}
