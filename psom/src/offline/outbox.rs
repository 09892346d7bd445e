use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use comqc::{
    Guid,
    queue::{FolderQueue, Queue as _, Stage, Step},
};

use super::{
    error::{RecordError, ReplayError},
    message::RecordedCall,
};

/// The name of the application that owns the queues of the outbox.
const APPLICATION: &str = "outbox";
/// The file with the identifier of the outbox.
const IDENTIFIER_FILE: &str = "outbox-id";
/// The folder of the files that calls need.
const FILES: &str = "files";

/// Calls that wait to be played, in a folder. Only one program opens it at a time.
///
/// The folder is a [`FolderQueue`], so `psom queue list` and the other tools for queued calls work on
/// it. The server refers to a call by the identifier of the outbox, a random GUID, and the number of
/// the message.
#[derive(Debug)]
pub struct Outbox {
    queue: FolderQueue,
    id: Guid,
    files: PathBuf,
}

/// A call that waits to be played.
#[derive(Debug, Clone)]
pub struct Pending {
    /// The number of the message in the outbox.
    pub number: u64,
    /// The message.
    pub message: Bytes,
    /// The call in the message.
    pub call: RecordedCall,
}

impl Outbox {
    /// Opens an outbox, or creates it if the folder does not exist or is empty.
    ///
    /// # Errors
    /// Another program has the outbox open, or the folder cannot be used.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, RecordError> {
        let folder = folder.into();
        let queue = FolderQueue::open(&folder, APPLICATION)?;
        let path = folder.join(IDENTIFIER_FILE);
        let id = identifier(&folder, &path);
        let id = id.map_err(|source| RecordError::Identifier { path, source })?;
        Ok(Self { queue, id, files: folder.join(FILES) })
    }

    /// Returns the identifier of the outbox.
    pub fn id(&self) -> Guid {
        self.id
    }

    /// Appends a call and returns its number. The call is durable when this returns.
    ///
    /// # Errors
    /// The call is too large, or the folder cannot be written.
    pub fn append(&mut self, call: &RecordedCall) -> Result<u64, RecordError> {
        // All messages are due at the same time, so that only their numbers determine their order.
        Ok(self.queue.send(&call.write()?, 0)?)
    }

    /// Creates a file for a call that is to be recorded, and returns its name. The caller writes the
    /// file, makes it durable with [`File::sync_all`], and records the call with the name after that.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn create_file(&mut self) -> Result<(String, File), RecordError> {
        let name = format!("{:032x}", rand::random::<u128>());
        let path = self.files.join(&name);
        let created = fs::create_dir_all(&self.files).and_then(|()| {
            let file = File::create_new(&path)?;
            File::open(&self.files)?.sync_all()?;
            Ok(file)
        });
        match created {
            Ok(file) => Ok((name, file)),
            Err(source) => Err(RecordError::File { path, source }),
        }
    }

    /// Returns the folder of the files.
    pub fn files(&self) -> PathBuf {
        self.files.clone()
    }

    /// Removes the files that no call needs any more. `file_of` returns the name of the file that a
    /// call needs.
    ///
    /// # Errors
    /// A message cannot be read, or a file cannot be removed.
    pub fn remove_unused_files(
        &mut self,
        file_of: impl Fn(&RecordedCall) -> Option<String>,
    ) -> Result<(), ReplayError> {
        let entries = match fs::read_dir(&self.files) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(source) => {
                return Err(RecordError::File { path: self.files.clone(), source }.into());
            }
        };
        let mut used = BTreeSet::new();
        for entry in self.queue.list().map_err(RecordError::from)? {
            if let Some(pending) = self.read(entry.id)? {
                used.extend(file_of(&pending.call));
            }
        }
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let unused = paths.filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            !used.contains(name)
        });
        for path in unused {
            fs::remove_file(&path).map_err(|source| RecordError::File { path, source })?;
        }
        Ok(())
    }

    /// Returns the numbers of the calls that wait to be played, in order.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn waiting(&self) -> Result<Vec<u64>, RecordError> {
        let entries = self.queue.list()?;
        let waiting = entries.iter().filter(|entry| entry.step.stage != Stage::Dead);
        let mut numbers: Vec<_> = waiting.map(|entry| entry.id).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Reads a call, or returns `None` if there is no such message.
    ///
    /// # Errors
    /// The message cannot be read or is damaged.
    pub fn read(&self, number: u64) -> Result<Option<Pending>, ReplayError> {
        let body = self.queue.body(number).map_err(RecordError::from)?;
        let Some(body) = body else { return Ok(None) };
        let message = Bytes::from(body);
        let call = RecordedCall::read(&message);
        let call = call.map_err(|source| ReplayError::Damaged { number, source })?;
        Ok(Some(Pending { number, message, call }))
    }

    /// Removes a call that was played.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn finish(&mut self, number: u64) -> Result<(), RecordError> {
        Ok(self.queue.finish(number)?)
    }

    /// Moves a call that the server refuses to the dead queue.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn set_aside(&mut self, number: u64) -> Result<(), RecordError> {
        Ok(self.queue.put_back(number, Step { stage: Stage::Dead, tries: 0, due: 0 })?)
    }
}

/// Reads the identifier of an outbox, or creates one.
fn identifier(folder: &Path, path: &Path) -> io::Result<Guid> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let id = text.trim().parse();
            return id.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let id = Guid::from_fields(rand::random(), rand::random(), rand::random(), rand::random());
    let temporary = folder.join(format!("{IDENTIFIER_FILE}.new"));
    let mut file = File::create(&temporary)?;
    file.write_all(id.to_string().as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    File::open(folder)?.sync_all()?;
    Ok(id)
}
