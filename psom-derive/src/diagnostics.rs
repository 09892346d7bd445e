//! What the macros say to their users: the wording of every message, and the list that gathers them.
//!
//! Each message is one sentence about the token it stands at, and says what to write instead.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::Error;

/// The mistakes found so far. All of them are reported at once.
#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    /// Records a mistake at `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(Error::new_spanned(tokens, message));
    }

    /// Records a mistake at `span`.
    pub(crate) fn at_span(&mut self, span: Span, message: impl Display) {
        self.push(Error::new(span, message));
    }

    /// Records what a parser said.
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(first) => first.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// The expansion, or the `compile_error!`s where there are mistakes. `item` is what the user
    /// wrote, without our attributes; it is kept in both cases, so that the compiler's own errors
    /// about the rest of the program stay sensible.
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

/// The most methods that an interface can have: the index is a signed byte (section 2.2.2.2).
pub(crate) const MAX_METHODS: usize = 127;
/// The most parameters that a method can have: the runtime reads tuples of at most this size.
pub(crate) const MAX_PARAMETERS: usize = 16;

// --- what a macro stands on ---------------------------------------------------------------------

pub(crate) const INTERFACE_ON_TRAIT: &str =
    "`#[psom_interface]` describes a trait: write it above `trait …`";
pub(crate) const OBJECT_ON_STRUCT: &str = "`#[distributed_object]` describes a struct, or the \
     inherent `impl` block with its `#[child]` methods: write it above one of these";
pub(crate) const DERIVE_ON: &str = "`PsomType` is derived on a `#[repr(i32)]` enum, on a struct \
     around one value, or on a struct that stands for several parameters: write \
     `struct Name(i64);` or `struct Name { a: i64, b: String }`";

// --- arguments of the attributes ----------------------------------------------------------------

pub(crate) fn expected_argument(allowed: &[&str]) -> String {
    format!("an argument is written `key = value`, where the key is {}", one_of(allowed))
}

pub(crate) fn unknown_argument(found: impl Display, allowed: &[&str]) -> String {
    format!("there is no argument `{found}` here: write {}", one_of(allowed))
}

pub(crate) fn missing_value(key: impl Display) -> String {
    format!("the value of `{key}` is missing: write `{key} = …`")
}

pub(crate) fn duplicate_argument(key: impl Display) -> String {
    format!("`{key}` is given twice: keep one")
}

pub(crate) const COMMA: &str = "a `,` belongs between two arguments";
pub(crate) const CRATE_PATH: &str = "`crate` takes a path that means the same everywhere: write \
     `crate = ::name` or `crate = crate::path`";
pub(crate) const PSOM_FORM: &str =
    "`psom` says where the runtime is: write `#[psom(crate = ::name)]`";

pub(crate) const NO_NAME: &str = "the interface has no name: write `name = \"Company.Interface\"`";
pub(crate) const NAME_IS_TEXT: &str =
    "the name of an interface is a string: write `name = \"Company.Interface\"`";
pub(crate) const EMPTY_NAME: &str =
    "the name of an interface is not empty: write `name = \"Company.Interface\"`";

pub(crate) const NO_VERSION: &str =
    "the interface has no version: write `version = 1, hash = 1234567890123456`";
pub(crate) const VERSION_RANGE: &str =
    "a version is a whole number from 1 to 2147483647: write `version = 1`";
pub(crate) const HASH_RANGE: &str =
    "a hash is a 64-bit signed integer: write `hash = -6543210987654321`";
pub(crate) const HASH_WITHOUT_VERSION: &str =
    "a hash belongs to the version in front of it: write `version = 1, hash = …`";
pub(crate) const SECOND_HASH: &str =
    "this version has a hash already: keep one, or write `version = …` in front of this one";

pub(crate) fn missing_hash(version: impl Display) -> String {
    format!("version {version} has no hash: write `version = {version}, hash = …`")
}

pub(crate) fn not_ascending(version: impl Display, previous: impl Display) -> String {
    format!(
        "versions ascend, but {version} stands behind {previous}: list each version once, the \
         oldest first"
    )
}

// --- the trait of an interface ------------------------------------------------------------------

pub(crate) const GENERIC_TRAIT: &str = "an interface is not generic: its parameters are PSOM \
     types, so write a trait for each of them";
pub(crate) const UNSAFE_TRAIT: &str = "an interface is an ordinary trait: remove this keyword";
pub(crate) const ONLY_METHODS: &str = "an interface holds methods only: move this to another \
     trait, which can be a supertrait of this one";

pub(crate) fn too_many_methods(count: usize) -> String {
    format!(
        "an interface has at most {MAX_METHODS} methods, because the index of a method is a \
         signed byte (section 2.2.2.2), and this one has {count}: move some to a child object"
    )
}

// --- its methods --------------------------------------------------------------------------------

pub(crate) const RECEIVER: &str = "the receiver of a PSOM method is `&mut self`: write `&mut self`";
pub(crate) const GENERIC_METHOD: &str = "a PSOM method is not generic: name the types, write \
     references without lifetimes, and leave out `where`";
pub(crate) const METHOD_QUALIFIER: &str =
    "a PSOM method is an ordinary `fn` or `async fn`: remove this keyword";
pub(crate) const RETURN: &str = "a PSOM method returns nothing, or Result<(), Violation> where an \
     error ends the caller's connection: answer with a call to `cx.caller()`";
pub(crate) const RETURN_FUTURE: &str =
    "a PSOM method that waits is written `async fn`, without a return type of its own";
pub(crate) const CONDITIONAL: &str = "this cannot depend on `#[cfg]`, because both sides count \
     on what is here: put `#[cfg]` on the whole item";

pub(crate) fn reserved_method(name: impl Display, used_for: &str) -> String {
    format!(
        "`{name}` is taken by {used_for}: name the method otherwise and keep the name on paper \
         with `#[wire(name = \"{name}\")]`"
    )
}

pub(crate) fn duplicate_signature(wire: &str, other: impl Display) -> String {
    format!(
        "`{other}` has the wire name `{wire}` and the same parameter types: give this method \
         another name, with `#[wire(name = \"…\")]` or in Rust"
    )
}

// --- parameters ---------------------------------------------------------------------------------

pub(crate) const PARAMETER_NAME: &str =
    "a PSOM parameter has a plain name, which the interface shows: write `name: Type`";
pub(crate) const MUT_PARAMETER: &str = "a PSOM parameter goes one way, to the method: write `&T` or `T`, and the context as \
     `&mut Context<Self>`";
pub(crate) const LIFETIME: &str =
    "a borrowed PSOM parameter lives as long as the call: write `&T` without a lifetime";
pub(crate) const PARAMETER_TYPE: &str = "this is not a PSOM type: write a number, `bool`, \
     `String` or `&str`, `Vec<T>` or `&[T]`, `Bytes`, or a type that derives `PsomType`";
pub(crate) const CONTEXT_FIRST: &str =
    "the context stands first: write `&mut self, cx: &mut Context<Self>, …`";
pub(crate) const CONTEXT_TYPE: &str =
    "the context is borrowed from the object's space: write `cx: &mut Context<Self>`";

pub(crate) fn too_many_parameters(count: usize) -> String {
    format!(
        "a PSOM method has at most {MAX_PARAMETERS} parameters and this one has {count}: send \
         some of them in a call of their own"
    )
}

// --- `#[since]`, `#[wire]`, `#[latest]` ---------------------------------------------------------

pub(crate) fn duplicate_attribute(name: &str) -> String {
    format!("`#[{name}]` stands here twice: keep one")
}

pub(crate) const SINCE_FORM: &str = "`since` takes one version: write `#[since(10)]`";
pub(crate) const LATEST_FORM: &str =
    "`latest` takes at most the name of one parameter: write `#[latest]` or `#[latest(user)]`";
pub(crate) fn latest_unknown(name: impl Display, known: &[String]) -> String {
    let known = match known {
        [] => "it has none; write `#[latest]`".to_owned(),
        known => format!("it has {}", known.join(", ")),
    };
    format!("the method has no parameter `{name}` that travels: {known}")
}
pub(crate) const WIRE_FORM: &str =
    "`wire` takes the interface's own name: write `#[wire(name = \"sMethod\")]`";
pub(crate) const WIRE_NAME: &str = "a wire name is made of ASCII letters, digits and `_`: write \
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
        "later versions only append, but `{other}` of version {older} stands behind this method \
         of version {version}: move this method to the end"
    )
}

// --- distributed objects ------------------------------------------------------------------------

pub(crate) const NO_ARGUMENTS: &str = "the object's interfaces are missing: write \
     `#[distributed_object(serves = ServerTrait, calls = ClientTrait)]`";
pub(crate) const NO_SERVES: &str =
    "it is not said which interface this object implements: write `serves = ServerTrait`";
pub(crate) const NO_CALLS: &str =
    "it is not said which interface this object calls at its peers: write `calls = ClientTrait`";
pub(crate) const TRAIT_PATH: &str =
    "the value is the path of a `#[psom_interface]` trait: write `path::ServerTrait`";
pub(crate) const OBJECT_LIFETIME: &str = "an object lives as long as its space and borrows \
     nothing: hold owned values instead of a lifetime";
pub(crate) const ARGUMENTS_ON_IMPL: &str = "`serves` and `calls` belong on the struct: write \
     `#[distributed_object]` on this impl block";
pub(crate) const TRAIT_IMPL: &str = "the `#[child]` methods belong in an inherent `impl` block: \
     an interface's trait is implemented without an attribute";
pub(crate) const NO_CHILD: &str = "no method here has `#[child(\"part.{name}\")]`: write it above \
     the methods that make children, or remove `#[distributed_object]`";

// --- children -----------------------------------------------------------------------------------

pub(crate) const CHILD_FORM: &str =
    "`child` takes the name of the part: write `#[child(\"part\")]`";
pub(crate) const CHILD_ON_FN: &str = "`#[child]` stands on a field of the object, or on a method \
     that makes a child: move it there";
pub(crate) const CAPTURE_ON_FIELD: &str = "a field is one child and its part a fixed name: write \
     `#[child(\"part\")]`, or use a method for a part with captures";
pub(crate) const FACTORY_ASYNC: &str = "a child is made at once, while the peer's connect waits: \
     remove `async` and load in the child with `cx.spawn(…)`";
pub(crate) const FACTORY_GENERIC: &str = "a method that makes a child is not generic: the types \
     of its parameters say how the captures are read, so name them";
pub(crate) const FACTORY_RECEIVER: &str =
    "the receiver of a method that makes a child is `&mut self`: write `&mut self`";
pub(crate) const FACTORY_RETURN: &str =
    "a method that makes a child returns it: write `-> Option<Handle<Child>>`";

pub(crate) fn capture_without_parameter(capture: &str) -> String {
    format!(
        "the part captures `{capture}`, but the method has no parameter of that name: add \
         `{capture}: i64`, or take `{{{capture}}}` out"
    )
}

pub(crate) fn parameter_without_capture(parameter: impl Display) -> String {
    format!(
        "the part does not capture `{parameter}`: write `{{{parameter}}}` in it, or remove the \
         parameter"
    )
}

pub(crate) fn duplicate_part(other: impl Display) -> String {
    format!(
        "the part \"{other}\" stands above already, and parts are matched without regard to \
         case: give each child a part of its own"
    )
}

pub(crate) const EMPTY_PART: &str = "a part has a name: write `#[child(\"part\")]`";
pub(crate) const UNBALANCED: &str =
    "the braces of this part do not pair: write a capture as `{name}`";
pub(crate) const CAPTURE_NAME: &str =
    "a capture is named like a parameter of the method: write `{content_id}`";
pub(crate) const ADJACENT_CAPTURES: &str =
    "nothing tells where one capture ends and the next begins: put text between them, `{a}.{b}`";

pub(crate) fn duplicate_capture(name: &str) -> String {
    format!("`{{{name}}}` is captured twice: give each capture a name of its own")
}

// --- `#[derive(PsomType)]` ----------------------------------------------------------------------

pub(crate) const NO_REPR: &str =
    "an enumeration is an Int32 on the wire: write `#[repr(i32)]` above it";
pub(crate) const GENERIC_TYPE: &str =
    "a type that derives `PsomType` is not generic: write one for each type that is sent";
pub(crate) const NO_OTHER: &str = "a peer may send values that are not listed: add a variant \
     `#[other] Other(i32)`, which keeps them";
pub(crate) const SECOND_OTHER: &str = "only one variant keeps the other values: remove this one";
pub(crate) const OTHER_FORM: &str =
    "the variant for other values holds the number: write `#[other] Other(i32)`";
pub(crate) const OTHER_ARGUMENTS: &str = "`other` takes no arguments: write `#[other]`";
pub(crate) const VARIANT_FIELDS: &str = "a variant stands for one number and has no fields: \
     remove them, or write `#[other]` above the variant for other values";
pub(crate) const DISCRIMINANT: &str =
    "the number of a variant is written out, as an i32: write `Name = 1`";
pub(crate) const DISCRIMINANT_OVERFLOW: &str =
    "the number behind 2147483647 is no i32: write `Name = 1`";

pub(crate) const FIELD_TYPE: &str = "a field is an owned PSOM type: write a number, `bool`, \
     `String`, `Vec<T>`, `Bytes`, or a type that derives `PsomType`";

pub(crate) fn duplicate_field(wire: &str, other: impl Display) -> String {
    format!(
        "`{other}` has the wire name `{wire}` already: give each field its own, with \
         `#[wire(name = \"…\")]` or in Rust"
    )
}

pub(crate) fn duplicate_discriminant(number: i32, other: impl Display) -> String {
    format!("`{other}` is {number} already: give each variant a number of its own")
}

/// "`a`", "`a` or `b`", "`a`, `b` or `c`".
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
