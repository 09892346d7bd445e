//! The encrypted files in an object store.

use std::{collections::HashMap, io, ops::Range, path::Path, sync::Arc};

use bytes::Bytes;
use futures_util::{
    StreamExt as _, TryStreamExt as _,
    stream::{self, BoxStream},
};
use object_store::{
    GetOptions, GetResult, MultipartUpload, ObjectStore, ObjectStoreExt as _, ObjectStoreScheme,
    PutMode, PutOptions, PutPayload, parse_url_opts, path::Path as Location,
};
use tokio::{fs::File, io::AsyncReadExt as _};

use super::{
    blob_location::{BlobError, BlobKey, OWNER_MARK},
    file_stream::FileStream,
    spool::{remove_file, run_blocking},
};
use crate::shared::identifiers::is_random_name;

/// Size in bytes of one part of an upload to an object store. A part is in memory while it is sent.
/// S3 requires at least 5 MiB.
const UPLOAD_PART_BYTES: u64 = 8 << 20;

/// Size in bytes of one ranged request to an object store for a download. A client can be slow, and
/// a request must not last as long as the client's download.
const DOWNLOAD_RANGE_BYTES: u64 = 1 << 20;

/// The default timeout of a request to an object store, as an option of its client. It lets a part
/// arrive over a slow line: 8 MiB in 2 minutes need 70 kB/s.
const DEFAULT_TIMEOUT: (&str, &str) = ("timeout", "2 minutes");

/// The number of parts that S3 accepts in one upload.
const MAX_UPLOAD_PARTS: u64 = 10_000;

/// The encrypted files in an object store.
#[derive(Clone)]
pub(crate) struct ObjectStoreBlobs {
    store: Arc<dyn ObjectStore>,
    /// The prefix of every key in the store.
    prefix: Location,
    /// The URL, for the texts of errors.
    url: Arc<str>,
}

impl ObjectStoreBlobs {
    /// Opens an object store without a request to it.
    pub(super) fn open(text: &str, options: &[(String, String)]) -> Result<Self, BlobError> {
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
        Self { store, prefix, url: url.into() }
    }

    fn location(&self, key: &BlobKey) -> Location {
        let parts = self.prefix.parts().map(|part| part.as_ref().to_owned());
        parts.chain(key.as_str().split('/').map(str::to_owned)).collect()
    }

    /// Copies the files of one meeting to the object store, and removes them from the directory.
    pub(super) async fn put(&self, directory: &Path, keys: Vec<BlobKey>) -> io::Result<()> {
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

    /// Opens a range of a file.
    pub(super) async fn open_range(
        &self,
        key: &BlobKey,
        range: Range<u64>,
    ) -> io::Result<FileStream> {
        let length = range.end.saturating_sub(range.start);
        let location = self.location(key);
        let request = |from: u64| from..range.end.min(from.saturating_add(DOWNLOAD_RANGE_BYTES));
        let first = get(&*self.store, &location, request(range.start)).await?.into_stream();
        let left = request(range.start).end..range.end;
        let state = (Arc::clone(&self.store), location, left);
        let later = stream::try_unfold(state, next_range).try_flatten();
        let all = first.chain(later).map_err(io::Error::from);
        Ok(FileStream::of_stream(all.boxed(), length))
    }

    /// Marks the object store as this server's, unless it is marked already. An unmarked object store
    /// is refused unless `may_mark` is true.
    pub(super) async fn claim(&self, server: &str, may_mark: bool) -> Result<(), BlobError> {
        if self.owner().await?.is_none() {
            if !may_mark {
                return Err(BlobError::Occupied { url: (&*self.url).into() });
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
        match self.owner().await? {
            Some(owner) if owner != server.as_bytes() => {
                Err(BlobError::Owned { url: (&*self.url).into() })
            }
            _ => Ok(()),
        }
    }

    /// Checks that the object store is marked as this server's.
    pub(super) async fn check_mark(&self, server: &str) -> Result<(), BlobError> {
        match self.owner().await? {
            None => Err(BlobError::Unmarked { url: (&*self.url).into() }),
            _ => self.check_owner(server).await,
        }
    }

    /// Reads the owner's mark.
    async fn owner(&self) -> Result<Option<Bytes>, BlobError> {
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

    fn error(&self, source: object_store::Error) -> BlobError {
        BlobError::ObjectStore { url: (&*self.url).into(), source }
    }

    /// Lists the files of one meeting, with their lengths.
    pub(super) async fn list_meeting(
        &self,
        meeting: &str,
    ) -> Result<HashMap<BlobKey, u64>, BlobError> {
        let folder = self.prefix.clone().join(meeting).join("files");
        self.list_below(Some(&folder)).await
    }

    /// Lists the files that have a valid key, with their lengths.
    pub(super) async fn list(&self) -> Result<HashMap<BlobKey, u64>, BlobError> {
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

    /// Deletes files that exist, and logs failures.
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
