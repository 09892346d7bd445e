//! Children: part names, and the types that a factory may return.

use super::{
    context::Context,
    handle::{AnyHandle, Handle},
    object::{DistributedObject, Lifecycle, notify},
    occasion::Occasion,
};
use crate::{
    error::Violation,
    interface::{ChildDesc, ObjectDesc},
};

/// The type of a `#[child]` field, or the return type of a `#[child]` factory: a [`Handle`], an
/// [`AnyHandle`], an `Option` of one (`None`: there is no such child), or a `Result` of one (an
/// error breaks the connection of the peer that connects the child).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a child",
    note = "a child is a `Handle<T>`, an `AnyHandle`, an `Option` of one, or `Result<_, Violation>`"
)]
pub trait IntoChild {
    /// The description of the child's type. `None` for [`AnyHandle`].
    const DESC: Option<fn() -> ObjectDesc>;

    /// Converts the value to the child, if there is one.
    fn into_child(self) -> Result<Option<AnyHandle>, Violation>;
}

impl<T: DistributedObject> IntoChild for Handle<T> {
    const DESC: Option<fn() -> ObjectDesc> = Some(ObjectDesc::of::<T>);

    fn into_child(self) -> Result<Option<AnyHandle>, Violation> {
        Ok(Some(self.into()))
    }
}

impl IntoChild for AnyHandle {
    const DESC: Option<fn() -> ObjectDesc> = None;

    fn into_child(self) -> Result<Option<AnyHandle>, Violation> {
        Ok(Some(self))
    }
}

impl<C: IntoChild> IntoChild for Option<C> {
    const DESC: Option<fn() -> ObjectDesc> = C::DESC;

    fn into_child(self) -> Result<Option<AnyHandle>, Violation> {
        self.map_or(Ok(None), C::into_child)
    }
}

impl<C: IntoChild> IntoChild for Result<C, Violation> {
    const DESC: Option<fn() -> ObjectDesc> = C::DESC;

    fn into_child(self) -> Result<Option<AnyHandle>, Violation> {
        self.and_then(C::into_child)
    }
}

impl ChildDesc {
    /// Declares a type of objects that the object connects to its peers under any part names.
    pub fn connects<T: DistributedObject>() -> Self {
        Self { pattern: "", object: Some(ObjectDesc::of::<T>) }
    }

    /// Declares a child with the type of a field or with the return type of a factory.
    pub fn of<C: IntoChild>(pattern: &'static str) -> Self {
        Self { pattern, object: C::DESC }
    }
}

/// The child factories of an object. `#[distributed_object]` on an `impl` block implements it.
pub trait ChildFactories: DistributedObject {
    /// Returns the patterns of the factories.
    fn factories() -> Vec<ChildDesc>;

    /// Creates a child with the first factory whose pattern matches the part name.
    fn make(&mut self, cx: &mut Context<Self>, part: &str) -> Result<Option<AnyHandle>, Violation>;
}

/// Selects, in generated code, between a type's implementation of an optional trait and a default.
///
/// The inherent functions exist only if the type implements the trait. The compiler prefers them to
/// the functions of [`NoFactories`] and [`NoLifecycle`].
#[derive(Debug)]
pub struct Probe<T>(std::marker::PhantomData<T>);

#[expect(clippy::same_name_method, reason = "the compiler selects by the name")]
impl<T: ChildFactories> Probe<T> {
    /// Calls [`ChildFactories::factories`].
    pub fn factories() -> Vec<ChildDesc> {
        T::factories()
    }

    /// Calls [`ChildFactories::make`].
    pub fn make(
        object: &mut T,
        cx: &mut Context<T>,
        part: &str,
    ) -> Result<Option<AnyHandle>, Violation> {
        object.make(cx, part)
    }
}

#[expect(clippy::same_name_method, reason = "the compiler selects by the name")]
impl<T: Lifecycle> Probe<T> {
    /// Calls the method of [`Lifecycle`] for an occasion.
    pub fn notify(object: &mut T, cx: &mut Context<T>, occasion: Occasion) {
        notify(object, cx, occasion);
    }
}

/// The default for types without factories.
pub trait NoFactories<T> {
    /// Returns no pattern.
    fn factories() -> Vec<ChildDesc> {
        Vec::new()
    }

    /// Creates no child.
    fn make(_: &mut T, _: &mut Context<T>, _: &str) -> Result<Option<AnyHandle>, Violation> {
        Ok(None)
    }
}

impl<T> NoFactories<T> for Probe<T> {}

/// The default for types without [`Lifecycle`].
pub trait NoLifecycle<T> {
    /// Does nothing.
    fn notify(_: &mut T, _: &mut Context<T>, _: Occasion) {}
}

impl<T> NoLifecycle<T> for Probe<T> {}

/// A type of values in part names, like the number in `content.7`.
pub trait PartCapture<'p>: Sized {
    /// Parses a value. Accepts only its canonical form: `07` is not 7. Otherwise two part names
    /// would identify one child.
    fn from_part(text: &'p str) -> Option<Self>;
}

impl PartCapture<'_> for String {
    fn from_part(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl<'p> PartCapture<'p> for &'p str {
    fn from_part(text: &'p str) -> Option<Self> {
        Some(text)
    }
}

/// A struct with one unnamed field that derives `PsomType`, such as an identifier.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be captured from a part name",
    label = "not a type of captures",
    note = "use `i16`, `i32`, `i64`, `u8`, `u32`, `u64`, `&str`, `String`, or a struct with one such field that derives `PsomType`"
)]
pub trait Transparent: Sized {
    /// The type of the field.
    type Field;

    /// Creates the struct.
    fn wrap(field: Self::Field) -> Self;
}

impl<'p, T: Transparent<Field: PartCapture<'p>>> PartCapture<'p> for T {
    fn from_part(text: &'p str) -> Option<Self> {
        PartCapture::from_part(text).map(T::wrap)
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl PartCapture<'_> for $number {
            fn from_part(text: &str) -> Option<Self> {
                text.parse().ok().filter(|number: &$number| number.to_string() == text)
            }
        }
    )*};
}

numbers!(i16, i32, i64, u8, u32, u64);

/// Matches a part name with a pattern and returns the texts at its `{captures}`. Ignores ASCII case
/// (ruling 9).
pub fn captures<'p, const N: usize>(pattern: &str, part: &'p str) -> Option<[&'p str; N]> {
    let mut captured = [""; N];
    let mut rest = part;
    let mut pieces = pattern.split('{');
    rest = strip_prefix(rest, pieces.next()?)?;
    let pieces: Vec<_> = pieces.filter_map(|piece| piece.split_once('}')).collect();
    for (i, (_, literal)) in pieces.iter().enumerate() {
        let end = match i + 1 == pieces.len() {
            true => rest.len().checked_sub(literal.len())?,
            false => find(rest, literal)?,
        };
        *captured.get_mut(i)? = rest.get(..end).filter(|capture| !capture.is_empty())?;
        rest = strip_prefix(rest.get(end..)?, literal)?;
    }
    (rest.is_empty() && pieces.len() == N).then_some(captured)
}

fn strip_prefix<'p>(text: &'p str, prefix: &str) -> Option<&'p str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Finds a literal and returns its offset. Skips offset 0, because a capture is not empty.
fn find(text: &str, literal: &str) -> Option<usize> {
    text.char_indices()
        .map(|(i, _)| i)
        .skip(1)
        .find(|&i| strip_prefix(&text[i..], literal).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn part_name_matches_its_pattern() {
        assert_eq!(captures("content.{id}", "Content.17"), Some(["17"]));
        assert_eq!(captures("{a}.{b}.x", "1.2.X"), Some(["1", "2"]));
        assert_eq!(captures("{a}", "é"), Some(["é"]));
    }

    #[test]
    fn different_part_name_does_not_match() {
        assert_eq!(captures::<1>("content.{id}", "content."), None);
        assert_eq!(captures::<1>("content.{id}", "conten"), None);
        assert_eq!(captures::<1>("content.{id}.x", "content.1.y"), None);
        assert_eq!(captures::<1>("content.{id}", "é"), None);
    }

    #[test]
    fn captured_number_has_canonical_form() {
        assert_eq!(i64::from_part("7"), Some(7));
        assert_eq!(i64::from_part("-7"), Some(-7));
        assert_eq!(i64::from_part("07"), None);
        assert_eq!(i64::from_part("+7"), None);
        assert_eq!(u8::from_part("256"), None);
    }
}
