use super::argument::{Argument, ArgumentShape, ParamDesc};

/// One half of an interface: the methods that can be called on the server, or those that can be
/// called on the client (section 3.1.4.1.1).
#[derive(Debug, PartialEq, Eq)]
pub struct InterfaceDesc {
    /// The name of the interface, the same for both halves, which addProtocol announces.
    pub name: &'static str,
    /// Each version with the hash of this half, in ascending order.
    pub versions: &'static [(i32, i64)],
    /// The methods; the first has index 1 (ruling 1).
    pub methods: &'static [MethodDesc],
}

impl InterfaceDesc {
    /// Creates an interface. Methods of later versions follow those of earlier versions.
    pub const fn new(
        name: &'static str,
        versions: &'static [(i32, i64)],
        methods: &'static [MethodDesc],
    ) -> Self {
        Self { name, versions, methods }
    }

    /// Returns the hash of this half in a version.
    pub fn hash(&self, version: i32) -> Option<i64> {
        self.versions.iter().find(|(known, _)| *known == version).map(|(_, hash)| *hash)
    }

    /// Returns the method with an index from the wire, if the version contains it.
    pub fn method(&self, index: i8, version: i32) -> Option<&'static MethodDesc> {
        let position = usize::try_from(index).ok()?.checked_sub(1)?;
        self.methods.get(position).filter(|method| method.since <= version)
    }

    /// Returns the part of the name after the last dot.
    pub fn short_name(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }
}

/// A method of an interface (section 3.1.4.1.1.3).
#[derive(Debug, PartialEq, Eq)]
pub struct MethodDesc {
    /// The name in the interface definition. Overloads have the same name.
    pub name: &'static str,
    /// The arguments in their order on the wire.
    pub arguments: &'static [ArgumentDesc],
    /// The version that introduced the method, or 0 for the first version.
    pub since: i32,
    /// True if a new call replaces pending calls of the method when the send queue of a peer is
    /// above its soft limit.
    pub latest: bool,
    /// The position of an argument, from 0: a new call replaces only pending calls with the same
    /// value of this argument.
    pub latest_by: Option<usize>,
}

impl MethodDesc {
    /// Creates a method of the first version.
    pub const fn new(name: &'static str, arguments: &'static [ArgumentDesc]) -> Self {
        Self { name, arguments, since: 0, latest: false, latest_by: None }
    }

    /// Returns the parameters in their order on the wire.
    pub fn params(&self) -> impl Iterator<Item = &'static ParamDesc> + use<> {
        self.arguments.iter().flat_map(ArgumentDesc::params)
    }

    /// Sets the version that introduced the method.
    #[must_use]
    pub const fn since(mut self, version: i32) -> Self {
        self.since = version;
        self
    }

    /// Lets a new call of the method replace pending calls (see [`latest`](#structfield.latest)).
    #[must_use]
    pub const fn latest(mut self) -> Self {
        self.latest = true;
        self
    }

    /// Lets a new call of the method replace pending calls with the same value of one argument.
    #[must_use]
    pub const fn latest_by(mut self, position: usize) -> Self {
        self.latest = true;
        self.latest_by = Some(position);
        self
    }
}

/// An argument of a method.
#[derive(Debug, PartialEq, Eq)]
pub enum ArgumentDesc {
    /// The argument is one parameter.
    One(ParamDesc),
    /// The argument is a flattened struct: one parameter per field.
    Fields(&'static [ParamDesc]),
}

impl ArgumentDesc {
    /// Creates an argument of the Rust type `T`.
    pub const fn new<T: Argument + ?Sized>(name: &'static str) -> Self {
        match T::SHAPE {
            ArgumentShape::One(kind) => Self::One(ParamDesc { name, kind }),
            ArgumentShape::Fields(fields) => Self::Fields(fields),
        }
    }

    /// Returns the parameters that encode the argument.
    pub fn params(&self) -> &[ParamDesc] {
        match self {
            Self::One(param) => std::slice::from_ref(param),
            Self::Fields(fields) => fields,
        }
    }
}

/// A distributed object: the half that it serves, the half that it calls, and its children.
#[derive(Debug, Clone, Copy)]
pub struct ObjectDesc {
    /// The interface that peers call on this side.
    pub serves: &'static InterfaceDesc,
    /// The interface that this side calls on its peers.
    pub calls: &'static InterfaceDesc,
    /// Returns the declared children. Other objects can be connected as well
    /// (section 3.1.4.1.1.4).
    pub children: fn() -> Vec<ChildDesc>,
}

/// A declared child, or a family of children, of an object.
#[derive(Debug, Clone, Copy)]
pub struct ChildDesc {
    /// The part name, or a pattern with `{captures}` for a family. Empty for a type that the
    /// object connects (`connects = Type`).
    pub pattern: &'static str,
    /// The description of the child, unless its type is known only at run time.
    pub object: Option<fn() -> ObjectDesc>,
}

/// Checks at compile time that the two halves of an object have the same name and versions.
pub const fn assert_halves(serves: &InterfaceDesc, calls: &InterfaceDesc) {
    assert!(
        same_text(serves.name, calls.name),
        "`serves` and `calls` have different names; give both traits the same `name`"
    );
    let mut same = serves.versions.len() == calls.versions.len();
    let mut i = 0;
    while same && i < serves.versions.len() {
        same = serves.versions[i].0 == calls.versions[i].0;
        i += 1;
    }
    assert!(same, "`serves` and `calls` list different versions; both traits list every version");
}

const fn same_text(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut same = a.len() == b.len();
    let mut i = 0;
    while same && i < a.len() {
        same = a[i] == b[i];
        i += 1;
    }
    same
}
