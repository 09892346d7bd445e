//! The errors of the macros: the text of each error, and the list that collects them.
//!
//! Each text is one sentence about the token at which it is reported, and says what to write
//! instead.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Error;

/// The errors found so far. All of them are reported at once.
#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    /// Records an error at `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(Error::new_spanned(tokens, message));
    }

    /// Records an error at `span`.
    pub(crate) fn at_span(&mut self, span: Span, message: impl Display) {
        self.push(Error::new(span, message));
    }

    /// Records the error of a parser.
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// Returns the user's item, followed by the expansion or, if there are errors, by a
    /// `compile_error!` for each. `item` must not contain helper attributes of these macros. The
    /// item is kept even if there are errors, so that code that uses it causes no further errors.
    pub(crate) fn or_expand(
        self,
        item: impl ToTokens,
        expand: impl FnOnce() -> TokenStream,
    ) -> TokenStream {
        let mut tokens = item.into_token_stream();
        tokens.extend(match self.0 {
            Some(errors) => errors.into_compile_error(),
            None => expand(),
        });
        tokens
    }
}

/// The maximum number of methods of an interface: the index is a signed byte (section 2.2.2.2).
pub(crate) const MAX_METHODS: usize = 127;
/// The maximum number of parameters of a method: the runtime decodes tuples of at most this size.
pub(crate) const MAX_PARAMETERS: usize = 16;

// Items.

pub(crate) const INTERFACE_ON_TRAIT: &str =
    "`#[psom_interface]` applies to a trait: write it above `trait …`";
pub(crate) const OBJECT_ON_STRUCT: &str = "`#[distributed_object]` applies to a struct, or to the \
     inherent `impl` block with its `#[child]` methods: write it above one of these";
pub(crate) const DERIVE_ON: &str = "`PsomType` can be derived for a `#[repr(i32)]` enum, for a \
     struct with one unnamed field, or for a struct with several named fields: write \
     `struct Name(i64);` or `struct Name { a: i64, b: String }`";

// Arguments of the attributes.

pub(crate) fn expected_argument(allowed: &[&str]) -> String {
    format!("an argument is written `key = value`, where the key is {}", one_of(allowed))
}

pub(crate) fn unknown_argument(found: impl Display, allowed: &[&str]) -> String {
    format!("unknown argument `{found}`: write {}", one_of(allowed))
}

pub(crate) fn missing_value(key: impl Display) -> String {
    format!("the value of `{key}` is missing: write `{key} = …`")
}

pub(crate) fn duplicate_argument(key: impl Display) -> String {
    format!("`{key}` is given twice: remove one")
}

pub(crate) const COMMA: &str = "a `,` is missing between two arguments";
pub(crate) const CRATE_PATH: &str = "`crate` takes an absolute path: write `crate = ::name` or \
     `crate = crate::path`";
pub(crate) fn renamed_crate(name: &str) -> String {
    format!("the crate `psom` has the name `{name}` here: write `crate = ::{name}`")
}
pub(crate) fn renamed_crate_of_derive(name: &str) -> String {
    format!("the crate `psom` has the name `{name}` here: write `#[psom(crate = ::{name})]`")
}
pub(crate) const PSOM_FORM: &str =
    "`psom` takes the path of the runtime: write `#[psom(crate = ::name)]`";

pub(crate) const NO_NAME: &str = "the interface has no name: write `name = \"Company.Interface\"`";
pub(crate) const NAME_IS_TEXT: &str =
    "the name of an interface is a string: write `name = \"Company.Interface\"`";
pub(crate) const EMPTY_NAME: &str =
    "the name of an interface cannot be empty: write `name = \"Company.Interface\"`";

pub(crate) const BLANK_IN_NAME: &str = "the name of an interface has no white space and no control \
     characters: write `name = \"Company.Interface\"`";

pub(crate) const NO_VERSION: &str =
    "the interface has no version: write `version = 1, hash = 1234567890123456`";
pub(crate) const VERSION_RANGE: &str =
    "a version is a whole number from 1 to 2147483647: write `version = 1`";
pub(crate) const HASH_RANGE: &str = "a hash has 64 bits: write `hash = -6543210987654321`, or in \
     hexadecimal digits `hash = 0xffe8_c0e0_86a4_184f`";
pub(crate) const HASH_WITHOUT_VERSION: &str =
    "a hash follows its version: write `version = 1, hash = …`";
pub(crate) const SECOND_HASH: &str =
    "this version already has a hash: remove one, or write `version = …` before this one";

pub(crate) fn missing_hash(version: impl Display, here: u64, other: u64) -> String {
    format!(
        "version {version} has no hash: write `version = {version}, hash = {here:#018x}` here and \
         `version = {version}, hash = {other:#018x}` in the other half, or any other random numbers"
    )
}

pub(crate) fn not_ascending(version: impl Display, previous: impl Display) -> String {
    format!(
        "versions must ascend, but {version} follows {previous}: list each version once, the \
         oldest first"
    )
}

// The trait of an interface.

pub(crate) const GENERIC_TRAIT: &str = "an interface cannot be generic: write one trait for each \
     set of parameter types";
pub(crate) const UNSAFE_TRAIT: &str = "an interface is an ordinary trait: remove this keyword";
pub(crate) const ONLY_METHODS: &str = "an interface contains only methods: move this to another \
     trait, which can be a supertrait of this one";

pub(crate) fn too_many_methods(count: usize) -> String {
    format!(
        "an interface has at most {MAX_METHODS} methods, because the index of a method is a \
         signed byte (section 2.2.2.2), and this one has {count}: move some to a child object"
    )
}

// Methods of an interface.

pub(crate) const RECEIVER: &str = "the receiver of a PSOM method is `&mut self`: write `&mut self`";
pub(crate) const GENERIC_METHOD: &str = "a PSOM method cannot be generic: use concrete types, \
     references without lifetimes, and no `where` clause";
pub(crate) const METHOD_QUALIFIER: &str =
    "a PSOM method is an ordinary `fn` or `async fn`: remove this keyword";
pub(crate) const RETURN: &str = "a PSOM method returns nothing, or `Result<(), Violation>` if it \
     can end the caller's connection: answer with a call on `cx.caller()`";
pub(crate) const RETURN_FUTURE: &str =
    "a PSOM method that awaits is an `async fn`: write `async fn` without this return type";
pub(crate) const CONDITIONAL: &str = "`#[cfg]` is not allowed here, because both sides must agree \
     on the methods: put `#[cfg]` on the whole item";

pub(crate) fn reserved_method(name: impl Display, used_for: &str) -> String {
    format!(
        "the name `{name}` is reserved for {used_for}: rename the method and keep its wire name \
         with `#[wire(name = \"{name}\")]`"
    )
}

pub(crate) fn namesake(name: impl Display, wire: &str) -> String {
    format!(
        "the trait already has a method `{name}`: give this one a different name, and keep its wire \
         name with `#[wire(name = \"{wire}\")]`"
    )
}

pub(crate) fn duplicate_signature(wire: &str, other: impl Display) -> String {
    format!(
        "`{other}` has the wire name `{wire}` and the same parameter types: rename this method, \
         or write `#[wire(name = \"…\")]` above it"
    )
}

// Parameters.

pub(crate) const PARAMETER_NAME: &str = "a PSOM parameter has a plain name, which becomes part of \
     the interface: write `name: Type`";
pub(crate) const MUT_PARAMETER: &str = "a PSOM parameter cannot be a mutable reference: write `&T` \
     or `T`, and the context as `&mut Context<Self>`";
pub(crate) const LIFETIME: &str =
    "a borrowed PSOM parameter is valid only during the call: write `&T` without a lifetime";
pub(crate) const PARAMETER_TYPE: &str = "this is not a PSOM type: write a number, `bool`, \
     `String` or `&str`, `Vec<T>` or `&[T]`, `Option<T>`, `Bytes`, or a type that derives `PsomType`";
pub(crate) const TYPE_HANDLE: &str = "a handle is valid only in its own space: write `ObjectRef`, and \
     find the object with `cx.resolve`";
pub(crate) const TYPE_MAP: &str = "maps and sets are no PSOM types: send their keys and values as two \
     lists, or derive `PsomType` for a struct with both and send a list of it";
pub(crate) const TYPE_F32: &str = "PSOM has one type of floating-point numbers: write `f64`";
pub(crate) const TYPE_USIZE: &str =
    "the size of this number differs between machines: write `u32`, `u64`, `i32` or `i64`";
pub(crate) const TYPE_SMALL: &str = "PSOM has no number of this size: write `u8`, `i16` or `i32`";
pub(crate) const TYPE_LARGE: &str =
    "PSOM numbers have at most 64 bits: write `i64` or `u64`, or send the bytes as `[u8]`";
pub(crate) const TYPE_CHAR: &str = "PSOM has no characters: write `&str` or `String`";
pub(crate) const TYPE_TIME: &str =
    "PSOM has no times: send a number, such as the milliseconds as `i64`";
pub(crate) const TYPE_TUPLE: &str = "a tuple is no PSOM type: write one parameter for each element, or \
     derive `PsomType` for a struct with named fields";
pub(crate) const TYPE_ARRAY: &str =
    "the length of a PSOM array is not part of its type: write `&[T]` or `Vec<T>`";
pub(crate) const CONTEXT_FIRST: &str =
    "the context is the first parameter: write `&mut self, cx: &mut Context<Self>, …`";
pub(crate) const CONTEXT_TYPE: &str =
    "the context is a mutable reference: write `cx: &mut Context<Self>`";

pub(crate) fn too_many_parameters(count: usize) -> String {
    format!(
        "a PSOM method has at most {MAX_PARAMETERS} parameters, and this one has {count}: move \
         some of them to another method"
    )
}

// `#[since]`, `#[wire]`, `#[latest]`.

pub(crate) fn duplicate_attribute(name: &str) -> String {
    format!("`#[{name}]` is given twice: remove one")
}

pub(crate) const SINCE_FORM: &str = "`since` takes one version: write `#[since(10)]`";
pub(crate) const ANSWERED_BY_FORM: &str = "`answered_by` takes the methods of the other half that answer \
     this one: write `#[answered_by(c_exported, c_refused)]`";
pub(crate) const REQUEST_WITHOUT_COOKIE: &str = "a request and its answers have the same cookie: add the \
     parameter `cookie: i32` to both";
pub(crate) const LATEST_FORM: &str =
    "`latest` takes at most the name of one parameter: write `#[latest]` or `#[latest(user)]`";
pub(crate) fn latest_unknown(name: impl Display, known: &[String]) -> String {
    let known = match known {
        [] => "it has none; write `#[latest]`".to_owned(),
        known => format!("it has {}", known.join(", ")),
    };
    format!("the method has no parameter `{name}`: {known}")
}
pub(crate) const WIRE_FORM: &str = "`wire` takes the name in the interface's definition: write \
     `#[wire(name = \"sMethod\")]`";
pub(crate) const WIRE_NAME: &str = "a wire name consists of ASCII letters, digits and `_`: write \
     `#[wire(name = \"sMethod\")]`";

pub(crate) fn since_undeclared(version: impl Display, declared: &[i32]) -> String {
    format!(
        "the interface has no version {version}: write {}, or declare `version = {version}, \
         hash = …`",
        one_of(declared)
    )
}

pub(crate) fn since_before_older(version: i32, other: impl Display, older: i32) -> String {
    format!(
        "later versions only append methods, but `{other}` of version {older} follows this method \
         of version {version}: move this method to the end"
    )
}

// Distributed objects.

pub(crate) const NO_ARGUMENTS: &str = "the object's interfaces are missing: write \
     `#[distributed_object(serves = ServerTrait, calls = ClientTrait)]`";
pub(crate) const NO_SERVES: &str =
    "the interface that this object implements is missing: write `serves = ServerTrait`";
pub(crate) const NO_CALLS: &str =
    "the interface that this object calls on its peers is missing: write `calls = ClientTrait`";
pub(crate) const TRAIT_PATH: &str =
    "the value is the path of a `#[psom_interface]` trait: write `path::ServerTrait`";
pub(crate) const OBJECT_LIFETIME: &str = "an object lives as long as its space, so it cannot have \
     a lifetime parameter: use owned values";
pub(crate) const ARGUMENTS_ON_IMPL: &str = "`serves` and `calls` belong on the struct: write \
     `#[distributed_object]` on this impl block";
pub(crate) const TRAIT_IMPL: &str = "`#[child]` methods belong in an inherent `impl` block: remove \
     `#[distributed_object]` from this trait implementation";
pub(crate) const NO_CHILD: &str = "no method of this block has `#[child(\"part.{name}\")]`: write \
     it above the methods that create children, or remove `#[distributed_object]`";

// Children.

pub(crate) const CHILD_FORM: &str = "`child` takes the part name: write `#[child(\"part\")]`";
pub(crate) const CHILD_ON_FN: &str = "`#[child]` belongs on a field of the object, or on a method \
     that creates a child: move it there";
pub(crate) const CAPTURE_ON_FIELD: &str = "a field holds one child with a fixed part name: write \
     `#[child(\"part\")]`, or use a method for a pattern with captures";
pub(crate) const FACTORY_ASYNC: &str = "a method that creates a child cannot be async: remove \
     `async`, and load the child's state with `cx.spawn(…)`";
pub(crate) const FACTORY_GENERIC: &str = "a method that creates a child cannot be generic: use \
     concrete types, by which the captures are parsed";
pub(crate) const FACTORY_RECEIVER: &str =
    "the receiver of a method that creates a child is `&mut self`: write `&mut self`";
pub(crate) const FACTORY_RETURN: &str =
    "a method that creates a child returns it: write `-> Option<Handle<Child>>`";

pub(crate) fn capture_without_parameter(capture: &str) -> String {
    format!(
        "the pattern captures `{capture}`, but the method has no parameter of that name: add \
         `{capture}: i64`, or remove `{{{capture}}}`"
    )
}

pub(crate) fn parameter_without_capture(parameter: impl Display) -> String {
    format!(
        "the pattern does not capture `{parameter}`: add `{{{parameter}}}` to it, or remove the \
         parameter"
    )
}

pub(crate) fn duplicate_part(other: impl Display) -> String {
    format!(
        "the part name \"{other}\" is already declared, and part names ignore case: give each \
         child a different part name"
    )
}

pub(crate) const CONTROL_IN_PART: &str =
    "a part name has no control characters: write `#[child(\"part\")]`";
pub(crate) const EMPTY_PART: &str = "a part name cannot be empty: write `#[child(\"part\")]`";
pub(crate) const UNBALANCED: &str = "unbalanced braces: write a capture as `{name}`";
pub(crate) const CAPTURE_NAME: &str =
    "a capture has the name of a parameter of the method: write `{content_id}`";
pub(crate) const ADJACENT_CAPTURES: &str =
    "two adjacent captures are ambiguous: put text between them, `{a}.{b}`";

pub(crate) fn duplicate_capture(name: &str) -> String {
    format!("`{{{name}}}` is captured twice: give each capture a different name")
}

// `#[derive(PsomType)]`.

pub(crate) const NO_REPR: &str =
    "an enumeration is an Int32 on the wire: write `#[repr(i32)]` above it";
pub(crate) const GENERIC_TYPE: &str =
    "a type that derives `PsomType` cannot be generic: write one for each type that is sent";
pub(crate) const NO_OTHER: &str = "a peer may send values that are not listed: add a variant \
     `#[other] Other(i32)`, which keeps them";
pub(crate) const SECOND_OTHER: &str = "only one variant can have `#[other]`: remove this one";
pub(crate) const OTHER_FORM: &str =
    "the variant for other values holds the value: write `#[other] Other(i32)`";
pub(crate) const OTHER_ARGUMENTS: &str = "`other` takes no arguments: write `#[other]`";
pub(crate) const VARIANT_FIELDS: &str = "a variant with a value cannot have fields: remove them, \
     or write `#[other]` above the variant for other values";
pub(crate) const DISCRIMINANT: &str = "the value of a variant is an i32 literal: write `Name = 1`";
pub(crate) const NO_DISCRIMINANT: &str = "the values of an enumeration are part of the interface, and \
     an inserted variant would change implicit ones: write `Name = 1`";

pub(crate) const FIELD_TYPE: &str = "the type of a field is an owned PSOM type: write a number, `bool`, \
     `String`, `Vec<T>`, `Bytes`, or a type that derives `PsomType`";

pub(crate) fn duplicate_field(wire: &str, other: impl Display) -> String {
    format!(
        "`{other}` already has the wire name `{wire}`: rename this field, or write \
         `#[wire(name = \"…\")]` above it"
    )
}

pub(crate) fn duplicate_discriminant(number: i32, other: impl Display) -> String {
    format!("`{other}` already has the value {number}: give each variant a different value")
}

/// Formats names as "`a`", "`a` or `b`", or "`a`, `b` or `c`".
fn one_of(names: &[impl Display]) -> String {
    let quoted = |name| format!("`{name}`");
    match names {
        [] => "nothing".to_owned(),
        [name] => quoted(name),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(quoted).collect();
            format!("{} or {}", first.join(", "), quoted(last))
        }
    }
}
