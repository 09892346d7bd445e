use std::sync::Arc;

use super::connmgr;
use crate::{
    error::{Misuse, PeerIncompatible, PeerMisbehaved},
    interface::ObjectDesc,
    wire::ObjectKey,
};

/// The application of a session: its interfaces and its root object.
#[derive(Debug, Clone)]
pub struct Application {
    /// All interfaces of objects that can be connected.
    pub protocols: Arc<Protocols>,
    /// The root object of the application channel.
    pub root: ObjectKey,
}

/// The interfaces that one side supports. ConnMgr is the first and the root's interface the second.
#[derive(Debug)]
pub struct Protocols {
    objects: Vec<ObjectDesc>,
}

/// The index of the root's interface in [`Protocols`].
pub(super) const ROOT_INDEX: usize = 1;

impl Protocols {
    /// Collects the interfaces of a root, of its declared descendants, and of `undeclared` objects
    /// with their descendants.
    ///
    /// # Errors
    /// Two object types have the same interface name but different versions or hashes.
    pub fn of(
        root: ObjectDesc,
        undeclared: impl IntoIterator<Item = ObjectDesc>,
    ) -> Result<Self, Misuse> {
        let mut protocols = Self { objects: vec![connmgr::DESC] };
        protocols.add(root)?;
        for object in undeclared {
            protocols.add(object)?;
        }
        Ok(protocols)
    }

    fn add(&mut self, object: ObjectDesc) -> Result<(), Misuse> {
        if let Some(known) = self.index_of(object.serves.name).map(|index| &self.objects[index]) {
            let same = known.serves.versions == object.serves.versions
                && known.calls.versions == object.calls.versions;
            return if same { Ok(()) } else { Err(Misuse::Builder(CONFLICTING_TYPES)) };
        }
        self.objects.push(object);
        let children = (object.children)();
        children.iter().filter_map(|child| child.object).try_for_each(|child| self.add(child()))
    }

    pub(super) fn index_of(&self, name: &str) -> Option<usize> {
        self.objects.iter().position(|object| object.serves.name == name)
    }

    pub(super) fn objects(&self) -> &[ObjectDesc] {
        &self.objects
    }

    /// Returns each version of an object type with the wrapping sum of its two hashes (ruling 4).
    pub(super) fn sums(object: &ObjectDesc) -> impl Iterator<Item = (i32, i64)> {
        let calls = object.calls;
        object.serves.versions.iter().filter_map(move |&(version, hash)| {
            Some((version, hash.wrapping_add(calls.hash(version)?)))
        })
    }
}

const CONFLICTING_TYPES: &str = "two object types share an interface name but not its versions and hashes; \
                         give one of them another name";

/// The result of the negotiation for one interface.
#[derive(Debug, Clone, Default)]
pub(super) struct Agreement {
    /// The highest common version.
    version: Option<i32>,
    /// Versions of the peer that this side does not know, for the error text.
    theirs: Vec<i32>,
}

/// The maximum number of unknown versions that are kept for an error text.
const MAX_KEPT_VERSIONS: usize = 8;

impl Agreement {
    /// Handles the peer's announcement of an interface. Unknown versions are ignored
    /// (section 3.1.4.1.3).
    ///
    /// # Errors
    /// Both sides list a version with different sums of hashes.
    pub(super) fn announce(
        &mut self,
        object: &ObjectDesc,
        theirs: impl Iterator<Item = (i32, i64)>,
    ) -> Result<(), PeerMisbehaved> {
        for (version, sum) in theirs {
            match Protocols::sums(object).find(|(ours, _)| *ours == version) {
                Some((_, ours)) if ours != sum => {
                    let interface = object.serves.name;
                    return Err(PeerMisbehaved::ProtocolHash { interface, version });
                }
                Some(_) => self.version = self.version.max(Some(version)),
                None if self.theirs.len() < MAX_KEPT_VERSIONS => self.theirs.push(version),
                None => {}
            }
        }
        Ok(())
    }

    /// Returns the highest version that both sides list.
    pub(super) fn version(&self, object: &ObjectDesc) -> Result<i32, PeerIncompatible> {
        self.version.ok_or_else(|| PeerIncompatible {
            interface: object.serves.name,
            ours: object.serves.versions.iter().map(|(version, _)| *version).collect(),
            theirs: self.theirs.clone(),
        })
    }
}
