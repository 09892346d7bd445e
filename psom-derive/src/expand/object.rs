//! `impl DistributedObject`: the interfaces, dispatch and children of an object.

use proc_macro2::{Span, TokenStream};
use syn::{ItemStruct, Path};

use super::{
    children,
    emit::{emit, emit_at, proxy_path},
};
use crate::model::Object;

/// Generates `impl DistributedObject` for a struct, and the check that its two interfaces have the
/// same name and versions.
///
/// `ChildFactories` and `Lifecycle` are optional. If the object implements them, `Probe` has
/// inherent functions that take precedence over those of `NoFactories` and `NoLifecycle`.
pub(crate) fn object(item: &ItemStruct, object: &Object) -> TokenStream {
    let Object { krate, serves, calls, connects, children } = object;
    let ident = &item.ident;
    let (generics, arguments, where_clause) = item.generics.split_for_impl();
    let descriptions = children.iter().map(|child| children::describe(&child.part, &child.ty));
    let connects = connects.iter().map(children::connects);
    let descriptions = descriptions.chain(connects);
    let fields = children.iter().map(children::field);
    let (serves_span, calls_span) = (span(serves), span(calls));
    let (serves, calls) = (proxy_path(serves), proxy_path(calls));
    // If the struct does not implement the served trait, the error is reported at `serves`. If the
    // two interfaces differ in name or versions, the error is reported at `calls`.
    let dispatch = emit_at!(serves_span=> #serves::<()>::dispatch);
    let assert_halves = emit_at! {calls_span=>
        const _: () = __psom::assert_halves(
            <#serves as __psom::Interface>::DESC,
            <#calls as __psom::Interface>::DESC,
        );
    };
    emit! {
        const _: () = {
            #[allow(unused_imports)]
            use #krate::__private::{self as __psom, NoFactories as _, NoLifecycle as _};
            impl #generics __psom::DistributedObject for #ident #arguments #where_clause {
                type Serves = #serves;
                type Calls = #calls;
                fn children() -> __psom::Vec<__psom::ChildDesc> {
                    let mut children: __psom::Vec<__psom::ChildDesc> =
                        ::core::convert::From::from([#(#descriptions),*]);
                    children.append(&mut __psom::Probe::<Self>::factories());
                    children
                }
                fn dispatch<'a>(
                    &'a mut self,
                    cx: &'a mut __psom::Context<Self>,
                    call: __psom::Incoming<'a>,
                ) -> ::core::result::Result<__psom::Outcome<'a>, __psom::Violation> {
                    #dispatch(self, cx, call)
                }
                fn child(
                    &mut self,
                    cx: &mut __psom::Context<Self>,
                    part: &str,
                ) -> ::core::result::Result<
                    ::core::option::Option<__psom::AnyHandle>,
                    __psom::Violation,
                > {
                    #(#fields)*
                    __psom::Probe::<Self>::make(self, cx, part)
                }
                fn connected(&mut self, cx: &mut __psom::Context<Self>) {
                    __psom::Probe::<Self>::connected(self, cx);
                }
                fn disconnected(&mut self, cx: &mut __psom::Context<Self>) {
                    __psom::Probe::<Self>::disconnected(self, cx);
                }
            }
            #assert_halves
        };
    }
}

/// Returns the span of the last segment of a path.
fn span(path: &Path) -> Span {
    path.segments.last().map_or_else(Span::call_site, |last| last.ident.span())
}
