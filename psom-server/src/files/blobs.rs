//! Where encrypted files stay: a folder, or an object store elsewhere.

use std::{
    collections::HashMap,
    fmt, fs,
    future::poll_fn,
    io::{self, SeekFrom},
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use futures_util::{
    StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use object_store::{
    GetOptions, GetResult, GetResultPayload, MultipartUpload, ObjectStore, ObjectStoreExt,
    ObjectStoreScheme, PutMode, PutOptions, PutPayload, local::LocalFileSystem, parse_url_opts,
    path::Path as Location,
};
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncSeekExt},
    task::spawn_blocking,
};

use psom_objects::store::StoredFile;

use super::pieces::Pieces;
use crate::crypto::{Decryptor, FileKey, encrypted_length};

/// Bytes of a file that are in memory on its way to an object store. S3 wants 5 MiB at least.
const PART: u64 = 8 << 20;

/// Bytes that are asked of an object store at a time. A client may be slow, and a request must not
/// last as long as its download.
const STEP: u64 = 1 << 20;

/// How long one request to an object store may last, unless the configuration says otherwise: a
/// part has to get there over a slow line.
const TIMEOUT: (&str, &str) = ("timeout", "2 minutes");

/// What says in an object store whose it is.
const OWNER: &str = "psom-server";

/// The most parts that S3 puts together.
const PARTS: u64 = 10_000;

/// Where the encrypted files of the meetings are kept.
#[derive(Clone, Default)]
pub enum BlobConfig {
    /// In the data directory.
    #[default]
    Local,
    /// In an object store: its address, and what its client is to know besides, by the names of
    /// environment variables (`AWS_REGION` and the like).
    ///
    /// `s3://bucket/prefix` needs the feature `s3`. `memory:///` is for tests, since its files go
    /// with the server. A bucket and prefix is one server's alone: what its meetings do not know
    /// there is removed when it starts. It is marked with the server's name, and another server
    /// refuses it. Where it has no mark, and files of which no meeting knows one, it is refused too.
    Url(String, Vec<(String, String)>),
}

impl BlobConfig {
    /// Refuses what cannot be, before anything is made for it.
    pub(crate) fn validate(&self) -> Result<(), BlobError> {
        let Self::Url(url, options) = self else { return Ok(()) };
        Blobs::remote(url, options)?;
        if url.starts_with("memory:") {
            tracing::warn!("Files are kept in memory, and go with the server");
        }
        Ok(())
    }
}

impl fmt::Debug for BlobConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("Local"),
            // What is besides the address may be secret.
            Self::Url(url, _) => f.debug_tuple("Url").field(url).finish_non_exhaustive(),
        }
    }
}

/// Why files cannot be kept where they are to be kept: one line that says what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// The address is none, or one of something else.
    #[error(
        "files cannot be kept at {0:?}; write it as s3://bucket/prefix, or leave --files out to keep them in the data directory"
    )]
    Unsupported(String),
    /// The address needs what was left out when the program was built.
    #[error(
        "files cannot be kept at {0:?} by this program, which was built without S3; build it with --features s3, or leave --files out to keep them in the data directory"
    )]
    NotBuilt(String),
    /// The object store has the mark of another server.
    #[error(
        "the files at {url:?} are another server's, whose name is in the files.json of its data directory; choose another prefix, or start the server of that data directory. If that files.json is lost, remove {OWNER} below the prefix; if the files are of no use, remove all below it"
    )]
    Owned {
        /// Its address.
        url: String,
    },
    /// There are files in the object store, and nothing says that they are this server's.
    #[error(
        "there are files at {url:?} already, and no meeting of this server knows one of them; choose an empty prefix"
    )]
    Occupied {
        /// Its address.
        url: String,
    },
    /// The files are known to be in another place than the one to look in.
    #[error(
        "the files of these meetings are in {place}, and not at {url:?}; give --files as the server had it last, or leave it out"
    )]
    Elsewhere {
        /// The address to look at.
        url: String,
        /// Where they are.
        place: String,
    },
    /// The object store has no mark, so that nothing tells whether files are missing there.
    #[error("there is nothing of this server at {url:?}; correct --files or the AWS_ variables")]
    Unmarked {
        /// Its address.
        url: String,
    },
    /// The object store cannot be used.
    #[error("cannot keep files at {url:?}: {reason}; correct --files or the AWS_ variables")]
    Unusable {
        /// Its address.
        url: String,
        /// What it says.
        reason: String,
    },
    /// The directory cannot be used.
    #[error("cannot keep files in {}: {source}; change its permissions", path.display())]
    Folder {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// The name of a file in the store: `<meeting>/files/<name>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key(String);

impl Key {
    pub(crate) fn new(meeting: &str, name: &str) -> Self {
        Self(format!("{meeting}/files/{name}"))
    }

    /// What is elsewhere has no key.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let (_, files, name) = (parts.next()?, parts.next()?, parts.next()?);
        (files == "files" && !name.is_empty() && parts.next().is_none()).then(|| Self(text.into()))
    }

    /// The part that the library knows.
    fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Encrypted files by their [`Key`]s.
#[derive(Clone)]
pub(crate) struct Blobs {
    store: Arc<dyn ObjectStore>,
    /// What stands before every key in the store.
    prefix: Location,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    /// The store is this folder.
    Folder(Arc<Path>),
    /// It is elsewhere, at this address.
    Remote(Arc<str>),
}

impl Blobs {
    /// The store of a configuration. Nothing is asked of one elsewhere yet.
    pub(super) fn open(config: &BlobConfig, folder: &Path) -> Result<Self, BlobError> {
        match config {
            BlobConfig::Local => Self::folder(folder),
            BlobConfig::Url(url, options) => Self::remote(url, options),
        }
    }

    fn folder(path: &Path) -> Result<Self, BlobError> {
        let failed = |source| BlobError::Folder { path: path.into(), source };
        crate::private::create_directory(path).map_err(failed)?;
        let store = LocalFileSystem::new_with_prefix(path).map_err(|e| failed(e.into()))?;
        let kind = Kind::Folder(path.into());
        Ok(Self { store: Arc::new(store), prefix: Location::default(), kind })
    }

    fn remote(text: &str, options: &[(String, String)]) -> Result<Self, BlobError> {
        let unsupported = || BlobError::Unsupported(text.into());
        let url = text.parse().map_err(|_| unsupported())?;
        match ObjectStoreScheme::parse(&url).map_err(|_| unsupported())?.0 {
            ObjectStoreScheme::Memory => {}
            ObjectStoreScheme::AmazonS3 if cfg!(feature = "s3") => provide_tls(),
            ObjectStoreScheme::AmazonS3 => return Err(BlobError::NotBuilt(text.into())),
            // Files of a folder that is not ours would have to be copied and synced.
            _ => return Err(unsupported()),
        }
        let options = options.iter().map(|(name, value)| (&**name, &**value));
        let (store, prefix) = parse_url_opts(&url, [TIMEOUT].into_iter().chain(options))
            .map_err(|e| BlobError::Unusable { url: text.into(), reason: e.to_string() })?;
        Ok(Self::of(store.into(), prefix, text))
    }

    pub(super) fn of(store: Arc<dyn ObjectStore>, prefix: Location, url: &str) -> Self {
        Self { store, prefix, kind: Kind::Remote(url.into()) }
    }

    fn location(&self, key: &Key) -> Location {
        let parts = self.prefix.parts().map(|part| part.as_ref().to_owned());
        parts.chain(key.0.split('/').map(str::to_owned)).collect()
    }

    /// Takes finished files of a directory on this machine, by the last part of their keys, which
    /// are all of one meeting. When this returns, nothing loses them any more.
    ///
    /// Into a folder they are moved: they are synced already, and nothing is copied. The object
    /// store for folders would copy them, and does not sync. Elsewhere they are copied, a part at
    /// a time. What is there after an error is the caller's to delete.
    pub(super) async fn put(&self, directory: &Path, keys: Vec<Key>) -> io::Result<()> {
        if let Kind::Folder(root) = &self.kind {
            let (root, directory) = (root.clone(), directory.to_owned());
            return spawn_blocking(move || move_all(&root, &directory, &keys)).await?;
        }
        for key in &keys {
            let path = directory.join(key.name());
            self.send(&path, &self.location(key)).await?;
            super::spool::remove_later(move || super::spool::remove(&path));
        }
        Ok(())
    }

    /// Copies a file to an object store.
    async fn send(&self, path: &Path, location: &Location) -> io::Result<()> {
        let mut file = File::open(path).await?;
        let length = file.metadata().await?.len();
        if length <= PART {
            let part = read_part(&mut file, length).await?;
            self.store.put(location, part).await?;
            return Ok(());
        }
        let mut upload = self.store.put_multipart(location).await?;
        let sent = send_parts(&mut file, length, &mut *upload).await;
        if sent.is_err() {
            // What arrived would be stored and paid for, and be no file.
            if let Err(error) = upload.abort().await {
                tracing::warn!(%location, %error, "Could not take back a part of a file");
            }
        }
        sent
    }

    /// Some bytes of a file, a piece at a time. Whether it has so many is seen while it is read.
    pub(crate) async fn open_range(&self, key: &Key, range: Range<u64>) -> io::Result<Pieces> {
        let length = range.end.saturating_sub(range.start);
        let location = self.location(key);
        let step = |from: u64| from..range.end.min(from.saturating_add(STEP));
        let first = get(&*self.store, &location, step(range.start)).await?;
        match first.payload {
            GetResultPayload::File(file, _) => {
                let mut file = File::from_std(file);
                file.seek(SeekFrom::Start(range.start)).await?;
                Ok(Pieces::of_file(file, length))
            }
            GetResultPayload::Stream(first) => {
                let left = step(range.start).end..range.end;
                let state = (self.store.clone(), location, left);
                let later = stream::try_unfold(state, next_step).try_flatten();
                let all = first.chain(later).map_err(io::Error::from);
                Ok(Pieces::of_stream(all.boxed(), length))
            }
        }
    }

    /// Makes an object store this server's, unless it is another's, or there is something to lose
    /// that is not known to be this server's.
    pub(super) async fn claim(&self, server: &str, may_mark: bool) -> Result<(), BlobError> {
        let Kind::Remote(url) = &self.kind else { return Ok(()) };
        if self.owner().await?.is_none() {
            if !may_mark {
                return Err(BlobError::Occupied { url: (&**url).into() });
            }
            let (store, mark) = (&self.store, self.mark());
            let put =
                |mode| store.put_opts(&mark, server.to_owned().into(), PutOptions::from(mode));
            let put = match put(PutMode::Create).await {
                // Where two come at once, the later one may win; but not both.
                Err(object_store::Error::NotImplemented { .. }) => put(PutMode::Overwrite).await,
                other => other,
            };
            match put {
                Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => {}
                Err(error) => return Err(self.unusable(error)),
            }
        }
        self.is_owned_by(server).await
    }

    /// Refuses an object store that is another server's.
    pub(super) async fn is_owned_by(&self, server: &str) -> Result<(), BlobError> {
        match (&self.kind, self.owner().await?) {
            (Kind::Remote(url), Some(owner)) if owner != server.as_bytes() => {
                Err(BlobError::Owned { url: (&**url).into() })
            }
            _ => Ok(()),
        }
    }

    /// Refuses an object store that is not this server's already.
    pub(super) async fn is_marked(&self, server: &str) -> Result<(), BlobError> {
        match (&self.kind, self.owner().await?) {
            (Kind::Remote(url), None) => Err(BlobError::Unmarked { url: (&**url).into() }),
            _ => self.is_owned_by(server).await,
        }
    }

    /// What the owner's mark says.
    async fn owner(&self) -> Result<Option<Bytes>, BlobError> {
        if let Kind::Folder(_) = self.kind {
            return Ok(None);
        }
        let read = async { self.store.get(&self.mark()).await?.bytes().await };
        match read.await {
            Ok(owner) => Ok(Some(owner)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.unusable(error)),
        }
    }

    fn mark(&self) -> Location {
        self.prefix.parts().chain([OWNER.into()]).collect()
    }

    fn unusable(&self, error: object_store::Error) -> BlobError {
        match &self.kind {
            Kind::Folder(path) => {
                BlobError::Folder { path: path.to_path_buf(), source: error.into() }
            }
            Kind::Remote(url) => {
                BlobError::Unusable { url: (&**url).into(), reason: error.to_string() }
            }
        }
    }

    /// Reads a file and holds it against its SHA-1. Says what is wrong.
    pub(super) async fn verify(&self, key: &Key, file: &StoredFile) -> Result<(), String> {
        let secret = FileKey::new(&file.key, &file.iv).map_err(|error| error.to_string())?;
        let (mut decryptor, all) = (Decryptor::new(&secret), 0..encrypted_length(file.size));
        let mut pieces = self.open_range(key, all).await.map_err(|error| error.to_string())?;
        let mut next = async || poll_fn(|cx| pieces.poll_next(cx)).await;
        while let Some(piece) = next().await.map_err(|error| error.to_string())? {
            decryptor.update(&piece);
        }
        match decryptor.finish() {
            Ok((_, plain)) if plain.sha1[..] == file.hash[..] => Ok(()),
            _ => Err("its SHA-1 is another".into()),
        }
    }

    /// Whether a file is where the server has put it, and not behind a link to somewhere else.
    pub(super) fn is_own(&self, key: &Key) -> bool {
        let Kind::Folder(root) = &self.kind else { return true };
        let directory = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
        root.join(&key.0).ancestors().skip(1).take(2).all(directory)
    }

    /// All files that are ours by their keys, and their lengths.
    pub(super) async fn list(&self) -> Result<HashMap<Key, u64>, BlobError> {
        if let Kind::Folder(root) = &self.kind {
            let (root, path) = (root.clone(), root.to_path_buf());
            let listed = spawn_blocking(move || list_folder(&root)).await;
            let listed = listed.map_err(io::Error::from).flatten();
            return listed.map_err(|source| BlobError::Folder { path, source });
        }
        let prefix = (!self.prefix.is_root()).then_some(&self.prefix);
        let skip = self.prefix.parts_count();
        let key = |location: &Location| {
            let parts: Vec<_> = location.parts().skip(skip).collect();
            let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
            // A bucket may have been mistaken.
            Key::parse(&parts.join("/")).filter(|key| super::is_name(key.name()))
        };
        let found = self.store.list(prefix).try_filter_map(|meta| {
            let found = key(&meta.location).map(|key| (key, meta.size));
            async move { Ok(found) }
        });
        found.try_collect().await.map_err(|error| self.unusable(error))
    }

    /// Deletes files, as far as they are there. That one cannot be is worth a line; it is swept
    /// at the next start.
    pub(super) async fn delete(&self, keys: Vec<Key>) {
        let locations: Vec<_> = keys.iter().map(|key| Ok(self.location(key))).collect();
        let mut deleted = self.store.delete_stream(stream::iter(locations).boxed());
        while let Some(outcome) = deleted.next().await {
            match outcome {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => tracing::warn!(%error, "Could not remove a file"),
            }
        }
    }

    /// The file on this machine's disk, where it is there.
    #[cfg(test)]
    pub(crate) fn path(&self, key: &Key) -> Option<PathBuf> {
        match &self.kind {
            Kind::Folder(root) => Some(root.join(&key.0)),
            Kind::Remote(_) => None,
        }
    }
}

/// What HTTPS to an object store is encrypted with, unless the program has chosen.
fn provide_tls() {
    #[cfg(feature = "s3")]
    // Somebody else was first: just as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

type Steps = (Arc<dyn ObjectStore>, Location, Range<u64>);

/// The next bytes of those that are left of a file, and what is left then.
async fn next_step(
    (store, location, left): Steps,
) -> object_store::Result<Option<(BoxStream<'static, object_store::Result<Bytes>>, Steps)>> {
    if left.is_empty() {
        return Ok(None);
    }
    let next = left.end.min(left.start.saturating_add(STEP));
    let step = get(&*store, &location, left.start..next).await?;
    Ok(Some((step.into_stream(), (store, location, next..left.end))))
}

/// Asks for some bytes of a file.
async fn get(
    store: &dyn ObjectStore,
    location: &Location,
    range: Range<u64>,
) -> object_store::Result<GetResult> {
    // Nobody can be asked for nothing.
    let range = (!range.is_empty()).then_some(range);
    store.get_opts(location, GetOptions::new().with_range(range)).await
}

async fn send_parts(
    file: &mut File,
    length: u64,
    upload: &mut dyn MultipartUpload,
) -> io::Result<()> {
    // Of one size, as some stores want them.
    let size = PART.max(length.div_ceil(PARTS));
    let mut left = length;
    while left > 0 {
        let part = read_part(file, left.min(size)).await?;
        left -= part.content_length() as u64;
        upload.put_part(part).await?;
    }
    upload.complete().await?;
    Ok(())
}

async fn read_part(file: &mut File, length: u64) -> io::Result<PutPayload> {
    let mut part = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    file.read_exact(&mut part).await?;
    Ok(Bytes::from(part).into())
}

/// The files of all meetings in a folder. What else is there, and whatever it is called, is nobody's
/// business here.
fn list_folder(root: &Path) -> io::Result<HashMap<Key, u64>> {
    let mut found = HashMap::new();
    for meeting in fs::read_dir(root)? {
        let meeting = meeting?;
        let files = meeting.path().join("files");
        let Some(meeting) = meeting.file_name().to_str().map(str::to_owned) else { continue };
        if !files.is_dir() {
            continue;
        }
        for file in fs::read_dir(files)? {
            let file = file?;
            // Gone or a link into nothing: it is missing where somebody wants it.
            let Ok(metadata) = fs::metadata(file.path()) else { continue };
            let name = file.file_name();
            let name = name.to_str().filter(|name| super::is_name(name) && metadata.is_file());
            found.extend(name.map(|name| (Key::new(&meeting, name), metadata.len())));
        }
    }
    Ok(found)
}

fn move_all(root: &Path, directory: &Path, keys: &[Key]) -> io::Result<()> {
    let Some(meeting) = keys.first().and_then(|key| key.0.split('/').next()) else {
        // A package without files.
        return Ok(());
    };
    let home = root.join(meeting);
    let files = home.join("files");
    fs::create_dir_all(&files)?;
    for key in keys {
        fs::rename(directory.join(key.name()), files.join(key.name()))?;
    }
    // New names are safe only once their directories are, up to the first that was there.
    [&*files, &*home, root].into_iter().try_for_each(crate::private::sync_directory)
}
