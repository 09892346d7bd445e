use std::{collections::BTreeMap, ops::Range};

use bytes::Bytes;

use psom::{
    error::DecodeError,
    interface::{self, Connected, Definition, InterfaceDesc, MethodDesc},
    session::{BASE_CHANNEL, CONN_MGR, Role},
};

/// The maximum number of objects to track, the default limit of a session. Further objects get no
/// type.
const MAX_OBJECTS: usize = 1 << 16;

/// A possible type of an object: the position of a definition, and a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) definition: usize,
    pub(super) version: i32,
}

/// The evidence about an object.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// The part name, if the capture contains the object's OP_CONNECT.
    pub(super) part: Option<String>,
    /// The possible types, each with the number of messages that are valid for it.
    candidates: Vec<(Candidate, u32)>,
    messages: u32,
}

/// The inferred type of an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub(super) candidate: Candidate,
    /// True if another definition is equally likely.
    pub(super) ambiguous: bool,
}

/// The objects in one direction, by channel and the sender's proxy identifier.
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

    /// Returns the half that the sender serves. Its hash is in OP_CONNECT.
    fn own_half(&self, definition: &Definition) -> &'static InterfaceDesc {
        match self.sender {
            Role::Client => definition.client,
            Role::Server => definition.server,
        }
    }

    /// Returns the half that the sender calls.
    pub(super) fn called_half(&self, candidate: Candidate) -> &'static InterfaceDesc {
        let definition = self.definition(candidate);
        match self.sender {
            Role::Client => definition.server,
            Role::Server => definition.client,
        }
    }

    /// Returns all definitions and versions that `allowed` accepts.
    fn candidates(&self, allowed: impl Fn(&Definition, i32) -> bool) -> Vec<(Candidate, u32)> {
        let mut candidates = Vec::new();
        for (position, definition) in self.definitions.iter().enumerate() {
            let versions = definition.versions().filter(|version| allowed(definition, *version));
            candidates
                .extend(versions.map(|version| (Candidate { definition: position, version }, 0)));
        }
        candidates
    }

    /// Adds an object that this direction connects. Reports whether its hash is known.
    pub(super) fn connect(&mut self, channel: u32, id: i32, part: String, hash: i64) -> bool {
        let candidates = self.candidates(|definition, version| {
            self.own_half(definition).hash(version) == Some(hash)
        });
        let known = !candidates.is_empty();
        if self.known.len() < MAX_OBJECTS {
            let object = Known { part: Some(part), candidates, messages: 0 };
            self.known.insert((channel, id), object);
        }
        known
    }

    /// Adds the objects that the other direction connects.
    pub(super) fn adopt(&mut self, other: &Self) {
        let connected = other.known.iter().filter(|(_, object)| object.part.is_some());
        self.known.extend(connected.map(|((channel, id), object)| {
            let candidates = object.candidates.iter().map(|(candidate, _)| (*candidate, 0));
            let object =
                Known { part: object.part.clone(), candidates: candidates.collect(), messages: 0 };
            ((*channel, -id), object)
        }));
    }

    /// Returns an object, and adds it if it is new. Returns `None` above the maximum number.
    fn entry(&mut self, channel: u32, id: i32) -> Option<&mut Known> {
        if !self.known.contains_key(&(channel, id)) {
            if self.known.len() >= MAX_OBJECTS {
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

    /// Adds an object to which a record refers without evidence of its type.
    pub(super) fn mention(&mut self, channel: u32, id: i32) {
        self.entry(channel, id);
    }

    /// Counts a message of an object for the candidates for which it is valid.
    fn count_message(
        &mut self,
        (channel, id): (u32, i32),
        agrees: impl Fn(&Self, Candidate) -> bool,
    ) {
        let Some(object) = self.entry(channel, id) else { return };
        // Taken out of the table, because `agrees` borrows `self`.
        let mut candidates = std::mem::take(&mut object.candidates);
        for (candidate, messages) in &mut candidates {
            *messages += u32::from(agrees(self, *candidate));
        }
        if let Some(object) = self.entry(channel, id) {
            object.candidates = candidates;
            object.messages += 1;
        }
    }

    /// Counts a call for the candidates that have this method with these parameters.
    pub(super) fn called(
        &mut self,
        channel: u32,
        id: i32,
        method: i8,
        (bytes, range): (&Bytes, Range<usize>),
    ) {
        self.count_message((channel, id), |objects, candidate| {
            let read = objects.arguments(candidate, method, bytes, range.clone());
            read.is_some_and(|(_, arguments)| arguments.is_ok())
        });
    }

    /// Counts an OP_CONNECT for the candidates of the parent that declare the part. A part that no
    /// definition declares is not evidence, because parts need not be declared
    /// (section 3.1.4.1.1.4).
    pub(super) fn parent(&mut self, channel: u32, id: i32, part: &str) {
        let declares = |definition: &Definition| {
            definition.children.iter().any(|(name, _)| is_part(name, part))
        };
        match self.definitions.iter().any(declares) {
            true => {
                self.count_message((channel, id), |objects, it| declares(objects.definition(it)));
            }
            false => self.mention(channel, id),
        }
    }

    /// Decodes a call on an object of this type. Returns the method and its arguments, or `None` if
    /// the type has no method with this index.
    pub(super) fn arguments(
        &self,
        candidate: Candidate,
        method: i8,
        bytes: &Bytes,
        range: Range<usize>,
    ) -> Option<(&'static MethodDesc, Result<String, DecodeError>)> {
        let method = self.called_half(candidate).method(method, candidate.version)?;
        Some((method, interface::sent_arguments(method, bytes, range)))
    }

    /// Returns the number of messages that are invalid for the most likely type of their object.
    pub(super) fn disagreements(&self) -> u64 {
        let best = |object: &Known| object.candidates.iter().map(|(_, messages)| *messages).max();
        let objects = self.known.values();
        objects.map(|object| u64::from(object.messages - best(object).unwrap_or(0))).sum()
    }

    /// Returns the candidates for which the most messages are valid.
    pub(super) fn best_candidates(&self, channel: u32, id: i32) -> Vec<Candidate> {
        let Some(object) = self.get(channel, id) else { return Vec::new() };
        let highest = object.candidates.iter().map(|(_, messages)| *messages).max();
        let best = object.candidates.iter().filter(|(_, messages)| Some(*messages) == highest);
        let mut best: Vec<_> = best.map(|(candidate, _)| *candidate).collect();
        // Prefer the types that the side with this sign of identifier connects.
        let side = |candidate: &Candidate| self.side(*candidate) == Some(self.connector(id));
        if object.part.is_none() && best.iter().any(side) {
            best.retain(side);
        }
        best
    }

    /// Returns the most likely type of an object.
    pub(super) fn find(&self, channel: u32, id: i32) -> Option<Found> {
        let candidates = self.best_candidates(channel, id);
        let first = *candidates.first()?;
        let ambiguous = candidates.iter().any(|other| other.definition != first.definition);
        let definition = match ambiguous {
            true => {
                candidates.iter().min_by_key(|it| self.rank(channel, id, it.definition))?.definition
            }
            false => first.definition,
        };
        // Later versions only append methods, so the last version decodes all calls.
        let candidate = candidates.iter().rfind(|candidate| candidate.definition == definition)?;
        Some(Found { candidate: *candidate, ambiguous })
    }

    /// Returns the side that connects objects with this identifier.
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

    /// Ranks a definition for an object with this identifier. The lowest rank is the most likely.
    fn rank(&self, channel: u32, id: i32, definition: usize) -> (u8, usize) {
        let connected = self.definitions[definition].connected;
        let likely = match connected {
            Connected::ByServerFirst => {
                let before = self.definitions[..definition].iter();
                let before = before.filter(|it| it.connected == Connected::ByServerFirst).count();
                usize::try_from(id.unsigned_abs()) == Ok(before + 1)
            }
            Connected::ByClientNext => self.follows_parent(channel, id),
            Connected::ByClient => !self.follows_parent(channel, id),
            Connected::Root | Connected::ByServer => false,
        };
        let class = match (likely, connected) {
            (true, _) => 0,
            (false, Connected::ByServerFirst) => 2,
            (false, _) => 1,
        };
        (class, definition)
    }

    /// Reports whether the object that was connected immediately before can be the parent.
    fn follows_parent(&self, channel: u32, id: i32) -> bool {
        let before = self.best_candidates(channel, id - id.signum());
        let is_parent = |it: &Candidate| self.definition(*it).connected == Connected::ByClient;
        !before.is_empty() && before.iter().all(is_parent)
    }
}

/// Reports whether a part name matches a declared part. The declared part `content.X` matches every
/// name that begins with `content.`. Case is ignored (ruling 9).
fn is_part(declared: &str, part: &str) -> bool {
    match declared.strip_suffix('X') {
        Some(family) if family.ends_with('.') => {
            let begin = part.get(..family.len());
            begin.is_some_and(|begin| begin.eq_ignore_ascii_case(family))
        }
        _ => declared.eq_ignore_ascii_case(part),
    }
}
