//! Generates the implementations.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::LitStr;
use syn::spanned::Spanned as _;

use crate::model::{Field, Object, Table};

/// Generates `impl StreamObject` for an object type.
pub(crate) fn object(object: &Object) -> TokenStream {
    let Object { name, number, compound, children, .. } = object;
    let text = name.to_string();
    let names: Vec<_> = object.fields.iter().map(|field| &field.name).collect();
    let reads = object.fields.iter().map(read);
    let writes = object.fields.iter().map(write);
    let print = match &object.print {
        Some(format) => quote!(::core::write!(f, #format)),
        None if names.is_empty() => quote!(::core::result::Result::Ok(())),
        None => {
            let pairs: Vec<_> = names.iter().map(|name| format!("{name} {{{name}}}")).collect();
            let format = LitStr::new(&pairs.join(" "), name.span());
            quote!(::core::write!(f, #format))
        }
    };
    let fields: Vec<_> = names.iter().map(|name| name.to_string()).collect();
    quote! {
        impl ::fsshttpb::object::StreamObject for #name {
            const NUMBER: u16 = #number;
            const NAME: &'static str = #text;
            const COMPOUND: bool = #compound;
            const FIELDS: &'static [&'static str] = &[#(#fields),*];
            const CHILDREN: &'static [u16] =
                &[#(<#children as ::fsshttpb::object::StreamObject>::NUMBER),*];

            fn read(
                reader: &mut ::fsshttpb::atom::Reader<'_>,
            ) -> ::core::result::Result<Self, ::fsshttpb::DecodeError> {
                let _ = &reader;
                #(#reads)*
                ::core::result::Result::Ok(Self { #(#names),* })
            }

            fn write(&self, writer: &mut ::fsshttpb::atom::Writer<'_>) {
                let Self { #(#names),* } = self;
                let _ = &writer;
                #(#writes)*
            }

            #[allow(unused_variables)]
            fn print(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let Self { #(#names),* } = self;
                #print
            }
        }
    }
}

fn read(field: &Field) -> TokenStream {
    let Field { name, ty, rest } = field;
    if *rest {
        quote_spanned!(ty.span()=> let #name: #ty = reader.rest();)
    } else {
        quote_spanned!(ty.span()=> let #name = <#ty as ::fsshttpb::atom::Atom>::read(reader)?;)
    }
}

fn write(field: &Field) -> TokenStream {
    let Field { name, ty, rest } = field;
    if *rest {
        quote_spanned!(ty.span()=> writer.put(#name);)
    } else {
        quote_spanned!(ty.span()=> <#ty as ::fsshttpb::atom::Atom>::write(#name, writer);)
    }
}

/// Generates `impl ObjectTable` for an enum, the conversions, and the test for equal numbers.
pub(crate) fn table(table: &Table) -> TokenStream {
    let Table { name, variants, unknown } = table;
    let names: Vec<_> = variants.iter().map(|variant| &variant.name).collect();
    let types: Vec<_> = variants.iter().map(|variant| &variant.ty).collect();
    let checks = types.iter().enumerate().map(|(place, ty)| {
        quote_spanned! {ty.span()=>
            const _: () = ::core::assert!(
                ::fsshttpb::object::is_first(<#name as ::fsshttpb::object::ObjectTable>::TYPES, #place),
                "another type of this table has the same type number"
            );
        }
    });
    quote! {
        #(#checks)*

        impl ::fsshttpb::object::ObjectTable for #name {
            const TYPES: &'static [::fsshttpb::object::TypeInfo] =
                &[#(::fsshttpb::object::TypeInfo::of::<#types>()),*];

            fn read(
                number: u16,
                compound: bool,
                reader: &mut ::fsshttpb::atom::Reader<'_>,
            ) -> ::core::result::Result<Self, ::fsshttpb::DecodeError> {
                match number {
                    #(<#types as ::fsshttpb::object::StreamObject>::NUMBER => {
                        ::fsshttpb::object::StreamObject::read(reader).map(Self::#names)
                    })*
                    _ => ::core::result::Result::Ok(Self::#unknown(::fsshttpb::object::Unknown {
                        number,
                        compound,
                        data: reader.rest(),
                    })),
                }
            }

            fn info(&self) -> ::fsshttpb::object::TypeInfo {
                match self {
                    #(Self::#names(_) => ::fsshttpb::object::TypeInfo::of::<#types>(),)*
                    Self::#unknown(unknown) => unknown.info(),
                }
            }

            fn write(&self, writer: &mut ::fsshttpb::atom::Writer<'_>) {
                match self {
                    #(Self::#names(object) => ::fsshttpb::object::StreamObject::write(object, writer),)*
                    Self::#unknown(unknown) => writer.put(&unknown.data),
                }
            }

            fn print(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self {
                    #(Self::#names(object) => ::fsshttpb::object::StreamObject::print(object, f),)*
                    Self::#unknown(unknown) => ::core::write!(f, "data{}", unknown.data),
                }
            }
        }

        #(
            impl ::core::convert::From<#types> for #name {
                fn from(object: #types) -> Self {
                    Self::#names(object)
                }
            }

            impl ::fsshttpb::object::Holds<#types> for #name {
                fn get(&self) -> ::core::option::Option<&#types> {
                    match self {
                        Self::#names(object) => ::core::option::Option::Some(object),
                        _ => ::core::option::Option::None,
                    }
                }
            }
        )*
    }
}
