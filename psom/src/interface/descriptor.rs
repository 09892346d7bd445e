use super::argument::{Argument, ArgumentShape, ParamDesc};

/// One half of a distributed object: what can be called on the server or on the client
/// (section 3.1.4.1.1).
#[derive(Debug, PartialEq, Eq)]
pub struct InterfaceDesc {
    /// The name that both halves share and that addProtocol announces.
    pub name: &'static str,
    /// Each version with the hash of this half, in ascending order.
    pub versions: &'static [(i32, i64)],
    /// The methods; the first has index 1 (ruling 1).
    pub methods: &'static [MethodDesc],
}

impl InterfaceDesc {
    /// An interface; methods of later versions stand behind those of earlier ones.
    pub const fn new(
        name: &'static str,
        versions: &'static [(i32, i64)],
        methods: &'static [MethodDesc],
    ) -> Self {
        Self { name, versions, methods }
    }

    /// The hash of this half in a version.
    pub fn hash(&self, version: i32) -> Option<i64> {
        self.versions.iter().find(|(known, _)| *known == version).map(|(_, hash)| *hash)
    }

    /// The method with this index, as it came from the wire, where the version has it.
    pub fn method(&self, index: i8, version: i32) -> Option<&'static MethodDesc> {
        let place = usize::try_from(index).ok()?.checked_sub(1)?;
        self.methods.get(place).filter(|method| method.since <= version)
    }

    /// The last part of the name, for people.
    pub fn short_name(&self) -> &'static str {
        self.name.rsplit('.').next().unwrap_or(self.name)
    }
}

/// A method of an interface (section 3.1.4.1.1.3).
#[derive(Debug, PartialEq, Eq)]
pub struct MethodDesc {
    /// The name as the interface definition has it; overloads share it.
    pub name: &'static str,
    /// The arguments in their order on the wire.
    pub arguments: &'static [ArgumentDesc],
    /// The version that brought the method; 0 where the first did.
    pub since: i32,
    /// Whether only the newest call matters to a peer that lags.
    pub latest: bool,
    /// The position of the argument that such calls are compared by: a call replaces only calls
    /// with the same value of it.
    pub latest_by: Option<usize>,
}

impl MethodDesc {
    /// A method of the first version.
    pub const fn new(name: &'static str, arguments: &'static [ArgumentDesc]) -> Self {
        Self { name, arguments, since: 0, latest: false, latest_by: None }
    }

    /// Returns the parameters in their order on the wire.
    pub fn params(&self) -> impl Iterator<Item = &'static ParamDesc> + use<> {
        self.arguments.iter().flat_map(ArgumentDesc::params)
    }

    /// The same method, brought by a later version.
    pub const fn since(mut self, version: i32) -> Self {
        self.since = version;
        self
    }

    /// The same method, of which only the newest call matters to a peer that lags.
    pub const fn latest(mut self) -> Self {
        self.latest = true;
        self
    }

    /// The same method, of which only the newest call with one value of a parameter matters.
    pub const fn latest_by(mut self, place: usize) -> Self {
        self.latest = true;
        self.latest_by = Some(place);
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
    /// An argument of the Rust type `T`.
    pub const fn new<T: Argument + ?Sized>(name: &'static str) -> Self {
        match T::SHAPE {
            ArgumentShape::One(kind) => Self::One(ParamDesc { name, kind }),
            ArgumentShape::Fields(fields) => Self::Fields(fields),
        }
    }

    /// Returns the parameters that the argument stands for.
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
    /// What peers call on this side.
    pub serves: &'static InterfaceDesc,
    /// What this side calls on its peers.
    pub calls: &'static InterfaceDesc,
    /// The children that it declares; others can be connected as well (section 3.1.4.1.1.4).
    pub children: fn() -> Vec<ChildDesc>,
}

/// A declared child, or a family of children, of an object.
#[derive(Debug, Clone, Copy)]
pub struct ChildDesc {
    /// The part name, with `{captures}` for a family; empty where the object is the one that
    /// connects.
    pub pattern: &'static str,
    /// The child's own description, where one type stands behind the pattern.
    pub object: Option<fn() -> ObjectDesc>,
}

/// Fails to compile an object whose two halves are not halves of one interface.
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
