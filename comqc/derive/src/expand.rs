//! Generates the recorder and the decoded calls.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::{ItemTrait, ext::IdentExt as _};

use crate::model::{Dispid, Interface, Kind, Method, Parameter};

/// The methods of IUnknown and of IDispatch, whose opnums precede those of the interface.
const UNKNOWN_METHODS: u32 = 3;
const DISPATCH_METHODS: u32 = 7;

pub(crate) fn interface(interface: &Interface, item: &ItemTrait) -> TokenStream {
    let recorder = recorder(interface, item);
    let call = call(interface, item);
    quote!(#recorder #call)
}

/// Returns the opnum of the method at `place`.
fn opnum(interface: &Interface, place: usize) -> u32 {
    let base = if interface.is_dispatch { DISPATCH_METHODS } else { UNKNOWN_METHODS };
    base.saturating_add(u32::try_from(place).unwrap_or(u32::MAX))
}

fn iid(interface: &Interface) -> TokenStream {
    let bytes = interface.iid;
    quote!(::comqc::Guid::from_bytes([#(#bytes),*]))
}

/// Returns `CustomerId` for `customer_id`.
fn variant(method: &Method) -> Ident {
    let name = method.name.unraw().to_string();
    let words = name.split('_').filter(|word| !word.is_empty());
    let name: String = words
        .map(|word| {
            let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
            format!("{}{rest}", first.to_uppercase())
        })
        .collect();
    Ident::new_raw_if_needed(&name, method.name.span())
}

/// Makes an identifier that is not a keyword.
trait NewRaw {
    fn new_raw_if_needed(name: &str, span: Span) -> Ident;
}

impl NewRaw for Ident {
    fn new_raw_if_needed(name: &str, span: Span) -> Ident {
        // Only a leading digit and the keyword `Self` are invalid as identifiers here.
        let is_identifier =
            !name.starts_with(|c: char| c.is_ascii_digit()) && name != "Self" && !name.is_empty();
        if is_identifier { Self::new(name, span) } else { Self::new(&format!("Call{name}"), span) }
    }
}

fn recorder(interface: &Interface, item: &ItemTrait) -> TokenStream {
    let (name, visibility) = (&item.ident, &item.vis);
    let recorder = format_ident!("{}Recorder", name);
    let summary = format!("Records calls on [`{name}`] for an object that executes them later.");
    let iid = iid(interface);
    let late_bound = interface.is_dispatch.then(|| {
        quote! {
            /// Records late-bound calls, through IDispatch::Invoke.
            #visibility fn late_bound(recorder: &'recorder mut ::comqc::Recorder) -> Self {
                Self { recorder, late_bound: true }
            }
        }
    });
    let methods = interface.methods.iter().enumerate().map(|(place, method)| {
        let Method { name: method_name, dispid, parameters } = method;
        let opnum = opnum(interface, place);
        let signature =
            parameters.iter().map(|Parameter { name, written, .. }| quote!(#name: #written));
        let values: Vec<_> = parameters.iter().map(borrowed).collect();
        let summary = format!("Records a call of [`{name}::{}`].", method_name.unraw());
        let late = dispid.map(|dispid| invoke(dispid, &values)).map(|invoke| {
            quote! {
                if self.late_bound {
                    let locale = self.recorder.locale();
                    return self.recorder.invoke(&#invoke);
                }
            }
        });
        quote! {
            #[doc = #summary]
            ///
            /// # Errors
            /// A parameter cannot be written. The call is not recorded.
            #visibility fn #method_name(
                &mut self,
                #(#signature),*
            ) -> ::std::result::Result<(), ::comqc::WriteError> {
                #late
                self.recorder.call(Self::INTERFACE, #opnum, |writer| {
                    let _ = &writer;
                    #(::comqc::oaut::ToArgument::write(#values, writer)?;)*
                    ::std::result::Result::Ok(())
                })
            }
        }
    });
    quote! {
        #[doc = #summary]
        #[derive(Debug)]
        #visibility struct #recorder<'recorder> {
            recorder: &'recorder mut ::comqc::Recorder,
            late_bound: bool,
        }

        impl<'recorder> #recorder<'recorder> {
            const INTERFACE: ::comqc::Guid = #iid;

            /// Records calls through the vtable.
            #visibility fn new(recorder: &'recorder mut ::comqc::Recorder) -> Self {
                Self { recorder, late_bound: false }
            }

            #late_bound
            #(#methods)*
        }
    }
}

/// Returns a reference to the value of a parameter.
fn borrowed(parameter: &Parameter) -> TokenStream {
    let name = &parameter.name;
    if parameter.is_borrowed { quote!(#name) } else { quote!(&#name) }
}

fn invoke(dispid: Dispid, values: &[TokenStream]) -> TokenStream {
    let Dispid { number, kind } = dispid;
    let values = values.iter().map(|value| quote!(::comqc::oaut::ToArgument::to_variant(#value)));
    let flags = match kind {
        Kind::Method => {
            return quote! {
                ::comqc::oaut::Invoke::method(#number, locale, ::std::vec![#(#values),*])
            };
        }
        Kind::Put => quote!(PROPERTY_PUT),
        Kind::PutReference => quote!(PROPERTY_PUT_REFERENCE),
    };
    // A put has one value.
    quote!(::comqc::oaut::Invoke::put(#number, locale, ::comqc::oaut::flags::#flags, #(#values)*))
}

fn call(interface: &Interface, item: &ItemTrait) -> TokenStream {
    let (name, visibility) = (&item.ident, &item.vis);
    let call = format_ident!("{}Call", name);
    let summary = format!("A decoded call on [`{name}`].");
    let iid = iid(interface);
    let is_dispatch = interface.is_dispatch;
    let variants = interface.methods.iter().map(|method| {
        let variant = variant(method);
        let summary = format!("A call of [`{name}::{}`].", method.name.unraw());
        let fields = method.parameters.iter().map(|Parameter { name, owned, .. }| {
            let summary = format!("The parameter `{}`.", name.unraw());
            quote!(#[doc = #summary] #name: #owned)
        });
        quote!(#[doc = #summary] #variant { #(#fields),* })
    });
    let plays =
        interface.methods.iter().map(|method| {
            let (variant, method_name) = (variant(method), &method.name);
            let names: Vec<_> = method.parameters.iter().map(|parameter| &parameter.name).collect();
            let values = method.parameters.iter().map(|Parameter { name, is_borrowed, .. }| {
                if *is_borrowed { quote!(&#name) } else { quote!(#name) }
            });
            quote!(Self::#variant { #(#names),* } => #name::#method_name(target, #(#values),*))
        });
    let by_opnum = interface.methods.iter().enumerate().map(|(place, method)| {
        let (opnum, variant) = (opnum(interface, place), variant(method));
        let names = method.parameters.iter().map(|parameter| &parameter.name);
        quote! {
            #opnum => Self::#variant {
                #(#names: ::comqc::oaut::FromArgument::read(&mut reader)?),*
            }
        }
    });
    let late = is_dispatch.then(|| {
        let by_dispid = interface.methods.iter().filter_map(|method| {
            let Dispid { number, kind } = method.dispid?;
            let kind = match kind {
                Kind::Method => quote!(Method),
                Kind::Put => quote!(Put),
                Kind::PutReference => quote!(PutReference),
            };
            let variant = variant(method);
            let names: Vec<_> = method.parameters.iter().map(|parameter| &parameter.name).collect();
            Some(quote! {
                (#number, ::comqc::__private::CallKind::#kind) => {
                    let [#(#names),*] = arguments.take()?;
                    Self::#variant { #(#names: #names.read()?),* }
                }
            })
        });
        quote! {
            ::comqc::__private::Selected::Invoke(dispid, kind, arguments) => match (dispid, kind) {
                #(#by_dispid)*
                _ => return ::std::result::Result::Err(::comqc::__private::unknown_method(call)),
            },
        }
    });
    let never = (!is_dispatch).then(|| {
        quote! {
            ::comqc::__private::Selected::Invoke(..) => {
                return ::std::result::Result::Err(::comqc::__private::unknown_method(call));
            }
        }
    });
    quote! {
        #[doc = #summary]
        #[derive(Clone, Debug, PartialEq)]
        #visibility enum #call {
            #(#variants),*
        }

        impl #call {
            /// Executes the call on an object.
            #visibility fn play<Target: #name + ?Sized>(self, target: &mut Target) {
                match self {
                    #(#plays),*
                }
            }
        }

        impl ::comqc::QueuedCall for #call {
            const INTERFACE: ::comqc::Guid = #iid;

            fn read(call: &::comqc::Call) -> ::comqc::ReadResult<Self> {
                let selected =
                    ::comqc::__private::select(call, <Self as ::comqc::QueuedCall>::INTERFACE, #is_dispatch)?;
                ::std::result::Result::Ok(match selected {
                    ::comqc::__private::Selected::Opnum(opnum, mut reader) => {
                        let _ = &mut reader;
                        match opnum {
                            #(#by_opnum,)*
                            _ => return ::std::result::Result::Err(::comqc::__private::unknown_method(call)),
                        }
                    }
                    #late
                    #never
                })
            }
        }
    }
}
