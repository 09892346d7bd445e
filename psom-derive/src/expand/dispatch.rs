//! Dispatch: one match arm for each method, which decodes the parameters and calls the method.

use proc_macro2::{Literal, TokenStream};
use syn::{Ident, ItemTrait, Type, spanned::Spanned as _};

use super::emit::{doc, emit, emit_at, unused_name};
use crate::model::{Interface, Method, Param, Passed};

/// Generates `XProxy::dispatch`.
pub(super) fn dispatch(item: &ItemTrait, interface: &Interface, proxy: &Ident) -> TokenStream {
    let (vis, interface_trait) = (&item.vis, &item.ident);
    let doc = doc(format!("Dispatches a call to an object that implements [`{interface_trait}`]."));
    let object = unused_name("S", item);
    let bounds = emit!(#object: #interface_trait + ::core::marker::Send);
    // The declaration of a deprecated method is not a use of it.
    let allow = interface.methods.iter().any(|method| method.deprecated.is_some());
    let allow = allow.then(|| emit!(#[allow(deprecated)]));
    // If no method takes a context, `dispatch` accepts any context type, so that it can be used
    // without a space.
    let takes_context = interface.methods.iter().any(|method| method.takes_context);
    let (generics, context) = if takes_context {
        (emit!('a, #bounds), emit!(cx: &'a mut __psom::Context<#object>))
    } else {
        let any = unused_name("C", item);
        (emit!('a, #bounds, #any), emit!(_cx: &'a mut #any))
    };
    let body = body(&interface.methods);
    emit! {
        impl #proxy {
            #doc
            #allow
            #vis fn dispatch<#generics>(
                this: &'a mut #object,
                #context,
                call: __psom::Incoming<'a>,
            ) -> __psom::Dispatched<'a> {
                #body
            }
        }
    }
}

fn body(methods: &[Method]) -> TokenStream {
    let unknown = emit!(::core::result::Result::Err(call.unknown_method()));
    if methods.is_empty() {
        return unknown;
    }
    let arms = methods.iter().zip(1..).map(|(method, index)| {
        let index = Literal::usize_unsuffixed(index);
        let body = arm(method);
        emit!(#index => #body,)
    });
    emit! {
        match call.method() {
            #(#arms)*
            _ => #unknown,
        }
    }
}

/// The form in which a parameter is kept until the method returns.
enum HeldForm<'a> {
    /// Texts that are borrowed from the buffer of the call.
    Texts,
    /// The elements of a slice of this type.
    Slice(&'a Type),
    /// A record, which is borrowed.
    Record,
    /// The value, which the method takes.
    Owned,
}

impl<'a> HeldForm<'a> {
    fn of(param: &'a Param) -> Self {
        match param.passed() {
            _ if !param.borrowed => Self::Owned,
            Passed::Slice(element) => Self::Slice(element),
            Passed::Text | Passed::Texts => Self::Texts,
            Passed::Borrowed | Passed::Owned => Self::Record,
        }
    }
}

fn arm(method: &Method) -> TokenStream {
    let Method { ident, params, output, .. } = method;
    let at = ident.span();
    let context = method.takes_context.then(|| emit_at!(at=> cx,));
    let names = params.iter().map(|param| &param.ident);
    let forms = || params.iter().map(|param| (param, HeldForm::of(param)));
    // A type that cannot be borrowed is reported by the descriptor, so nothing here depends on it.
    let types = forms().map(|(Param { ty, .. }, form)| match form {
        HeldForm::Texts => emit_at!(ty.span()=> __psom::Held<#ty>),
        HeldForm::Slice(element) => emit_at!(at=> __psom::HeldSlice<#element>),
        HeldForm::Record | HeldForm::Owned => emit_at!(at=> #ty),
    });
    let loan = match forms().any(|(_, form)| matches!(form, HeldForm::Texts)) {
        true => emit_at!(at=> loan),
        false => emit_at!(at=> _),
    };
    let arguments = forms().map(|(Param { ident, .. }, form)| match form {
        HeldForm::Texts => emit_at!(at=> __psom::lend(&#ident, loan)),
        HeldForm::Slice(_) => emit_at!(at=> #ident.get()),
        HeldForm::Record => emit_at!(at=> &#ident),
        HeldForm::Owned => emit_at!(at=> #ident),
    });
    let call = emit_at!(at=> this.#ident(#context #(#arguments),*));
    // An invalid return type is reported at the type.
    let outcome = match method.is_async {
        true => emit_at!(*output=> __psom::later(async move { #call.await })),
        false => emit_at!(*output=> __psom::done(#call)),
    };
    if params.is_empty() && !method.is_async {
        return emit_at!(at=> call.without_parameters(|| #call));
    }
    emit_at! {at=> {
        let ((#(#names,)*), #loan) = __Args::<(#(#types,)*)>::decode(call)?;
        #outcome
    }}
}
