use std::collections::BTreeMap;

use bytes::Bytes;

use super::{
    objects::Objects,
    steps::{Raw, Step, Steps, sent},
};
use psom::{
    interface::{Definition, InterfaceDesc},
    session::{BASE_CHANNEL, CONN_MGR, Role},
    wire::{Decode as _, Decoder, operation::Operation},
};

/// The indices of version and lookup in the server half of ConnMgr.
pub(super) const VERSION_METHOD: i8 = 1;
pub(super) const LOOKUP_METHOD: i8 = 5;

/// The objects of a capture and the evidence against an assumed sender.
#[derive(Debug, Clone)]
pub(super) struct Survey {
    pub(super) steps: Steps,
    pub(super) sender: Role,
    pub(super) objects: Objects,
    /// The number of records that contradict the assumed sender or the inferred types.
    pub(super) against: u64,
}

impl Survey {
    /// Reads the bytes once, assuming this sender and initial channel. `other` is the survey of the
    /// other direction, whose connected objects are then known.
    pub(super) fn new(
        bytes: &Bytes,
        definitions: &[Definition],
        (sender, channel): (Role, u32),
        other: Option<&Self>,
    ) -> Self {
        let steps = Steps::new(bytes.clone(), sender, channel);
        let mut objects = Objects::new(definitions, sender);
        if let Some(other) = other {
            objects.adopt(&other.objects);
        }
        let mut survey = Self { steps, sender, objects, against: 0 };
        let mut connects = Connects::default();
        for step in survey.steps.clone() {
            if survey.contradicts(step, bytes, &mut connects) {
                survey.against += 1;
            }
        }
        survey.against += survey.objects.disagreements();
        survey
    }

    /// Adds the evidence of a record about its objects. Reports whether the record contradicts the
    /// assumed sender.
    fn contradicts(&mut self, step: Step, bytes: &Bytes, connects: &mut Connects) -> bool {
        let channel = step.channel;
        match step.raw {
            Raw::Operation(Ok(Operation::Call { proxy, method, arguments })) => {
                let Some(id) = sent(proxy) else { return true };
                // A call that is invalid for all candidates is counted by `disagreements`.
                self.objects.called(channel, id, method, (bytes, arguments.clone()));
                let hash = || i64::decode(&mut Decoder::new(&bytes.slice(arguments.clone())));
                (channel, id, method) == (BASE_CHANNEL, 0, VERSION_METHOD)
                    && hash().is_ok_and(|hash| hash != own_hash(self.sender))
            }
            Raw::Operation(Ok(Operation::Connect { parent, part, hash })) => {
                let id = connects.next(channel);
                let Some(parent) = sent(parent) else { return true };
                self.objects.parent(channel, parent, &part);
                let known = self.objects.connect(channel, id, part, hash);
                !known || channel == BASE_CHANNEL
            }
            Raw::Operation(Ok(Operation::Close { proxy })) => {
                let Some(id) = sent(proxy) else { return true };
                self.objects.mention(channel, id);
                channel == BASE_CHANNEL
            }
            Raw::Open { operation, .. } => {
                self.objects.mention(BASE_CHANNEL, 0);
                self.sender == Role::Server || operation.is_err()
            }
            Raw::Operation(Err(_)) | Raw::Skipped(_) | Raw::Lost(_) => true,
            Raw::Credentials(_) | Raw::Answer | Raw::SetChannel(_) | Raw::Close | Raw::Break(_) => {
                false
            }
        }
    }
}

/// Returns the hash that a side sends with ConnMgr.version: the hash of its own half.
fn own_hash(sender: Role) -> i64 {
    let half: &InterfaceDesc = match sender {
        Role::Client => CONN_MGR.client,
        Role::Server => CONN_MGR.server,
    };
    half.versions[0].1
}

/// Counts the connects of one direction, per channel (ruling 2).
#[derive(Debug, Clone, Default)]
pub(super) struct Connects(BTreeMap<u32, i32>);

impl Connects {
    /// Returns the identifier of the next connected object.
    pub(super) fn next(&mut self, channel: u32) -> i32 {
        let count = self.0.entry(channel).or_default();
        // A capture of 2^31 connects would have more than 10 GB, so saturation is theoretical.
        *count = count.saturating_add(1);
        *count
    }
}
