//! A file layer for SQLite on a disk that fails, tears writes, is full, is slow, and loses what was
//! not synced.
//!
//! The real files contain what the process sees. Beside them, a [`Disk`] keeps what a crash of the
//! machine leaves: the content at the last sync of each file, and the changes since then.

use std::{
    collections::{BTreeMap, HashMap},
    fs::{File, OpenOptions},
    io::{self, ErrorKind},
    ops::Range,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, Once, PoisonError},
    time::Duration,
};

use sqlite_vfs::{
    DatabaseHandle, LockKind, OpenAccess, Vfs,
    wip::{WalIndex, WalIndexLock},
};

/// The bytes that a disk writes completely or not at all.
const SECTOR_BYTES: usize = 512;

/// A region of the index of SQLite's log.
type Region = [u8; 32768];

/// An injected fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// A write fails and changes nothing.
    FailedWrite,
    /// A write fails after a part of it.
    TornWrite,
    /// A sync fails.
    FailedSync,
    /// The disk is full, for a few writes.
    FullDisk,
    /// A write or a sync takes longer.
    Delay,
    /// The machine crashes: nothing succeeds any more.
    Crash,
}

pub(crate) const FAULTS: [Fault; 6] = [
    Fault::FailedWrite,
    Fault::TornWrite,
    Fault::FailedSync,
    Fault::FullDisk,
    Fault::Delay,
    Fault::Crash,
];

/// The disk below one directory.
pub(crate) struct Disk {
    rng: fastrand::Rng,
    images: BTreeMap<String, Image>,
    /// A fault, and the number of writes and syncs before it.
    next: Option<(u32, Fault)>,
    /// The number of writes that a full disk still refuses.
    full_for: u32,
    is_crashed: bool,
    pub(crate) faults: BTreeMap<Fault, u32>,
    locks: HashMap<(String, u64), LockKind>,
    regions: HashMap<String, BTreeMap<u32, Region>>,
    index_locks: HashMap<(String, u8, u64), WalIndexLock>,
    handles: u64,
}

/// The content of a file at its last sync, which a crash leaves, and the changes since then.
#[derive(Default)]
struct Image {
    synced: Vec<u8>,
    changes: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(at, data) => {
                bytes.resize(bytes.len().max(at + data.len()), 0);
                bytes[*at..at + data.len()].copy_from_slice(data);
            }
            Self::Length(length) => bytes.resize(*length, 0),
        }
    }
}

impl Disk {
    fn new(seed: u64) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(seed),
            images: BTreeMap::new(),
            next: None,
            full_for: 0,
            is_crashed: false,
            faults: BTreeMap::new(),
            locks: HashMap::new(),
            regions: HashMap::new(),
            index_locks: HashMap::new(),
            handles: 0,
        }
    }

    /// Injects a fault after this number of writes and syncs.
    pub(crate) fn inject(&mut self, after: u32, fault: Fault) {
        self.next = Some((after, fault));
    }

    /// Writes the files that a crash of the machine leaves to another directory. They contain a
    /// random selection of the changes after the last sync, some of them torn at a random sector.
    pub(crate) fn leave(&mut self, directory: &Path) {
        self.is_crashed = true;
        for (name, image) in std::mem::take(&mut self.images) {
            let mut bytes = image.synced;
            let certain = self.rng.usize(0..=image.changes.len());
            for (index, change) in image.changes.iter().enumerate() {
                if index >= certain && self.rng.bool() {
                    continue;
                }
                match change {
                    Change::Write(at, data) if index >= certain && self.rng.bool() => {
                        let sectors = data.len() / SECTOR_BYTES;
                        let torn = self.rng.usize(0..=sectors) * SECTOR_BYTES;
                        Change::Write(*at, data[..torn].to_vec()).apply(&mut bytes);
                    }
                    change => change.apply(&mut bytes),
                }
            }
            std::fs::write(directory.join(name), bytes).unwrap();
        }
    }

    /// Decides about a write or a sync. Returns the length of the part that is written.
    fn step(&mut self, is_sync: bool, length: usize) -> (usize, io::Result<()>) {
        if self.is_crashed {
            return (0, Err(io::Error::other("the machine has crashed")));
        }
        if self.full_for > 0 && !is_sync {
            self.full_for -= 1;
            return (0, Err(ErrorKind::WriteZero.into()));
        }
        match &mut self.next {
            None => return (length, Ok(())),
            Some((0, Fault::FailedSync)) if !is_sync => return (length, Ok(())),
            Some((0, Fault::FailedWrite | Fault::TornWrite | Fault::FullDisk)) if is_sync => {
                return (length, Ok(()));
            }
            Some((0, _)) => {}
            Some((after, _)) => {
                *after -= 1;
                return (length, Ok(()));
            }
        }
        let Some((_, fault)) = self.next.take() else { return (length, Ok(())) };
        *self.faults.entry(fault).or_default() += 1;
        let failed = Err(io::Error::other("the disk has failed"));
        match fault {
            Fault::FailedWrite | Fault::FailedSync => (0, failed),
            Fault::TornWrite => (self.rng.usize(..=length), failed),
            Fault::FullDisk => {
                self.full_for = self.rng.u32(..8);
                (0, Err(ErrorKind::WriteZero.into()))
            }
            Fault::Delay => {
                std::thread::sleep(Duration::from_millis(20));
                (length, Ok(()))
            }
            Fault::Crash => {
                self.is_crashed = true;
                (self.rng.usize(..=length), failed)
            }
        }
    }
}

/// The disks by their directories.
static DISKS: Mutex<BTreeMap<PathBuf, Arc<Mutex<Disk>>>> = Mutex::new(BTreeMap::new());

/// Returns the disk below a directory. Each directory has one, without faults at first.
pub(crate) fn disk(directory: &Path, seed: u64) -> Arc<Mutex<Disk>> {
    let mut disks = lock(&DISKS);
    let disk = disks.entry(directory.into());
    Arc::clone(disk.or_insert_with(|| Arc::new(Mutex::new(Disk::new(seed)))))
}

/// Makes this file layer the one that SQLite uses in this process.
pub(crate) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| sqlite_vfs::register("faulty-disk", FileLayer, true).unwrap());
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct FileLayer;

/// An open file.
struct Handle {
    id: u64,
    name: String,
    file: File,
    disk: Arc<Mutex<Disk>>,
}

impl Vfs for FileLayer {
    type Handle = Handle;

    fn open(&self, path: &str, options: sqlite_vfs::OpenOptions) -> io::Result<Handle> {
        let path = Path::new(path);
        let directory = path.parent().ok_or(ErrorKind::NotFound)?;
        let name = path.file_name().ok_or(ErrorKind::NotFound)?.to_string_lossy().into_owned();
        let may_write = options.access != OpenAccess::Read;
        let may_create = matches!(options.access, OpenAccess::Create | OpenAccess::CreateNew);
        let mut how = OpenOptions::new();
        let file = how.read(true).write(may_write).create(may_create).open(path)?;
        let disk = disk(directory, 0);
        let id = {
            let mut disk = lock(&disk);
            if !disk.images.contains_key(&name) {
                let image = Image { synced: std::fs::read(path)?, changes: Vec::new() };
                disk.images.insert(name.clone(), image);
            }
            disk.handles += 1;
            disk.handles
        };
        Ok(Handle { id, name, file, disk })
    }

    fn delete(&self, path: &str) -> io::Result<()> {
        let path = Path::new(path);
        if let (Some(directory), Some(name)) = (path.parent(), path.file_name()) {
            let disk = disk(directory, 0);
            let mut disk = lock(&disk);
            let (_, decision) = disk.step(true, 0);
            decision?;
            disk.images.remove(&*name.to_string_lossy());
        }
        std::fs::remove_file(path)
    }

    fn exists(&self, path: &str) -> io::Result<bool> {
        Path::new(path).try_exists()
    }

    fn temporary_name(&self) -> String {
        std::env::temp_dir().join("psom-faulty-disk").to_string_lossy().into_owned()
    }

    fn random(&self, buffer: &mut [i8]) {
        buffer.fill_with(|| fastrand::i8(..));
    }

    fn sleep(&self, duration: Duration) -> Duration {
        std::thread::sleep(duration);
        duration
    }

    fn access(&self, path: &str, _: bool) -> io::Result<bool> {
        Path::new(path).try_exists()
    }
}

impl Handle {
    fn change(&self, change: Change) -> io::Result<()> {
        match &change {
            Change::Write(at, data) => self.file.write_all_at(data, *at as u64)?,
            Change::Length(length) => self.file.set_len(*length as u64)?,
        }
        let mut disk = lock(&self.disk);
        disk.images.entry(self.name.clone()).or_default().changes.push(change);
        Ok(())
    }
}

impl DatabaseHandle for Handle {
    type WalIndex = Index;

    fn size(&self) -> io::Result<u64> {
        self.file.metadata().map(|found| found.len())
    }

    fn read_exact_at(&mut self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        // SQLite expects zeros after the end.
        buffer.fill(0);
        let mut done = 0;
        while done < buffer.len() {
            match self.file.read_at(&mut buffer[done..], offset + done as u64)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                count => done += count,
            }
        }
        Ok(())
    }

    fn write_all_at(&mut self, data: &[u8], offset: u64) -> io::Result<()> {
        let (length, decision) = lock(&self.disk).step(false, data.len());
        if length > 0 {
            self.change(Change::Write(usize::try_from(offset).unwrap(), data[..length].to_vec()))?;
        }
        decision
    }

    fn sync(&mut self, _: bool) -> io::Result<()> {
        let mut disk = lock(&self.disk);
        disk.step(true, 0).1?;
        let image = disk.images.entry(self.name.clone()).or_default();
        let Image { synced, changes } = image;
        changes.drain(..).for_each(|change| change.apply(synced));
        Ok(())
    }

    fn set_len(&mut self, length: u64) -> io::Result<()> {
        lock(&self.disk).step(false, 0).1?;
        self.change(Change::Length(usize::try_from(length).unwrap()))
    }

    fn lock(&mut self, kind: LockKind) -> io::Result<bool> {
        let mut disk = lock(&self.disk);
        let key = (self.name.clone(), self.id);
        let others =
            disk.locks.iter().filter(|((name, id), _)| *name == self.name && *id != self.id);
        let highest = others.map(|(_, kind)| rank(*kind)).max().unwrap_or(0);
        let is_free = match kind {
            LockKind::None => true,
            LockKind::Shared => highest < rank(LockKind::Pending),
            LockKind::Reserved | LockKind::Pending => highest < rank(LockKind::Reserved),
            LockKind::Exclusive => highest == 0,
        };
        if is_free {
            disk.locks.insert(key, kind);
        }
        Ok(is_free)
    }

    fn reserved(&mut self) -> io::Result<bool> {
        let disk = lock(&self.disk);
        let mut locks = disk.locks.iter().filter(|((name, _), _)| *name == self.name);
        Ok(locks.any(|(_, kind)| rank(*kind) >= rank(LockKind::Reserved)))
    }

    fn current_lock(&self) -> io::Result<LockKind> {
        let key = (self.name.clone(), self.id);
        Ok(lock(&self.disk).locks.get(&key).copied().unwrap_or(LockKind::None))
    }

    fn wal_index(&self, _: bool) -> io::Result<Index> {
        Ok(Index { id: self.id, name: self.name.clone(), disk: Arc::clone(&self.disk) })
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        lock(&self.disk).locks.remove(&(self.name.clone(), self.id));
    }
}

fn rank(kind: LockKind) -> u8 {
    match kind {
        LockKind::None => 0,
        LockKind::Shared => 1,
        LockKind::Reserved => 2,
        LockKind::Pending => 3,
        LockKind::Exclusive => 4,
    }
}

/// The index of SQLite's log, which the connections of a process share.
struct Index {
    id: u64,
    name: String,
    disk: Arc<Mutex<Disk>>,
}

impl WalIndex for Index {
    fn map(&mut self, region: u32) -> io::Result<Region> {
        let mut disk = lock(&self.disk);
        let regions = disk.regions.entry(self.name.clone()).or_default();
        Ok(*regions.entry(region).or_insert([0; _]))
    }

    fn lock(&mut self, slots: Range<u8>, wanted: WalIndexLock) -> io::Result<bool> {
        let mut disk = lock(&self.disk);
        let is_free = |((name, slot, id), held): (&(String, u8, u64), &WalIndexLock)| {
            let is_other = *name == self.name && slots.contains(slot) && *id != self.id;
            !is_other
                || *held == WalIndexLock::None
                || wanted != WalIndexLock::Exclusive && *held == WalIndexLock::Shared
        };
        if wanted != WalIndexLock::None && !disk.index_locks.iter().all(is_free) {
            return Ok(false);
        }
        for slot in slots {
            disk.index_locks.insert((self.name.clone(), slot, self.id), wanted);
        }
        Ok(true)
    }

    fn delete(self) -> io::Result<()> {
        lock(&self.disk).regions.remove(&self.name);
        Ok(())
    }

    fn pull(&mut self, region: u32, data: &mut Region) -> io::Result<()> {
        *data = self.map(region)?;
        Ok(())
    }

    fn push(&mut self, region: u32, data: &Region) -> io::Result<()> {
        let mut disk = lock(&self.disk);
        disk.regions.entry(self.name.clone()).or_default().insert(region, *data);
        Ok(())
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        lock(&self.disk)
            .index_locks
            .retain(|(name, _, id), _| *name != self.name || *id != self.id);
    }
}
