//! The syntax of macro arguments: `key = value, …`.

use std::{fmt::Display, str::FromStr};

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{
    Error, Ident, LitInt, Path, Result, Token,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _},
};

use crate::diagnostics::{self as message, Errors};

/// Reads `key = value, …`. Continues with the next argument after an error.
///
/// Returns false if an argument has an error. Then the caller does not report missing arguments,
/// because the missing one may be the one with the error.
pub(crate) fn arguments(
    tokens: TokenStream,
    allowed: &[&str],
    errors: &mut Errors,
    mut read: impl FnMut(&Ident, ParseStream<'_>, &mut Errors) -> Result<()>,
) -> bool {
    let mut all_read = true;
    let walk = |input: ParseStream<'_>| {
        while !input.is_empty() {
            if let Err(error) = argument(input, allowed, errors, &mut read) {
                all_read = false;
                errors.push(error);
                skip_past_comma(input)?;
            }
        }
        Ok(())
    };
    if let Err(error) = walk.parse2(tokens) {
        errors.push(error);
    }
    all_read
}

fn argument(
    input: ParseStream<'_>,
    allowed: &[&str],
    errors: &mut Errors,
    read: &mut impl FnMut(&Ident, ParseStream<'_>, &mut Errors) -> Result<()>,
) -> Result<()> {
    let key = Ident::parse_any(input)
        .map_err(|error| reword(&error, message::expected_argument(allowed)))?;
    if !allowed.iter().any(|name| key == name) {
        return Err(Error::new_spanned(&key, message::unknown_argument(&key, allowed)));
    }
    if key == "lifecycle" {
        // A word without a value.
        return read(&key, input, errors).and_then(|()| comma(input, errors));
    }
    let equals: Result<Token![=]> = input.parse();
    if equals.is_err() || input.is_empty() || input.peek(Token![,]) {
        return Err(Error::new_spanned(&key, message::missing_value(&key)));
    }
    read(&key, input, errors)?;
    comma(input, errors)
}

fn comma(input: ParseStream<'_>, errors: &mut Errors) -> Result<()> {
    if input.is_empty() || input.parse::<Token![,]>().is_ok() {
        return Ok(());
    }
    let error = input.error(message::COMMA);
    if !input.peek(Ident::peek_any) {
        return Err(error);
    }
    errors.push(error);
    Ok(())
}

fn skip_past_comma(input: ParseStream<'_>) -> Result<()> {
    while !input.is_empty() {
        let skipped: TokenTree = input.parse()?;
        if matches!(skipped, TokenTree::Punct(punct) if punct.as_char() == ',') {
            break;
        }
    }
    Ok(())
}

/// Stores the value of an argument that may be given only once.
pub(crate) fn once<T>(slot: &mut Option<T>, key: &Ident, value: T, errors: &mut Errors) {
    if slot.replace(value).is_some() {
        errors.at(key, message::duplicate_argument(key));
    }
}

/// Reads an integer literal.
pub(crate) fn integer<T: FromStr>(
    input: ParseStream<'_>,
    message: &str,
    is_allowed: impl Fn(&T) -> bool,
) -> Result<(T, Span)>
where
    T::Err: Display,
{
    let literal: LitInt = input.parse().map_err(|error| reword(&error, message))?;
    match literal.base10_parse() {
        Ok(number) if is_allowed(&number) => Ok((number, literal.span())),
        _ => Err(Error::new_spanned(literal, message)),
    }
}

/// Reads the path of the runtime.
pub(crate) fn crate_path(input: ParseStream<'_>) -> Result<Path> {
    let path: Path = input.parse().map_err(|error| reword(&error, message::CRATE_PATH))?;
    let starts_at_crate = path
        .segments
        .first()
        .is_some_and(|first| first.ident == "crate" || first.ident == "$crate");
    match path.leading_colon.is_some() || starts_at_crate {
        true => Ok(path),
        false => Err(Error::new_spanned(path, message::CRATE_PATH)),
    }
}

/// Replaces the text of an error.
pub(crate) fn reword(error: &Error, message: impl Display) -> Error {
    Error::new(error.span(), message)
}
