use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    hash::{DefaultHasher, Hasher as _},
};

use psom::Write;

use super::rights::marks;

/// A journal in virtual time: a log of records with checksums. A killed process can leave a torn
/// last record.
#[derive(Default)]
pub(super) struct Journal {
    log: Vec<u8>,
    pending: VecDeque<Vec<Write>>,
    /// The numbers of the actions whose marks are in the log.
    saved: BTreeSet<u64>,
}

impl Journal {
    /// Accepts a commit, which is not safe yet.
    pub(super) fn begin(&mut self, writes: Vec<Write>) {
        self.pending.push_back(writes);
    }

    /// Makes the oldest commit safe.
    pub(super) fn finish(&mut self) {
        if let Some(writes) = self.pending.pop_front() {
            self.log.extend(record(&writes));
            let values = writes.iter().filter_map(|write| write.value.as_deref());
            self.saved.extend(values.flat_map(marks));
        }
    }

    /// Reports whether a safe commit had the mark of this action.
    pub(super) fn has_saved(&self, number: u64) -> bool {
        self.saved.contains(&number)
    }

    /// Kills the process. The log keeps some of the commits that were not safe yet, and possibly a
    /// part of the next one. Reports whether it has such a part.
    pub(super) fn crash(&mut self, rng: &mut fastrand::Rng) -> bool {
        let kept = rng.usize(0..=self.pending.len());
        for _ in 0..kept {
            self.finish();
        }
        if let Some(writes) = self.pending.pop_front() {
            let torn = record(&writes);
            let length = rng.usize(0..torn.len());
            self.log.extend(&torn[..length]);
            self.pending.clear();
            return length > 0;
        }
        false
    }

    /// Reads the log, and cuts a torn record off its end.
    pub(super) fn recover(&mut self) -> BTreeMap<String, String> {
        let (mut state, mut end) = (BTreeMap::new(), 0);
        while let Some((writes, length)) = parse(&self.log[end..]) {
            writes.into_iter().for_each(|write| write.apply(&mut state));
            end += length;
        }
        self.log.truncate(end);
        state
    }
}

fn record(writes: &[Write]) -> Vec<u8> {
    let mut body = Vec::new();
    for write in writes {
        put(&mut body, write.key.as_bytes());
        body.push(u8::from(write.value.is_some()));
        put(&mut body, write.value.as_deref().unwrap_or_default().as_bytes());
    }
    let mut record = Vec::new();
    record.extend(checksum(&body).to_le_bytes());
    put(&mut record, &body);
    record
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u64).to_le_bytes());
    out.extend(bytes);
}

/// Returns the first record of a log and its length, if it is whole.
fn parse(log: &[u8]) -> Option<(Vec<Write>, usize)> {
    let mut rest = log;
    let sum = u64::from_le_bytes(*rest.split_off(..8)?.first_chunk()?);
    let mut body = take(&mut rest)?;
    let length = log.len() - rest.len();
    if checksum(body) != sum {
        return None;
    }
    let mut writes = Vec::new();
    while !body.is_empty() {
        let key = String::from_utf8(take(&mut body)?.to_vec()).ok()?;
        let is_some = *body.split_off(..1)?.first()? == 1;
        let value = String::from_utf8(take(&mut body)?.to_vec()).ok()?;
        writes.push(Write { key, value: is_some.then_some(value) });
    }
    Some((writes, length))
}

fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = u64::from_le_bytes(*rest.split_off(..8)?.first_chunk()?);
    rest.split_off(..usize::try_from(length).ok()?)
}

/// Returns a checksum that is strong enough to recognize a record that is cut off.
fn checksum(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
