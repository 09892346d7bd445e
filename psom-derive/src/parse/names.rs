//! Names in the interface's definition.

use syn::{Ident, ext::IdentExt as _};

use crate::model::WireName;

/// Returns the default wire name: the name in camel case.
pub(super) fn wire_name(ident: &Ident) -> WireName {
    WireName { text: camel_case(&ident.unraw().to_string()), span: ident.span() }
}

/// Converts `s_broadcast` to `sBroadcast`.
fn camel_case(snake_case: &str) -> String {
    let mut camel = String::with_capacity(snake_case.len());
    for word in snake_case.split('_').filter(|word| !word.is_empty()) {
        match word.chars().next() {
            Some(first) if !camel.is_empty() => {
                camel.extend(first.to_uppercase());
                camel.push_str(&word[first.len_utf8()..]);
            }
            _ => camel.push_str(word),
        }
    }
    camel
}
