//! The implementations of `#[derive(PsomType)]`.

use proc_macro2::{Literal, TokenStream};
use syn::{Ident, Type, ext::IdentExt as _, spanned::Spanned as _};

use super::emit::{emit, emit_at};
use crate::model::{FlattenedField, NamedValue, PsomType, Shape};

/// Generates the type's description, its encoding and decoding, and the conversions.
pub(crate) fn psom_type(ty: &PsomType) -> TokenStream {
    let PsomType { krate, ident, shape } = ty;
    let impls = match shape {
        Shape::Enum { variants, other } => enumeration(ident, variants, other),
        Shape::Transparent(inner) => transparent(ident, inner),
        Shape::Flattened(fields) => flattened(ident, fields),
    };
    emit! {
        const _: () = {
            use #krate::__private as __psom;
            #impls
        };
    }
}

fn enumeration(ident: &Ident, variants: &[NamedValue], other: &Ident) -> TokenStream {
    let name = ident.unraw().to_string();
    let names: Vec<&Ident> = variants.iter().map(|variant| &variant.ident).collect();
    let values: Vec<Literal> =
        variants.iter().map(|variant| Literal::i32_unsuffixed(variant.value)).collect();
    let wire = wire_impls(
        ident,
        &emit!(__psom::i32),
        &emit!(__psom::TypeDesc::Enum(#name)),
        &emit!(&__psom_value(self)),
        &emit!(::core::convert::From::from),
    );
    emit! {
        fn __psom_value(named: &#ident) -> __psom::i32 {
            match named {
                #(#ident::#names => #values,)*
                #ident::#other(value) => *value,
            }
        }
        impl ::core::convert::From<__psom::i32> for #ident {
            fn from(value: __psom::i32) -> Self {
                match value {
                    #(#values => Self::#names,)*
                    other => Self::#other(other),
                }
            }
        }
        impl ::core::convert::From<#ident> for __psom::i32 {
            fn from(named: #ident) -> Self {
                __psom_value(&named)
            }
        }
        #wire
    }
}

fn transparent(ident: &Ident, inner: &Type) -> TokenStream {
    let ty = emit_at!(inner.span()=> __psom::value::<#inner>());
    emit! {
        impl __psom::PsomType for #ident {
            const TYPE: __psom::TypeDesc = #ty;
        }
        __psom::transparent!(#ident(#inner));
    }
}

/// Generates the implementations of a record.
fn flattened(ident: &Ident, fields: &[FlattenedField]) -> TokenStream {
    let params = fields.iter().map(|FlattenedField { wire, ty, .. }| {
        let name = &wire.text;
        emit_at!(ty.span()=> __psom::ParamDesc::field::<#ty>(#name))
    });
    let names = fields.iter().map(|field| &field.ident);
    let types = fields.iter().map(|field| &field.ty);
    emit! {
        impl __psom::PsomType for #ident {
            const TYPE: __psom::TypeDesc = __psom::TypeDesc::Record(&[#(#params),*]);
        }
        __psom::record!(#ident { #(#names: #types),* });
    }
}

/// Generates `PsomType`, `Encode` and `Decode` for a type that is encoded like the type `carrier`.
fn wire_impls(
    ident: &Ident,
    carrier: &TokenStream,
    desc: &TokenStream,
    value: &TokenStream,
    wrap: &TokenStream,
) -> TokenStream {
    emit! {
        impl __psom::PsomType for #ident {
            const TYPE: __psom::TypeDesc = #desc;
        }
        impl __psom::Encode for #ident {
            fn encode(&self, out: &mut __psom::Encoder<'_>) {
                __psom::Encode::encode(#value, out);
            }
        }
        impl __psom::Decode for #ident {
            const MIN_SIZE: __psom::usize = <#carrier as __psom::Decode>::MIN_SIZE;
            fn decode(input: &mut __psom::Decoder<'_>) -> __psom::Decoded<Self> {
                <#carrier as __psom::Decode>::decode(input).map(#wrap)
            }
        }
    }
}
