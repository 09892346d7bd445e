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
        &emit!(i32),
        &emit!(__psom::TypeDesc::Enum(#name)),
        &emit!(&__psom_value(self)),
        &emit!(::core::convert::From::from),
    );
    emit! {
        fn __psom_value(named: &#ident) -> i32 {
            match named {
                #(#ident::#names => #values,)*
                #ident::#other(value) => *value,
            }
        }
        impl ::core::convert::From<i32> for #ident {
            fn from(value: i32) -> Self {
                match value {
                    #(#values => Self::#names,)*
                    other => Self::#other(other),
                }
            }
        }
        impl ::core::convert::From<#ident> for i32 {
            fn from(named: #ident) -> Self {
                __psom_value(&named)
            }
        }
        #wire
    }
}

fn transparent(ident: &Ident, inner: &Type) -> TokenStream {
    wire_impls(
        ident,
        &emit!(#inner),
        &emit!(<#inner as __psom::PsomType>::TYPE),
        &emit_at!(inner.span()=> &self.0),
        &emit!(Self),
    )
}

/// Generates `Argument`, `Encode`, `Decode` and `Lend` for a flattened struct.
fn flattened(ident: &Ident, fields: &[FlattenedField]) -> TokenStream {
    let params = fields.iter().map(|FlattenedField { wire, ty, .. }| {
        let name = &wire.text;
        emit!(__psom::ParamDesc::new::<#ty>(#name))
    });
    let encode = fields.iter().map(|FlattenedField { ident, .. }| {
        emit_at!(ident.span()=> __psom::Encode::encode(&self.#ident, out);)
    });
    let decode = fields.iter().map(|FlattenedField { ident, .. }| {
        emit_at!(ident.span()=> #ident: __psom::Decode::decode(input)?,)
    });
    emit! {
        impl __psom::Argument for #ident {
            const SHAPE: __psom::ArgumentShape = __psom::ArgumentShape::Fields(&[#(#params),*]);
        }
        impl __psom::Encode for #ident {
            fn encode(&self, out: &mut __psom::Encoder<'_>) {
                #(#encode)*
            }
        }
        impl __psom::Decode for #ident {
            fn decode(
                input: &mut __psom::Decoder<'_>,
            ) -> ::core::result::Result<Self, __psom::DecodeError> {
                ::core::result::Result::Ok(Self { #(#decode)* })
            }
        }
        impl __psom::Lend for #ident {
            type Held = Self;
            fn lend<'held>(held: &'held Self, _: __psom::Loan<'held>) -> &'held Self {
                held
            }
        }
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
            const MIN_SIZE: usize = <#carrier as __psom::Decode>::MIN_SIZE;
            fn decode(
                input: &mut __psom::Decoder<'_>,
            ) -> ::core::result::Result<Self, __psom::DecodeError> {
                <#carrier as __psom::Decode>::decode(input).map(#wrap)
            }
        }
    }
}
