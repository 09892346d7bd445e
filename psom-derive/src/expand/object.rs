//! `impl DistributedObject`: the interfaces, dispatch and children of an object.

use proc_macro2::{Span, TokenStream};
use syn::{ItemStruct, Path, spanned::Spanned as _};

use super::{
    children,
    emit::{emit, emit_at},
};
use crate::model::Object;

/// Generates `impl DistributedObject` for a struct, and the check that its two interfaces have the
/// same name and versions.
///
/// `ChildFactories` and `Lifecycle` are optional. If the object implements them, `Probe` has
/// inherent functions that take precedence over those of `NoFactories` and `NoLifecycle`.
pub(crate) fn object(item: &ItemStruct, object: &Object) -> TokenStream {
    let Object { krate, serves, calls, connects, children, lifecycle, before, after } = object;
    let ident = &item.ident;
    let (generics, arguments, where_clause) = item.generics.split_for_impl();
    let descriptions = children.iter().map(|child| children::describe(&child.part, &child.ty));
    let connects = connects.iter().map(children::connects);
    let descriptions = descriptions.chain(connects);
    let fields = children.iter().map(children::field);
    let (serves_span, calls_span) = (span(serves), span(calls));
    let serves = emit_at!(serves_span=> <dyn #serves as __psom::Declared>::Half);
    let calls = emit_at!(calls_span=> <dyn #calls as __psom::Declared>::Half);
    // If the struct does not implement the served trait, the error is reported at `serves`. If the
    // two interfaces differ in name or versions, the error is reported at `calls`.
    let dispatch = emit_at!(serves_span=> <#serves>::dispatch);
    let assert_halves = emit_at! {calls_span=>
        const _: () = __psom::assert_halves(
            <#serves as __psom::Interface>::DESC,
            <#calls as __psom::Interface>::DESC,
        );
    };
    // A bound on a generic struct could make the compiler silently select `NoLifecycle`, so a
    // generic struct declares its implementation.
    let notify = match lifecycle {
        Some(token) => Some(emit_at!(token.span()=> __psom::notify(self, cx, occasion))),
        None if item.generics.params.is_empty() => {
            Some(emit!(__psom::Probe::<Self>::notify(self, cx, occasion)))
        }
        None => None,
    };
    let notified = notify
        .is_some()
        .then(|| emit!(impl #generics __psom::Notified for #ident #arguments #where_clause {}));
    let notify = notify.map(|notify| {
        emit! {
            fn notify(&mut self, cx: &mut __psom::Context<Self>, occasion: __psom::Occasion) {
                #notify;
            }
        }
    });
    let before = before.as_ref().map(|before| {
        let call = emit_at!(before.span()=> (#before)(self, cx, method));
        emit! {
            fn before(
                &mut self,
                cx: &mut __psom::Context<Self>,
                method: &'static __psom::MethodDesc,
            ) -> ::core::result::Result<(), __psom::Violation> {
                #call
            }
        }
    });
    let after = after.as_ref().map(|after| {
        let call = emit_at!(after.span()=> (#after)(self, cx, method));
        emit! {
            const HAS_AFTER: __psom::bool = true;
            fn after(
                &mut self,
                cx: &mut __psom::Context<Self>,
                method: &'static __psom::MethodDesc,
            ) {
                #call
            }
        }
    });
    emit! {
        const _: () = {
            #[allow(unused_imports)]
            use #krate::__private::{self as __psom, NoFactories as _, NoLifecycle as _};
            #notified
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
                ) -> __psom::Dispatched<'a> {
                    #dispatch(self, cx, call)
                }
                fn child(
                    &mut self,
                    cx: &mut __psom::Context<Self>,
                    part: &__psom::str,
                ) -> __psom::Child {
                    #(#fields)*
                    __psom::Probe::<Self>::make(self, cx, part)
                }
                #notify
                #before
                #after
            }
            #assert_halves
        };
    }
}

/// Returns the span of the last segment of a path.
fn span(path: &Path) -> Span {
    path.segments.last().map_or_else(Span::call_site, |last| last.ident.span())
}
