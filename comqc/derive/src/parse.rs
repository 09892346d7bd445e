//! Checks a trait and turns it into the model. The first mistake is the error.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{
    Error, FnArg, Ident, ItemTrait, LitInt, LitStr, Pat, ReceiverKind, Result, ReturnType, Token,
    TraitItem, TraitItemFn, Type, ext::IdentExt as _, parse::Parser as _, parse_quote,
    spanned::Spanned as _,
};

use crate::{
    diagnostics as say,
    model::{Dispid, Interface, Kind, Method, Parameter},
};

/// The Automation types that are passed by value or by reference.
const TYPES: [&str; 18] = [
    "i8",
    "u8",
    "i16",
    "u16",
    "i32",
    "u32",
    "i64",
    "u64",
    "f32",
    "f64",
    "bool",
    "String",
    "Bstr",
    "Currency",
    "Date",
    "Decimal",
    "SafeArray",
    "Variant",
];

fn error<T>(at: impl ToTokens, message: impl std::fmt::Display) -> Result<T> {
    Err(Error::new_spanned(at, message))
}

/// Checks the trait, and removes this macro's attributes from it.
pub(crate) fn interface(arguments: TokenStream, item: &mut ItemTrait) -> Result<Interface> {
    // Remove the attributes first, so that the compiler does not report them in addition to another
    // mistake.
    let dispids: Vec<_> = item.items.iter_mut().map(take_dispid).collect();
    let (iid, is_dispatch) = self::arguments(arguments)?;
    if !item.generics.params.is_empty() {
        return error(&item.generics, say::generics());
    }
    let mut methods: Vec<Method> = Vec::new();
    for (item, dispid) in item.items.iter().zip(dispids) {
        let TraitItem::Fn(function) = item else { return error(item, say::item_in_trait()) };
        let dispid = dispid?;
        if let (Some((_, at)), false) = (&dispid, is_dispatch) {
            return Err(Error::new(*at, say::DISPID_WITHOUT_DISPATCH));
        }
        if let Some((new, at)) = &dispid {
            let other = methods.iter().find(|method| {
                method.dispid.is_some_and(|old| {
                    let is_pair = [old.kind, new.kind];
                    // A property has a put and a put by reference under one number.
                    let is_pair =
                        is_pair.contains(&Kind::Put) && is_pair.contains(&Kind::PutReference);
                    old.number == new.number && !is_pair
                })
            });
            if let Some(other) = other {
                return Err(Error::new(*at, say::duplicate_dispid(new.number, &other.name)));
            }
        }
        if is_dispatch && dispid.is_none() {
            let name = &function.sig.ident;
            return error(name, say::missing_dispid(name));
        }
        methods.push(method(function, dispid.map(|(dispid, _)| dispid))?);
    }
    Ok(Interface { iid, is_dispatch, methods })
}

fn arguments(arguments: TokenStream) -> Result<([u8; 16], bool)> {
    let (mut iid, mut is_dispatch) = (None, false);
    let parser = syn::meta::parser(|meta| {
        if meta.path.is_ident("iid") {
            let text: LitStr = meta.value()?.parse()?;
            let bytes = iid_bytes(&text.value());
            iid = Some(bytes.ok_or_else(|| Error::new(text.span(), say::MALFORMED_IID))?);
        } else if meta.path.is_ident("base") {
            let base: Ident = meta.value()?.parse()?;
            is_dispatch = match base.to_string().as_str() {
                "IDispatch" => true,
                "IUnknown" => false,
                _ => return Err(Error::new(base.span(), say::UNKNOWN_BASE)),
            };
        } else {
            return Err(meta.error(say::ARGUMENTS));
        }
        Ok(())
    });
    parser.parse2(arguments)?;
    let iid = iid.ok_or_else(|| Error::new(Span::call_site(), say::missing_iid()))?;
    Ok((iid, is_dispatch))
}

/// Returns the bytes of an IID in wire order.
fn iid_bytes(text: &str) -> Option<[u8; 16]> {
    let inner = text.strip_prefix('{').map_or(Some(text), |text| text.strip_suffix('}'))?;
    let lengths: Vec<_> = inner.split('-').map(str::len).collect();
    let is_hex = inner.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    if !is_hex || lengths != [8, 4, 4, 4, 12] {
        return None;
    }
    let number = u128::from_str_radix(&inner.replace('-', ""), 16).ok()?;
    let mut bytes = number.to_be_bytes();
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    Some(bytes)
}

/// Removes `#[dispid(…)]` from a method and returns its values.
fn take_dispid(item: &mut TraitItem) -> Result<Option<(Dispid, Span)>> {
    let TraitItem::Fn(function) = item else { return Ok(None) };
    let place = function.attrs.iter().position(|attribute| attribute.path().is_ident("dispid"));
    let Some(place) = place else { return Ok(None) };
    let attribute = function.attrs.remove(place);
    if function.attrs.iter().any(|other| other.path().is_ident("dispid")) {
        function.attrs.retain(|other| !other.path().is_ident("dispid"));
        return error(attribute, say::DISPID_FORM);
    }
    let parsed = attribute.parse_args_with(|input: syn::parse::ParseStream<'_>| {
        let is_negative = input.parse::<Option<Token![-]>>()?.is_some();
        let number: LitInt = input.parse()?;
        let value: i32 = number.base10_parse()?;
        let kind = if input.parse::<Option<Token![,]>>()?.is_some() {
            let word: Ident = input.parse()?;
            match word.to_string().as_str() {
                "put" => Kind::Put,
                "putref" => Kind::PutReference,
                _ => return Err(input.error(say::DISPID_FORM)),
            }
        } else {
            Kind::Method
        };
        let number_span = number.span();
        Ok((Dispid { number: if is_negative { -value } else { value }, kind }, number_span))
    });
    parsed.map(Some).map_err(|_| Error::new_spanned(&attribute, say::DISPID_FORM))
}

fn method(function: &TraitItemFn, dispid: Option<Dispid>) -> Result<Method> {
    let signature = &function.sig;
    if !signature.generics.params.is_empty() {
        return error(&signature.generics, say::generics());
    }
    if let Some(token) = &signature.asyncness {
        return error(token, say::asynchronous());
    }
    if ["new", "late_bound"].contains(&signature.ident.unraw().to_string().as_str()) {
        return error(&signature.ident, say::RESERVED_NAME);
    }
    if let ReturnType::Type(_, result) = &signature.output {
        return error(result, say::result());
    }
    let mut inputs = signature.inputs.iter();
    match inputs.next() {
        Some(FnArg::Receiver(receiver)) if is_reference(receiver) => {}
        Some(FnArg::Receiver(receiver)) => return error(receiver, say::receiver()),
        _ => return error(&signature.ident, say::receiver()),
    }
    let mut parameters = Vec::new();
    for input in inputs {
        let FnArg::Typed(input) = input else { return error(input, say::receiver()) };
        let Pat::Ident(name) = &*input.pat else {
            return error(&input.pat, say::parameter_name());
        };
        if name.by_ref.is_some() || name.mutability.is_some() || name.subpat.is_some() {
            return error(&input.pat, say::parameter_name());
        }
        parameters.push(parameter(name.ident.clone(), &input.ty)?);
    }
    let is_object =
        |parameter: &Parameter| last_segment(&parameter.owned).is_some_and(|name| name == "Object");
    if let Some(place) = parameters.iter().position(is_object)
        && place + 1 < parameters.len()
    {
        return error(&parameters[place].written, say::OBJECT_NOT_LAST);
    }
    let is_put = dispid.is_some_and(|dispid| dispid.kind != Kind::Method);
    if is_put && parameters.len() != 1 {
        return match parameters.get(1) {
            Some(second) => error(&second.name, say::put_parameters()),
            None => error(&signature.ident, say::put_parameters()),
        };
    }
    Ok(Method { name: signature.ident.clone(), dispid, parameters })
}

fn is_reference(receiver: &syn::Receiver) -> bool {
    matches!(receiver.kind, ReceiverKind::Reference(..))
}

fn last_segment(written: &Type) -> Option<Ident> {
    let Type::Path(path) = written else { return None };
    let segment = path.path.segments.last()?;
    (path.qself.is_none() && segment.arguments.is_none()).then(|| segment.ident.clone())
}

fn parameter(name: Ident, written: &Type) -> Result<Parameter> {
    let is_known = |written: &Type| {
        last_segment(written)
            .is_some_and(|name| name == "Object" || TYPES.iter().any(|known| name == known))
    };
    let (owned, is_borrowed) = match written {
        Type::Reference(reference) if reference.mutability.is_some() => {
            return error(written, say::output());
        }
        Type::Reference(reference) if reference.lifetime.is_none() => {
            match last_segment(&reference.elem) {
                Some(text) if text == "str" => {
                    let span = reference.elem.span();
                    let string = Ident::new("String", span);
                    (parse_quote!(::std::string::#string), true)
                }
                _ if is_known(&reference.elem) => ((*reference.elem).clone(), true),
                _ => return error(written, say::parameter_type()),
            }
        }
        written if is_known(written) => (written.clone(), false),
        _ => return error(written, say::parameter_type()),
    };
    Ok(Parameter { name, written: written.clone(), owned, is_borrowed })
}
