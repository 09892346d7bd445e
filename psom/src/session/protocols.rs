use std::sync::Arc;

use super::connmgr;
use crate::{
    error::{Misuse, PeerIncompatible, PeerMisbehaved},
    interface::ObjectDesc,
    wire::ObjectKey,
};

/// What a session needs to know of its application: what it can connect, and its root.
#[derive(Debug, Clone)]
pub struct Application {
    /// Every interface that can be connected.
    pub protocols: Arc<Protocols>,
    /// The root object of the application channel.
    pub root: ObjectKey,
}

/// The interfaces that one side supports, ConnMgr first and the root's second.
#[derive(Debug)]
pub struct Protocols {
    objects: Vec<ObjectDesc>,
}

/// The place of the root's interface in every list of protocols.
pub(super) const ROOT: usize = 1;

impl Protocols {
    /// The interfaces of a root, of all children that it declares, of theirs, and of further
    /// objects that are connected without being declared.
    pub fn of(
        root: ObjectDesc,
        further: impl IntoIterator<Item = ObjectDesc>,
    ) -> Result<Self, Misuse> {
        let mut protocols = Self { objects: vec![connmgr::DESC] };
        protocols.add(root)?;
        for object in further {
            protocols.add(object)?;
        }
        Ok(protocols)
    }

    fn add(&mut self, object: ObjectDesc) -> Result<(), Misuse> {
        if let Some(known) = self.place(object.serves.name).map(|place| &self.objects[place]) {
            let same = known.serves.versions == object.serves.versions
                && known.calls.versions == object.calls.versions;
            return if same { Ok(()) } else { Err(Misuse::Builder(DIFFERENT)) };
        }
        self.objects.push(object);
        let children = (object.children)();
        children.iter().filter_map(|child| child.object).try_for_each(|child| self.add(child()))
    }

    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.objects.iter().position(|object| object.serves.name == name)
    }

    pub(super) fn objects(&self) -> &[ObjectDesc] {
        &self.objects
    }

    /// Each version of an object with the sum of its two hashes, which wraps (ruling 4).
    pub(super) fn sums(object: &ObjectDesc) -> impl Iterator<Item = (i32, i64)> {
        let calls = object.calls;
        object.serves.versions.iter().filter_map(move |&(version, hash)| {
            Some((version, hash.wrapping_add(calls.hash(version)?)))
        })
    }
}

const DIFFERENT: &str = "two object types share an interface name but not its versions and hashes; \
                         give one of them another name";

/// What two sides have found out about one interface.
#[derive(Debug, Clone, Default)]
pub(super) struct Agreement {
    version: Option<i32>,
    theirs: Vec<i32>,
}

impl Agreement {
    /// Takes what the peer announces for `object`. Versions that we do not know are ignored
    /// (section 3.1.4.1.3); one that both list with different sums is a violation.
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
                // Kept for the error text alone, so a few are enough.
                None if self.theirs.len() < 8 => self.theirs.push(version),
                None => {}
            }
        }
        Ok(())
    }

    /// The highest version that both sides list.
    pub(super) fn version(&self, object: &ObjectDesc) -> Result<i32, PeerIncompatible> {
        self.version.ok_or_else(|| PeerIncompatible {
            interface: object.serves.name,
            ours: object.serves.versions.iter().map(|(version, _)| *version).collect(),
            theirs: self.theirs.clone(),
        })
    }
}
