use crate::wire::{ParamDesc, TypeDesc};

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
    pub arguments: &'static [ParamDesc],
    /// The version that introduced the method, or 0 for the first version.
    pub since: i32,
    /// True if a new call replaces pending calls of the method when the send queue of a peer is
    /// above its soft limit.
    pub latest: bool,
    /// The position of an argument, from 0: a new call replaces only pending calls with the same
    /// value of this argument.
    pub latest_by: Option<usize>,
    /// The wire names of the peer's methods that answer a call of this one (`#[answered_by]`). The
    /// request and its answers have a parameter `cookie`.
    pub answers: &'static [&'static str],
}

impl MethodDesc {
    /// Creates a method of the first version.
    pub const fn new(name: &'static str, arguments: &'static [ParamDesc]) -> Self {
        Self { name, arguments, since: 0, latest: false, latest_by: None, answers: &[] }
    }

    /// Returns the parameters in their order on the wire. A record is one parameter for each field.
    pub fn params(&self) -> impl Iterator<Item = ParamDesc> + use<> {
        self.arguments.iter().flat_map(ParamDesc::sent)
    }

    /// Sets the version that introduced the method.
    #[must_use]
    pub const fn since(mut self, version: i32) -> Self {
        self.since = version;
        self
    }

    /// Declares the methods that answer a call of this one.
    #[must_use]
    pub const fn answered_by(mut self, answers: &'static [&'static str]) -> Self {
        self.answers = answers;
        self
    }

    /// Returns the position of the argument `cookie`.
    pub const fn cookie(&self) -> Option<usize> {
        let mut i = 0;
        while i < self.arguments.len() {
            let argument = &self.arguments[i];
            if same_text(argument.name, "cookie") && matches!(argument.kind, TypeDesc::Int32) {
                return Some(i);
            }
            i += 1;
        }
        None
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

/// Checks at compile time that the two halves of an object have the same name and versions, and
/// different hashes if both have methods.
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
    // ContentUserManager of MS-PSOM has equal hashes; its server's half has no methods.
    let may_be_equal = serves.methods.is_empty() || calls.methods.is_empty();
    i = 0;
    while i < serves.versions.len() {
        assert!(
            may_be_equal || serves.versions[i].1 != calls.versions[i].1,
            "`serves` and `calls` have the same hash; give each half its own 64 random bits"
        );
        i += 1;
    }
    assert_answers(serves, calls);
    assert_answers(calls, serves);
}

/// Checks the pairs of requests and answers.
const fn assert_answers(requests: &InterfaceDesc, answers: &InterfaceDesc) {
    let mut i = 0;
    while i < requests.methods.len() {
        let names = requests.methods[i].answers;
        let mut j = 0;
        while j < names.len() {
            assert!(
                has_answer(answers, names[j]),
                "`#[answered_by]` names a method that the other half does not have, or that has no \
                 parameter `cookie: i32`"
            );
            j += 1;
        }
        i += 1;
    }
}

const fn has_answer(interface: &InterfaceDesc, name: &str) -> bool {
    let mut i = 0;
    while i < interface.methods.len() {
        let method = &interface.methods[i];
        if same_text(method.name, name) && method.cookie().is_some() {
            return true;
        }
        i += 1;
    }
    false
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
