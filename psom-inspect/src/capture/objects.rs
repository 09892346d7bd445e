use std::{collections::BTreeMap, ops::Range};

use bytes::Bytes;

use psom::{
    error::DecodeError,
    interface::{self, Connected, Definition, InterfaceDesc, MethodDesc},
    session::{BASE_CHANNEL, CONN_MGR, Role},
};

/// As many objects as a session lets one connection have; what comes after them is not inferred.
const LIMIT: usize = 1 << 16;

/// A possible type of an object: the position of a definition, and a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) definition: usize,
    pub(super) version: i32,
}

/// The evidence about an object.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// The part name, where its OP_CONNECT was seen.
    pub(super) part: Option<String>,
    /// The possible types, each with the number of messages that agree with it.
    candidates: Vec<(Candidate, u32)>,
    messages: u32,
}

/// The inferred type of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) candidate: Candidate,
    /// Whether another definition would do as well.
    pub(super) ambiguous: bool,
}

/// The objects that one direction speaks of, by channel and the sender's identifier.
#[derive(Debug, Clone)]
pub(super) struct Objects {
    definitions: Vec<Definition>,
    sender: Role,
    known: BTreeMap<(u32, i32), Known>,
}

impl Objects {
    pub(super) fn new(definitions: &[Definition], sender: Role) -> Self {
        let others = definitions.iter().filter(|definition| definition.name() != CONN_MGR.name());
        let definitions = [CONN_MGR].into_iter().chain(others.copied()).collect();
        Self { definitions, sender, known: BTreeMap::new() }
    }

    pub(super) fn definition(&self, candidate: Candidate) -> &Definition {
        &self.definitions[candidate.definition]
    }

    pub(super) fn get(&self, channel: u32, id: i32) -> Option<&Known> {
        self.known.get(&(channel, id))
    }

    /// The half that the sender serves: its hash is in OP_CONNECT.
    fn own_half(&self, definition: &Definition) -> &'static InterfaceDesc {
        match self.sender {
            Role::Client => definition.client,
            Role::Server => definition.server,
        }
    }

    /// The half that the sender calls.
    pub(super) fn called_half(&self, candidate: Candidate) -> &'static InterfaceDesc {
        let definition = self.definition(candidate);
        match self.sender {
            Role::Client => definition.server,
            Role::Server => definition.client,
        }
    }

    /// Everything that the definitions have, which `allowed` lets through.
    fn candidates(&self, allowed: impl Fn(&Definition, i32) -> bool) -> Vec<(Candidate, u32)> {
        let mut candidates = Vec::new();
        for (place, definition) in self.definitions.iter().enumerate() {
            let versions = definition.versions().filter(|version| allowed(definition, *version));
            candidates
                .extend(versions.map(|version| (Candidate { definition: place, version }, 0)));
        }
        candidates
    }

    /// An object that this direction connects. Whether its hash is known.
    pub(super) fn connect(&mut self, channel: u32, id: i32, part: String, hash: i64) -> bool {
        let candidates = self.candidates(|definition, version| {
            self.own_half(definition).hash(version) == Some(hash)
        });
        let known = !candidates.is_empty();
        if self.known.len() < LIMIT {
            let object = Known { part: Some(part), candidates, messages: 0 };
            self.known.insert((channel, id), object);
        }
        known
    }

    /// Takes over what the other direction has connected.
    pub(super) fn adopt(&mut self, other: &Self) {
        let connected = other.known.iter().filter(|(_, object)| object.part.is_some());
        self.known.extend(connected.map(|((channel, id), object)| {
            let candidates = object.candidates.iter().map(|(candidate, _)| (*candidate, 0));
            let object =
                Known { part: object.part.clone(), candidates: candidates.collect(), messages: 0 };
            ((*channel, -id), object)
        }));
    }

    /// An object that is spoken of, whether or not its OP_CONNECT was seen.
    fn entry(&mut self, channel: u32, id: i32) -> Option<&mut Known> {
        if !self.known.contains_key(&(channel, id)) {
            if self.known.len() >= LIMIT {
                return None;
            }
            let is_conn_mgr = |definition: &Definition| definition.name() == CONN_MGR.name();
            let candidates = self.candidates(|definition, _| match (channel, id) {
                (BASE_CHANNEL, 0) => is_conn_mgr(definition),
                (BASE_CHANNEL, _) => false,
                (_, 0) => definition.connected == Connected::Root && !is_conn_mgr(definition),
                _ => definition.connected != Connected::Root,
            });
            let object = Known { candidates, ..Known::default() };
            self.known.insert((channel, id), object);
        }
        self.known.get_mut(&(channel, id))
    }

    /// An object that a record names without saying what it is.
    pub(super) fn mention(&mut self, channel: u32, id: i32) {
        self.entry(channel, id);
    }

    /// Takes a message as a witness of what its object is.
    fn witness(&mut self, (channel, id): (u32, i32), agrees: impl Fn(&Self, Candidate) -> bool) {
        let Some(object) = self.entry(channel, id) else { return };
        // Out of the table meanwhile, so that the definitions can be read.
        let mut candidates = std::mem::take(&mut object.candidates);
        for (candidate, messages) in &mut candidates {
            *messages += u32::from(agrees(self, *candidate));
        }
        if let Some(object) = self.entry(channel, id) {
            object.candidates = candidates;
            object.messages += 1;
        }
    }

    /// A call on an object.
    pub(super) fn called(
        &mut self,
        channel: u32,
        id: i32,
        method: i8,
        (bytes, place): (&Bytes, Range<usize>),
    ) {
        self.witness((channel, id), |objects, candidate| {
            let read = objects.arguments(candidate, method, bytes, place.clone());
            read.is_some_and(|(_, arguments)| arguments.is_ok())
        });
    }

    /// A connect as a part of an object. It says nothing where no definition has such a part, since
    /// parts need not be declared (section 3.1.4.1.1.4).
    pub(super) fn parent(&mut self, channel: u32, id: i32, part: &str) {
        let declares = |definition: &Definition| {
            definition.children.iter().any(|(name, _)| is_part(name, part))
        };
        match self.definitions.iter().any(declares) {
            true => {
                self.witness((channel, id), |objects, it| declares(objects.definition(it)));
            }
            false => self.mention(channel, id),
        }
    }

    /// A call read as one on this candidate: the method and its arguments; nothing where it has no
    /// such method.
    pub(super) fn arguments(
        &self,
        candidate: Candidate,
        method: i8,
        bytes: &Bytes,
        place: Range<usize>,
    ) -> Option<(&'static MethodDesc, Result<String, DecodeError>)> {
        let method = self.called_half(candidate).method(method, candidate.version)?;
        Some((method, interface::sent_arguments(method, bytes, place)))
    }

    /// How many messages do not agree with what their objects were found to be.
    pub(super) fn disagreements(&self) -> u64 {
        let best = |object: &Known| object.candidates.iter().map(|(_, messages)| *messages).max();
        let objects = self.known.values();
        objects.map(|object| u64::from(object.messages - best(object).unwrap_or(0))).sum()
    }

    /// The candidates that most messages agree with, in all versions that are left.
    pub(super) fn left(&self, channel: u32, id: i32) -> Vec<Candidate> {
        let Some(object) = self.get(channel, id) else { return Vec::new() };
        let most = object.candidates.iter().map(|(_, messages)| *messages).max();
        let left = object.candidates.iter().filter(|(_, messages)| Some(*messages) == most);
        let mut left: Vec<_> = left.map(|(candidate, _)| *candidate).collect();
        // Prefer the types that this side connects, if any are left.
        let side = |candidate: &Candidate| self.side(*candidate) == Some(self.connector(id));
        if object.part.is_none() && left.iter().any(side) {
            left.retain(side);
        }
        left
    }

    /// Returns the most likely type of an object.
    pub(super) fn find(&self, channel: u32, id: i32) -> Option<Found> {
        let left = self.left(channel, id);
        let first = *left.first()?;
        let ambiguous = left.iter().any(|other| other.definition != first.definition);
        let best = match ambiguous {
            true => left.iter().min_by_key(|it| self.rank(channel, id, it.definition))?.definition,
            false => first.definition,
        };
        // Later versions only add methods, so the last one is never wrong.
        let candidate = left.iter().rfind(|candidate| candidate.definition == best)?;
        Some(Found { candidate: *candidate, ambiguous })
    }

    /// Which side connects objects with this identifier.
    fn connector(&self, id: i32) -> Role {
        match (self.sender, id > 0) {
            (Role::Client, true) | (Role::Server, false) => Role::Client,
            (Role::Client, false) | (Role::Server, true) => Role::Server,
        }
    }

    fn side(&self, candidate: Candidate) -> Option<Role> {
        match self.definition(candidate).connected {
            Connected::Root => None,
            Connected::ByServerFirst | Connected::ByServer => Some(Role::Server),
            Connected::ByClient | Connected::ByClientNext => Some(Role::Client),
        }
    }

    /// How likely an object with this identifier is of a definition; the lowest is the likeliest.
    fn rank(&self, channel: u32, id: i32, definition: usize) -> (u8, usize) {
        let habit = self.definitions[definition].connected;
        let likely = match habit {
            Connected::ByServerFirst => {
                let before = self.definitions[..definition].iter();
                let before = before.filter(|it| it.connected == Connected::ByServerFirst).count();
                usize::try_from(id.unsigned_abs()) == Ok(before + 1)
            }
            Connected::ByClientNext => self.follows_parent(channel, id),
            Connected::ByClient => !self.follows_parent(channel, id),
            Connected::Root | Connected::ByServer => false,
        };
        let class = match (likely, habit) {
            (true, _) => 0,
            (false, Connected::ByServerFirst) => 2,
            (false, _) => 1,
        };
        (class, definition)
    }

    /// Whether the object that was connected just before is one that another follows.
    fn follows_parent(&self, channel: u32, id: i32) -> bool {
        let before = self.left(channel, id - id.signum());
        let is_parent = |it: &Candidate| self.definition(*it).connected == Connected::ByClient;
        !before.is_empty() && before.iter().all(is_parent)
    }
}

/// Whether a part name is the one that is declared; `content.X` stands for `content.` and any other
/// ending. Case makes no difference (ruling 9).
fn is_part(declared: &str, part: &str) -> bool {
    match declared.strip_suffix('X') {
        Some(family) if family.ends_with('.') => {
            let begin = part.get(..family.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(family))
        }
        _ => declared.eq_ignore_ascii_case(part),
    }
}
