//! Signatures of interface methods and of factories.

use syn::{
    Attribute, FnArg, GenericArgument, Ident, Pat, PatType, PathArguments, PathSegment, Receiver,
    ReceiverKind, Safety, Signature, Type,
};

use crate::diagnostics::{self as message, Errors};

/// A parameter other than the receiver and the context.
pub(super) struct Parameter<'a> {
    pub(super) ident: Ident,
    pub(super) attrs: &'a mut Vec<Attribute>,
    pub(super) ty: &'a Type,
}

/// The types that are allowed as the argument of `Context<…>`.
#[derive(PartialEq)]
pub(super) enum ObjectName {
    /// Only `Context<Self>`, in a trait.
    OnlySelf,
    /// Any type, in an impl block. The compiler checks that it is the type of the block.
    Any,
}

/// Reports whether the method takes a context, and returns its other parameters.
pub(super) fn parameters<'a>(
    signature: &'a mut Signature,
    object: ObjectName,
    errors: &mut Errors,
) -> (bool, Vec<Parameter<'a>>) {
    let mut takes_context = false;
    let mut parameters = Vec::new();
    let typed = signature.inputs.iter_mut().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    });
    for (position, PatType { attrs, pat, ty, .. }) in typed.enumerate() {
        if let Some(context) = context(ty) {
            takes_context = true;
            if position > 0 {
                errors.at(&*ty, message::CONTEXT_FIRST);
            } else if !is_mut_reference(ty, |_| object == ObjectName::Any || is_of_self(context)) {
                errors.at(&*ty, message::CONTEXT_TYPE);
            }
        } else if let Some(ident) = plain_name(pat) {
            parameters.push(Parameter { ident, attrs, ty });
        } else {
            errors.at(&*pat, message::PARAMETER_NAME);
        }
    }
    (takes_context, parameters)
}

/// Rejects `unsafe`, `const` and `extern`.
pub(super) fn reject_qualifiers(signature: &Signature, errors: &mut Errors) {
    if let Some(token) = &signature.constness {
        errors.at(token, message::METHOD_QUALIFIER);
    }
    match &signature.safety {
        Safety::Unsafe(token) => errors.at(token, message::METHOD_QUALIFIER),
        Safety::Safe(token) => errors.at(token, message::METHOD_QUALIFIER),
        Safety::Default => {}
    }
    if let Some(abi) = &signature.abi {
        errors.at(abi, message::METHOD_QUALIFIER);
    }
}

/// Rejects generic parameters and `where` clauses.
pub(super) fn reject_generics(signature: &Signature, message: &str, errors: &mut Errors) {
    if !signature.generics.params.is_empty() {
        errors.at(&signature.generics.params, message);
    }
    if let Some(clause) = &signature.generics.where_clause {
        errors.at(clause, message);
    }
}

/// Rejects any receiver but `&mut self`.
pub(super) fn check_receiver(signature: &Signature, message: &str, errors: &mut Errors) {
    match signature.receiver() {
        Some(receiver) if is_mut_self(receiver) => {}
        Some(receiver) => errors.at(receiver, message),
        None => errors.at(&signature.ident, message),
    }
}

fn is_mut_self(receiver: &Receiver) -> bool {
    match &receiver.kind {
        ReceiverKind::Reference(_, lifetime, mutability) => {
            lifetime.is_none() && mutability.is_some()
        }
        ReceiverKind::Typed(_, ty) => is_mut_reference(ty, is_self),
        _ => false,
    }
}

/// Recognizes `Context<…>` or a reference to it by the last path segment, and returns the segment.
fn context(ty: &Type) -> Option<&PathSegment> {
    let path = match bare(ty) {
        Type::Reference(reference) => bare(&reference.elem),
        owned => owned,
    };
    match path {
        Type::Path(path) => path.path.segments.last().filter(|last| last.ident == "Context"),
        _ => None,
    }
}

fn is_of_self(context: &PathSegment) -> bool {
    let PathArguments::AngleBracketed(list) = &context.arguments else { return false };
    list.args.iter().any(|argument| matches!(argument, GenericArgument::Type(ty) if is_self(ty)))
}

/// Reports whether this is `&mut T` with a `T` that `fits` accepts.
fn is_mut_reference(ty: &Type, fits: impl FnOnce(&Type) -> bool) -> bool {
    matches!(bare(ty), Type::Reference(reference)
        if reference.mutability.is_some()
            && reference.lifetime.is_none()
            && fits(&reference.elem))
}

fn is_self(ty: &Type) -> bool {
    matches!(bare(ty), Type::Path(path) if path.path.is_ident("Self"))
}

fn plain_name(pattern: &Pat) -> Option<Ident> {
    match pattern {
        Pat::Ident(name)
            if name.by_ref.is_none() && name.mutability.is_none() && name.subpat.is_none() =>
        {
            Some(name.ident.clone())
        }
        _ => None,
    }
}

/// Removes parentheses and the invisible groups of `macro_rules!` from a type.
pub(super) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        plain => plain,
    }
}
