//! The final location of the encrypted files: a folder, or an object store.

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
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};
use object_store::{
    GetOptions, GetResult, GetResultPayload, MultipartUpload, ObjectStore, ObjectStoreExt as _,
    ObjectStoreScheme, PutMode, PutOptions, PutPayload, local::LocalFileSystem, parse_url_opts,
    path::Path as Location,
};
use tokio::{
    fs::File,
    io::{AsyncReadExt as _, AsyncSeekExt as _},
    task::spawn_blocking,
};

use psom_objects::store::StoredFile;

use super::{
    crypto::{CryptoError, Decryptor, FileKey, encrypted_length},
    file_stream::FileStream,
    spool::{remove_file, run_blocking},
};
use crate::shared::{identifiers::is_random_name, private_files};

/// Size in bytes of one part of an upload to an object store. A part is in memory while it is sent.
/// S3 requires at least 5 MiB.
const UPLOAD_PART_BYTES: u64 = 8 << 20;

/// Size in bytes of one ranged request to an object store for a download. A client can be slow, and
/// a request must not last as long as the client's download.
const DOWNLOAD_RANGE_BYTES: u64 = 1 << 20;

/// The default timeout of a request to an object store, as an option of its client. It lets a part
/// arrive over a slow line: 8 MiB in 2 minutes need 70 kB/s.
const DEFAULT_TIMEOUT: (&str, &str) = ("timeout", "2 minutes");

/// The name of the object that marks the owner of an object store. It contains the server's name.
const OWNER_MARK: &str = "psom-server";

/// The number of parts that S3 accepts in one upload.
const MAX_UPLOAD_PARTS: u64 = 10_000;

/// The location of the encrypted files of the meetings.
#[derive(Clone, Default)]
pub enum BlobConfig {
    /// The data directory.
    #[default]
    Local,
    /// An object store: its URL, and options of its client by the names of environment variables
    /// (`AWS_REGION` and the like).
    ///
    /// `s3://bucket/prefix` needs the feature `s3`. `memory:///` is for tests: its files are lost
    /// when the server ends. A bucket and prefix belong to one server, which at its start removes
    /// the files that no meeting knows. The server marks the location with its name, and other
    /// servers refuse a marked location. A location without a mark is refused if it has files and
    /// no meeting knows any of them.
    Url(String, Vec<(String, String)>),
}

impl BlobConfig {
    /// Checks the configuration before anything is created for it.
    pub(crate) fn validate(&self) -> Result<(), BlobError> {
        let Self::Url(url, options) = self else { return Ok(()) };
        Blobs::remote(url, options)?;
        if url.starts_with("memory:") {
            tracing::warn!("files are stored in memory and are lost when the server stops");
        }
        Ok(())
    }
}

impl fmt::Debug for BlobConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("Local"),
            // The options can contain secrets.
            Self::Url(url, _) => f.debug_tuple("Url").field(url).finish_non_exhaustive(),
        }
    }
}

/// The reason why the location of the files cannot be used. Its text is one line that says what to
/// change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// The URL is invalid, or of an unsupported kind.
    #[error(
        "files cannot be stored at {0:?}; write the location as s3://bucket/prefix, or leave --files out to store them in the data directory"
    )]
    Unsupported(String),
    /// The URL needs a feature that this program was built without.
    #[error(
        "files cannot be stored at {0:?}, because this program was built without S3; build it with --features s3, or leave --files out to store them in the data directory"
    )]
    NotBuilt(String),
    /// The object store has the mark of another server.
    #[error(
        "the files at {url:?} belong to another server, whose name is in the files.json of its data directory; choose another prefix, or start the server of that data directory. If that files.json is lost, remove {OWNER_MARK} below the prefix; if the files are not needed, remove everything below it"
    )]
    Owned {
        /// Its URL.
        url: String,
    },
    /// The object store has files and no mark, and no meeting of this server knows the files.
    #[error(
        "there are files at {url:?} already, and no meeting of this server knows any of them; choose an empty prefix"
    )]
    Occupied {
        /// Its URL.
        url: String,
    },
    /// The files are recorded at another location than the configured one.
    #[error(
        "the files of these meetings are in {location}, not at {url:?}; give --files as the server had it last, or leave it out"
    )]
    Elsewhere {
        /// The configured URL.
        url: String,
        /// The recorded location.
        location: String,
    },
    /// The object store has no mark, so it cannot be known whether files are missing there.
    #[error("there are no files of this server at {url:?}; correct --files or the AWS_ variables")]
    Unmarked {
        /// Its URL.
        url: String,
    },
    /// The object store cannot be used.
    #[error("cannot store files at {url:?}: {source}; correct --files or the AWS_ variables")]
    ObjectStore {
        /// Its URL.
        url: String,
        /// The error of its client.
        source: object_store::Error,
    },
    /// The directory cannot be used.
    #[error("cannot store files in {}: {source}; change its permissions", path.display())]
    Folder {
        /// The directory.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
}

/// The reason why a stored file is damaged.
#[derive(Debug, thiserror::Error)]
pub(super) enum VerifyError {
    #[error(transparent)]
    Key(#[from] CryptoError),
    #[error(transparent)]
    Read(#[from] io::Error),
    #[error("its SHA-1 is different")]
    Hash,
}

/// The key of a file at its final location: `<meeting>/files/<name>`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct BlobKey(String);

impl BlobKey {
    pub(crate) fn new(meeting: &str, name: &str) -> Self {
        Self(format!("{meeting}/files/{name}"))
    }

    /// Parses a key. Other objects in the store have no key.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let (_, files, name) = (parts.next()?, parts.next()?, parts.next()?);
        (files == "files" && !name.is_empty() && parts.next().is_none()).then(|| Self(text.into()))
    }

    /// Returns the name in the index.
    pub(super) fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Encrypted files by their keys.
#[derive(Clone)]
pub(crate) struct Blobs {
    store: Arc<dyn ObjectStore>,
    /// The prefix of every key in the store.
    prefix: Location,
    kind: BlobsKind,
}

#[derive(Clone)]
enum BlobsKind {
    /// The folder with this path.
    Folder(Arc<Path>),
    /// The object store with this URL.
    Remote(Arc<str>),
}

impl Blobs {
    /// Opens the configured location. An object store gets no request yet.
    pub(super) fn open(config: &BlobConfig, folder: &Path) -> Result<Self, BlobError> {
        match config {
            BlobConfig::Local => Self::folder(folder),
            BlobConfig::Url(url, options) => Self::remote(url, options),
        }
    }

    fn folder(path: &Path) -> Result<Self, BlobError> {
        let failed = |source| BlobError::Folder { path: path.into(), source };
        private_files::create_directory(path).map_err(failed)?;
        let store = LocalFileSystem::new_with_prefix(path).map_err(|e| failed(e.into()))?;
        let kind = BlobsKind::Folder(path.into());
        Ok(Self { store: Arc::new(store), prefix: Location::default(), kind })
    }

    fn remote(text: &str, options: &[(String, String)]) -> Result<Self, BlobError> {
        let unsupported = || BlobError::Unsupported(text.into());
        let url = text.parse().map_err(|_| unsupported())?;
        match ObjectStoreScheme::parse(&url).map_err(|_| unsupported())?.0 {
            ObjectStoreScheme::Memory => {}
            ObjectStoreScheme::AmazonS3 if cfg!(feature = "s3") => install_tls_provider(),
            ObjectStoreScheme::AmazonS3 => return Err(BlobError::NotBuilt(text.into())),
            // Files in a folder elsewhere would have to be copied and synced.
            _ => return Err(unsupported()),
        }
        let options = options.iter().map(|(name, value)| (&**name, &**value));
        let (store, prefix) = parse_url_opts(&url, [DEFAULT_TIMEOUT].into_iter().chain(options))
            .map_err(|source| BlobError::ObjectStore { url: text.into(), source })?;
        Ok(Self::of(store.into(), prefix, text))
    }

    pub(super) fn of(store: Arc<dyn ObjectStore>, prefix: Location, url: &str) -> Self {
        Self { store, prefix, kind: BlobsKind::Remote(url.into()) }
    }

    fn location(&self, key: &BlobKey) -> Location {
        let parts = self.prefix.parts().map(|part| part.as_ref().to_owned());
        parts.chain(key.0.split('/').map(str::to_owned)).collect()
    }

    /// Moves finished files of one meeting from a directory on this machine to their final location.
    /// When this returns, they are durable there. After an error the caller has to delete the files.
    ///
    /// Into a folder they are renamed, because they are synced already; `LocalFileSystem` would copy
    /// them and would not sync. Into an object store they are copied part by part.
    pub(super) async fn put(&self, directory: &Path, keys: Vec<BlobKey>) -> io::Result<()> {
        if let BlobsKind::Folder(root) = &self.kind {
            let (root, directory) = (Arc::clone(root), directory.to_owned());
            return spawn_blocking(move || move_all(&root, &directory, &keys)).await?;
        }
        for key in &keys {
            let path = directory.join(key.name());
            self.upload(&path, &self.location(key)).await?;
            run_blocking(move || remove_file(&path));
        }
        Ok(())
    }

    /// Copies a file to an object store.
    async fn upload(&self, path: &Path, location: &Location) -> io::Result<()> {
        let mut file = File::open(path).await?;
        let length = file.metadata().await?.len();
        if length <= UPLOAD_PART_BYTES {
            let part = read_part(&mut file, length).await?;
            self.store.put(location, part).await?;
            return Ok(());
        }
        let mut upload = self.store.put_multipart(location).await?;
        let sent = upload_parts(&mut file, length, &mut *upload).await;
        if sent.is_err() {
            // Object stores charge for the parts of an upload that is neither completed nor
            // aborted.
            if let Err(error) = upload.abort().await {
                tracing::warn!(%location, %error, "could not abort an upload to the object store");
            }
        }
        sent
    }

    /// Opens a range of a file. A file that is too short is noticed while it is read.
    pub(crate) async fn open_range(
        &self,
        key: &BlobKey,
        range: Range<u64>,
    ) -> io::Result<FileStream> {
        let length = range.end.saturating_sub(range.start);
        let location = self.location(key);
        let request = |from: u64| from..range.end.min(from.saturating_add(DOWNLOAD_RANGE_BYTES));
        let first = get(&*self.store, &location, request(range.start)).await?;
        match first.payload {
            GetResultPayload::File(file, _) => {
                let mut file = File::from_std(file);
                file.seek(SeekFrom::Start(range.start)).await?;
                Ok(FileStream::of_file(file, length))
            }
            GetResultPayload::Stream(first) => {
                let left = request(range.start).end..range.end;
                let state = (Arc::clone(&self.store), location, left);
                let later = stream::try_unfold(state, next_range).try_flatten();
                let all = first.chain(later).map_err(io::Error::from);
                Ok(FileStream::of_stream(all.boxed(), length))
            }
        }
    }

    /// Marks an object store as this server's, unless it is marked already. An unmarked object
    /// store is refused unless `may_mark` is true.
    pub(super) async fn claim(&self, server: &str, may_mark: bool) -> Result<(), BlobError> {
        let BlobsKind::Remote(url) = &self.kind else { return Ok(()) };
        if self.owner().await?.is_none() {
            if !may_mark {
                return Err(BlobError::Occupied { url: (&**url).into() });
            }
            let (store, mark) = (&self.store, self.owner_mark());
            let put =
                |mode| store.put_opts(&mark, server.to_owned().into(), PutOptions::from(mode));
            let put = match put(PutMode::Create).await {
                // Without conditional requests, the later of two concurrent servers wins. The check below
                // still refuses the other one.
                Err(object_store::Error::NotImplemented { .. }) => put(PutMode::Overwrite).await,
                other => other,
            };
            match put {
                Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => {}
                Err(error) => return Err(self.error(error)),
            }
        }
        self.check_owner(server).await
    }

    /// Checks that the object store is not marked as another server's.
    pub(super) async fn check_owner(&self, server: &str) -> Result<(), BlobError> {
        match (&self.kind, self.owner().await?) {
            (BlobsKind::Remote(url), Some(owner)) if owner != server.as_bytes() => {
                Err(BlobError::Owned { url: (&**url).into() })
            }
            _ => Ok(()),
        }
    }

    /// Checks that the object store is marked as this server's.
    pub(super) async fn check_mark(&self, server: &str) -> Result<(), BlobError> {
        match (&self.kind, self.owner().await?) {
            (BlobsKind::Remote(url), None) => Err(BlobError::Unmarked { url: (&**url).into() }),
            _ => self.check_owner(server).await,
        }
    }

    /// Reads the owner's mark.
    async fn owner(&self) -> Result<Option<Bytes>, BlobError> {
        if let BlobsKind::Folder(_) = self.kind {
            return Ok(None);
        }
        let read = async { self.store.get(&self.owner_mark()).await?.bytes().await };
        match read.await {
            Ok(owner) => Ok(Some(owner)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.error(error)),
        }
    }

    fn owner_mark(&self) -> Location {
        self.prefix.parts().chain([OWNER_MARK.into()]).collect()
    }

    fn error(&self, error: object_store::Error) -> BlobError {
        match &self.kind {
            BlobsKind::Folder(path) => {
                BlobError::Folder { path: path.to_path_buf(), source: error.into() }
            }
            BlobsKind::Remote(url) => {
                BlobError::ObjectStore { url: (&**url).into(), source: error }
            }
        }
    }

    /// Reads and decrypts a file, and compares it with its SHA-1.
    pub(super) async fn verify(&self, key: &BlobKey, file: &StoredFile) -> Result<(), VerifyError> {
        let secret = FileKey::new(&file.key, &file.iv)?;
        let (mut decryptor, all) = (Decryptor::new(&secret), 0..encrypted_length(file.size));
        let mut chunks = self.open_range(key, all).await?;
        while let Some(chunk) = poll_fn(|cx| chunks.poll_next(cx)).await? {
            decryptor.update(&chunk);
        }
        match decryptor.finish() {
            Ok((_, plain)) if plain.sha1[..] == file.hash[..] => Ok(()),
            _ => Err(VerifyError::Hash),
        }
    }

    /// Reports whether a file can be removed. In a folder, a file behind a symbolic link cannot be
    /// removed, because it can be in another place.
    pub(super) fn is_removable(&self, key: &BlobKey) -> bool {
        let BlobsKind::Folder(root) = &self.kind else { return true };
        let directory = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
        root.join(&key.0).ancestors().skip(1).take(2).all(directory)
    }

    /// Lists the files of one meeting in an object store, with their lengths.
    pub(super) async fn list_meeting(
        &self,
        meeting: &str,
    ) -> Result<HashMap<BlobKey, u64>, BlobError> {
        let folder = self.prefix.clone().join(meeting).join("files");
        self.list_below(Some(&folder)).await
    }

    /// Lists the files that have a valid key, with their lengths.
    pub(super) async fn list(&self) -> Result<HashMap<BlobKey, u64>, BlobError> {
        if let BlobsKind::Folder(root) = &self.kind {
            let (root, path) = (Arc::clone(root), root.to_path_buf());
            let listed = spawn_blocking(move || list_folder(&root)).await;
            let listed = listed.map_err(io::Error::from).flatten();
            return listed.map_err(|source| BlobError::Folder { path, source });
        }
        self.list_below((!self.prefix.is_root()).then_some(&self.prefix)).await
    }

    /// Lists the files below a folder of an object store.
    async fn list_below(
        &self,
        folder: Option<&Location>,
    ) -> Result<HashMap<BlobKey, u64>, BlobError> {
        let skip = self.prefix.parts_count();
        let key = |location: &Location| {
            let parts: Vec<_> = location.parts().skip(skip).collect();
            let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
            // A mistyped bucket can contain objects of other programs, which must not be removed.
            BlobKey::parse(&parts.join("/")).filter(|key| is_random_name(key.name()))
        };
        let found = self.store.list(folder).try_filter_map(|meta| {
            let found = key(&meta.location).map(|key| (key, meta.size));
            async move { Ok(found) }
        });
        found.try_collect().await.map_err(|error| self.error(error))
    }

    /// Deletes files that exist, and logs failures. The next start sweeps the rest.
    pub(super) async fn delete(&self, keys: Vec<BlobKey>) {
        let locations: Vec<_> = keys.iter().map(|key| Ok(self.location(key))).collect();
        let mut deleted = self.store.delete_stream(stream::iter(locations).boxed());
        while let Some(outcome) = deleted.next().await {
            match outcome {
                Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => tracing::warn!(%error, "could not remove a file"),
            }
        }
    }

    /// Returns the path of a file on this machine's disk.
    #[cfg(test)]
    pub(crate) fn path(&self, key: &BlobKey) -> Option<PathBuf> {
        match &self.kind {
            BlobsKind::Folder(root) => Some(root.join(&key.0)),
            BlobsKind::Remote(_) => None,
        }
    }
}

/// Installs the TLS implementation for object stores, unless the program has installed one.
fn install_tls_provider() {
    #[cfg(feature = "s3")]
    // It fails if the program has installed one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

type RemainingRange = (Arc<dyn ObjectStore>, Location, Range<u64>);

/// Requests the next bytes of a remaining range, and returns them with the range after them.
async fn next_range(
    (store, location, left): RemainingRange,
) -> object_store::Result<Option<(BoxStream<'static, object_store::Result<Bytes>>, RemainingRange)>>
{
    if left.is_empty() {
        return Ok(None);
    }
    let next = left.end.min(left.start.saturating_add(DOWNLOAD_RANGE_BYTES));
    let answer = get(&*store, &location, left.start..next).await?;
    Ok(Some((answer.into_stream(), (store, location, next..left.end))))
}

/// Requests a range of a file.
async fn get(
    store: &dyn ObjectStore,
    location: &Location,
    range: Range<u64>,
) -> object_store::Result<GetResult> {
    // HTTP has no empty ranges.
    let range = (!range.is_empty()).then_some(range);
    store.get_opts(location, GetOptions::new().with_range(range)).await
}

async fn upload_parts(
    file: &mut File,
    length: u64,
    upload: &mut dyn MultipartUpload,
) -> io::Result<()> {
    // Some stores require parts of equal size.
    let size = UPLOAD_PART_BYTES.max(length.div_ceil(MAX_UPLOAD_PARTS));
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

/// Lists the files of all meetings in a folder, and ignores everything else.
fn list_folder(root: &Path) -> io::Result<HashMap<BlobKey, u64>> {
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
            // A file that was removed meanwhile, or a broken link, counts as missing.
            let Ok(metadata) = fs::metadata(file.path()) else { continue };
            let name = file.file_name();
            let name = name.to_str().filter(|name| is_random_name(name) && metadata.is_file());
            found.extend(name.map(|name| (BlobKey::new(&meeting, name), metadata.len())));
        }
    }
    Ok(found)
}

fn move_all(root: &Path, directory: &Path, keys: &[BlobKey]) -> io::Result<()> {
    let Some(meeting) = keys.first().and_then(|key| key.0.split('/').next()) else {
        // The package has no files.
        return Ok(());
    };
    let home = root.join(meeting);
    let files = home.join("files");
    fs::create_dir_all(&files)?;
    for key in keys {
        fs::rename(directory.join(key.name()), files.join(key.name()))?;
    }
    // New names are durable only after a sync of their directory and of every new directory above
    // it.
    [&*files, &*home, root].into_iter().try_for_each(private_files::sync_directory)
}
