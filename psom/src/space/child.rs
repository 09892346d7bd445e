//! Children: part names, and what a factory may return.

use super::{
    context::Context,
    handle::{AnyHandle, Handle},
    object::{DistributedObject, Lifecycle},
};
use crate::{
    error::Violation,
    interface::{ChildDesc, ObjectDesc},
};

/// What a `#[child]` field holds or a `#[child]` factory returns: a [`Handle`], an [`AnyHandle`],
/// an `Option` of one (`None`: no such child), or a `Result` of one (an error breaks the
/// connection of the peer that asked).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no child",
    note = "a child is a `Handle<T>`, an `AnyHandle`, an `Option` of one, or `Result<_, Violation>`"
)]
pub trait IntoChild {
    /// The description of the child's type, where there is one.
    const DESC: Option<fn() -> ObjectDesc>;

    /// The child itself.
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
    /// A type of objects that the object connects to its peers, under whichever part names.
    pub fn connects<T: DistributedObject>() -> Self {
        Self { pattern: "", object: Some(ObjectDesc::of::<T>) }
    }

    /// A child of the type that a field holds or a factory returns.
    pub fn of<C: IntoChild>(pattern: &'static str) -> Self {
        Self { pattern, object: C::DESC }
    }
}

/// The factories of an object: what `#[distributed_object]` on an `impl` block implements.
pub trait ChildFactories: DistributedObject {
    /// The families of children.
    fn factories() -> Vec<ChildDesc>;

    /// The child that the first matching factory makes.
    fn make(&mut self, cx: &mut Context<Self>, part: &str) -> Result<Option<AnyHandle>, Violation>;
}

/// Finds out in generated code whether a type implements an optional trait: its inherent functions
/// exist where it does, and win over those of [`NoFactories`] and [`NoLifecycle`].
#[derive(Debug)]
pub struct Probe<T>(std::marker::PhantomData<T>);

impl<T: ChildFactories> Probe<T> {
    /// The type's own factories.
    pub fn factories() -> Vec<ChildDesc> {
        T::factories()
    }

    /// A child of the type's own factories.
    pub fn make(
        object: &mut T,
        cx: &mut Context<T>,
        part: &str,
    ) -> Result<Option<AnyHandle>, Violation> {
        object.make(cx, part)
    }
}

impl<T: Lifecycle> Probe<T> {
    /// The type's own hook.
    pub fn connected(object: &mut T, cx: &mut Context<T>) {
        Lifecycle::connected(object, cx);
    }

    /// The type's own hook.
    pub fn disconnected(object: &mut T, cx: &mut Context<T>) {
        Lifecycle::disconnected(object, cx);
    }
}

/// What a type without factories answers.
pub trait NoFactories<T> {
    /// None.
    fn factories() -> Vec<ChildDesc> {
        Vec::new()
    }

    /// No child.
    fn make(_: &mut T, _: &mut Context<T>, _: &str) -> Result<Option<AnyHandle>, Violation> {
        Ok(None)
    }
}

impl<T> NoFactories<T> for Probe<T> {}

/// What a type without hooks does.
pub trait NoLifecycle<T> {
    /// Nothing.
    fn connected(_: &mut T, _: &mut Context<T>) {}

    /// Nothing.
    fn disconnected(_: &mut T, _: &mut Context<T>) {}
}

impl<T> NoLifecycle<T> for Probe<T> {}

/// A value that a part name carries, like the number in `content.7`.
pub trait PartCapture: Sized {
    /// Reads the value. There is one way to write each: `07` is not 7.
    fn from_part(text: &str) -> Option<Self>;
}

impl PartCapture for String {
    fn from_part(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl PartCapture for $number {
            fn from_part(text: &str) -> Option<Self> {
                text.parse().ok().filter(|number: &$number| number.to_string() == text)
            }
        }
    )*};
}

numbers!(i16, i32, i64, u8, u32, u64);

/// Holds a part name against a pattern with `{captures}`, without regard to ASCII case.
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

/// The first place of a literal that leaves something before it.
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
    fn a_capture_is_what_stands_in_its_place() {
        assert_eq!(captures("content.{id}", "Content.17"), Some(["17"]));
        assert_eq!(captures("{a}.{b}.x", "1.2.X"), Some(["1", "2"]));
        assert_eq!(captures("{a}", "é"), Some(["é"]));
    }

    #[test]
    fn what_does_not_match_captures_nothing() {
        assert_eq!(captures::<1>("content.{id}", "content."), None);
        assert_eq!(captures::<1>("content.{id}", "conten"), None);
        assert_eq!(captures::<1>("content.{id}.x", "content.1.y"), None);
        assert_eq!(captures::<1>("content.{id}", "é"), None);
    }

    #[test]
    fn numbers_have_one_spelling() {
        assert_eq!(i64::from_part("7"), Some(7));
        assert_eq!(i64::from_part("-7"), Some(-7));
        assert_eq!(i64::from_part("07"), None);
        assert_eq!(i64::from_part("+7"), None);
        assert_eq!(u8::from_part("256"), None);
    }
}
