use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
};

use super::{
    schedule::{Stage, Step},
    store::{Entry, Queue, Taken},
};

/// Queues in memory, for tests and for programs that store messages elsewhere.
#[derive(Clone, Debug)]
pub struct MemoryQueue {
    stages: BTreeSet<Stage>,
    messages: BTreeMap<u64, (Step, Vec<u8>)>,
    taken: BTreeSet<u64>,
    last_id: u64,
}

impl Default for MemoryQueue {
    fn default() -> Self {
        Self {
            stages: Stage::ALL.into(),
            messages: BTreeMap::new(),
            taken: BTreeSet::new(),
            last_id: 0,
        }
    }
}

impl MemoryQueue {
    /// Forgets which messages were taken, as a restart does.
    pub fn restart(&mut self) {
        self.taken.clear();
    }
}

fn entry(id: u64, step: Step, body: &[u8]) -> Entry {
    Entry { id, step, size_bytes: body.len() as u64 }
}

impl Queue for MemoryQueue {
    type Error = Infallible;

    fn send(&mut self, body: &[u8], now: u64) -> Result<u64, Infallible> {
        self.last_id += 1;
        let step = Step { stage: Stage::Input, tries: 0, due: now };
        self.messages.insert(self.last_id, (step, body.to_vec()));
        Ok(self.last_id)
    }

    fn stages(&self) -> Result<Vec<Stage>, Infallible> {
        Ok(self.stages.iter().copied().collect())
    }

    fn remove_stage(&mut self, stage: Stage) -> Result<(), Infallible> {
        if stage.is_removable() && self.stages.remove(&stage) {
            self.move_messages(stage, Stage::Dead, 0)?;
        }
        Ok(())
    }

    fn list(&self) -> Result<Vec<Entry>, Infallible> {
        let entries = self.messages.iter().map(|(id, (step, body))| entry(*id, *step, body));
        let mut entries: Vec<_> = entries.collect();
        entries.sort_by_key(|entry| (entry.step.stage, entry.id));
        Ok(entries)
    }

    fn body(&self, id: u64) -> Result<Option<Vec<u8>>, Infallible> {
        Ok(self.messages.get(&id).map(|(_, body)| body.clone()))
    }

    fn take(&mut self, now: u64) -> Result<Option<Taken>, Infallible> {
        let waiting = self.list()?.into_iter();
        let waiting = waiting.filter(|entry| entry.is_due(now) && !self.taken.contains(&entry.id));
        let Some(entry) = waiting.min_by_key(Entry::order) else { return Ok(None) };
        self.taken.insert(entry.id);
        Ok(self.body(entry.id)?.map(|body| Taken { entry, body }))
    }

    fn finish(&mut self, id: u64) -> Result<(), Infallible> {
        self.messages.remove(&id);
        self.taken.remove(&id);
        Ok(())
    }

    fn put_back(&mut self, id: u64, step: Step) -> Result<(), Infallible> {
        if let Some((place, _)) = self.messages.get_mut(&id) {
            *place = step;
        }
        self.taken.remove(&id);
        Ok(())
    }
}
