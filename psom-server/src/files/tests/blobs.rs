//! The same files in a folder and in an object store, and a failing object store.

use std::{fmt, future::poll_fn, sync::atomic::AtomicBool};

use futures_util::stream::BoxStream;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMultipartOptions, PutOptions, PutPayload, PutResult, UploadPart,
    memory::InMemory, path::Path as Location,
};

use super::*;
use crate::files::{BlobConfig, BlobError, object_store_blobs::ObjectStoreBlobs};

fn remote(store: Arc<dyn ObjectStore>, prefix: Location, url: &str) -> Blobs {
    Blobs::ObjectStore(ObjectStoreBlobs::of(store, prefix, url))
}

/// Returns both kinds of locations.
fn both(root: &Path) -> [Blobs; 2] {
    let memory = BlobConfig::Url("memory:///of/this/server".into(), Vec::new());
    [BlobConfig::Local, memory].map(|config| Blobs::open(&config, root).unwrap())
}

fn on(root: &Path, blobs: &Blobs) -> Arc<Library> {
    Library::with(LibraryConfig::new(root), blobs.clone(), Arc::default(), |_| Ok(u64::MAX))
}

async fn read(library: &Library, name: &str, range: std::ops::Range<u64>) -> Option<Vec<u8>> {
    let mut pieces = library.open(&library.get(name).unwrap(), range).await.ok()?;
    let mut bytes = Vec::new();
    while let Some(piece) = poll_fn(|cx| pieces.poll_next(cx)).await.ok()? {
        bytes.extend(piece);
    }
    Some(bytes)
}

/// Returns the number of files.
async fn count(blobs: &Blobs) -> usize {
    blobs.list().await.unwrap().len()
}

async fn until_there_are(blobs: &Blobs, files: usize) {
    while count(blobs).await != files {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn files_are_read_whole_and_in_ranges_at_every_location() {
    let root = Directory::new();
    for blobs in both(&root) {
        let library = on(&root, &blobs);
        let store = library.meeting("m");
        // The upload needs more than one part.
        let plain = noise((9 << 20) + 5);
        let length = plain.len() as u64;
        let file = upload(&store, &package("a", &plain), length).await.unwrap().files["a"].clone();
        let whole = library.get(&file.name).unwrap().length;
        let encrypted = read(&library, &file.name, 0..whole).await.unwrap();
        let mut decryptor = Decryptor::new(&FileKey::new(&file.key, &file.iv).unwrap());
        let mut decrypted = decryptor.update(&encrypted).to_vec();
        decrypted.extend(decryptor.finish().unwrap().0);
        assert!(decrypted == plain);
        for (start, end) in [(0, 1), (0, 0), (10, 70_000), (8 << 20, whole), (whole - 1, whole)] {
            let part = read(&library, &file.name, start..end).await.unwrap();
            assert!(part == encrypted[start as usize..end as usize], "{start}..{end}");
        }
        assert_eq!(read(&library, &file.name, 0..whole + 1).await, None, "the file is shorter");
        // No temporary files are left.
        eventually(|| files_below(&root.join("m/tmp")).is_empty()).await;
        assert_eq!((count(&blobs).await, library.reserved_bytes()), (1, 0));
        store.clear();
        until_there_are(&blobs, 0).await;
        eventually(|| !root.join("m").exists()).await;
        assert_eq!(library.stored_bytes(), 0);
    }
}

#[tokio::test]
async fn removed_file_is_deleted_from_its_location() {
    let root = Directory::new();
    for blobs in both(&root) {
        let library = on(&root, &blobs);
        let store = library.meeting("m");
        let first = upload(&store, &package("a", b"hello"), 5).await.unwrap();
        let other = upload(&store, &package("a", b"hello"), 5).await.unwrap();
        let served = library.get(&first.files["a"].name).unwrap();
        store.remove(&first.files["a"].name);
        until_there_are(&blobs, 1).await;
        let error = library.open(&served, 0..16).await.map(drop).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
        assert!(read(&library, &other.files["a"].name, 0..16).await.is_some());
    }
}

#[tokio::test]
async fn files_are_adopted_and_swept_at_every_location() {
    let root = Directory::new();
    for blobs in both(&root) {
        let first = on(&root, &blobs);
        let kept = upload(&first.meeting("m"), &package("a", b"hello"), 5).await.unwrap();
        upload(&first.meeting("m"), &package("a", b"hello"), 5).await.unwrap();
        upload(&first.meeting("other"), &package("a", b"hello"), 5).await.unwrap();
        let file = &kept.files["a"];
        let again = on(&root, &blobs);
        let store = again.meeting("m");
        assert!(store.adopt(file).is_err(), "the files are not listed yet");
        again.find_files("ada").await.unwrap();
        let error = again.meeting("other").adopt(file).unwrap_err().to_string();
        assert!(error.contains("does not exist"), "{error}");
        let longer = StoredFile { size: 99, ..file.clone() };
        let error = store.adopt(&longer).unwrap_err().to_string();
        assert!(error.contains("16 bytes instead of 112"), "{error}");
        store.adopt(file).unwrap();
        assert_eq!(count(&blobs).await, 3);
        again.sweep().await.unwrap();
        assert_eq!((count(&blobs).await, again.stored_bytes()), (1, 16));
        assert!(read(&again, &file.name, 0..16).await.is_some());
        store.clear();
        until_there_are(&blobs, 0).await;
        eventually(|| !root.join("m").exists()).await;
    }
}

#[tokio::test]
async fn abandoned_package_is_not_stored() {
    let root = Directory::new();
    for blobs in both(&root) {
        let library = on(&root, &blobs);
        let package = package("a", &noise(100_000));
        let mut sink = library.meeting("m").begin(package.len() as u64).unwrap();
        sink.write(package.clone().into()).await.unwrap();
        let mut finish = sink.finish(100_000);
        // The import stops at its first await point.
        assert!(futures_util::poll!(&mut finish).is_pending());
        drop(finish);
        eventually(|| library.reserved_bytes() == 0 && files_below(&root).is_empty()).await;
        until_there_are(&blobs, 0).await;
        assert_eq!((library.stored_bytes(), library.uploads()), (0, 0));
    }
}

#[tokio::test]
async fn only_files_with_valid_names_are_listed() {
    let root = Directory::new();
    let store = Arc::new(InMemory::new());
    let name = "0123456789abcdef0123456789abcdef";
    for key in ["p/m/files/x", "p/m/files/N/more", "p/files/N", "p/m/other/N", "m/files/N", "p/x"] {
        let location = Location::from(key.replace('N', name));
        store.put_opts(&location, "".into(), PutOptions::default()).await.unwrap();
    }
    let blobs = remote(Arc::<InMemory>::clone(&store), "p".into(), "memory:///p");
    assert_eq!(count(&blobs).await, 0);
    let library = on(&root, &blobs);
    library.find_files("ada").await.unwrap();
    library.sweep().await.unwrap();
    assert_eq!(remote(store, "".into(), "memory:///").list().await.unwrap().len(), 2);
}

#[tokio::test]
async fn object_store_belongs_to_one_server() {
    let store = Arc::new(InMemory::new());
    let at = |prefix: &str| remote(Arc::<InMemory>::clone(&store), prefix.into(), "s3://bucket");
    let owned = |error: Result<(), BlobError>| matches!(error, Err(BlobError::Owned { .. }));
    at("one").claim("ada", true).await.unwrap();
    at("one").claim("ada", false).await.unwrap();
    assert!(owned(at("one").claim("grace", true).await));
    assert!(owned(at("one").check_owner("grace").await));
    at("one").check_owner("ada").await.unwrap();
    at("one").check_mark("ada").await.unwrap();
    assert!(owned(at("one").check_mark("grace").await));
    let unmarked = at("none").check_mark("ada").await;
    assert!(matches!(unmarked, Err(BlobError::Unmarked { .. })), "{unmarked:?}");
    at("other").claim("grace", true).await.unwrap();
    assert_eq!(count(&at("one")).await, 0, "the mark is not a file");
    // Both servers check at the same time and find no mark.
    let (first, second) = tokio::join!(async { at("third").claim("ada", true).await }, async {
        at("third").claim("grace", true).await
    },);
    assert!(first.is_ok() != second.is_ok());
}

#[tokio::test]
async fn unmarked_location_is_claimed_by_a_server_that_knows_a_file() {
    use crate::files::FilesRecord;

    let (root, store, url) = (Directory::new(), Arc::new(InMemory::new()), "s3://bucket/old");
    let blobs = remote(Arc::<InMemory>::clone(&store), "old".into(), url);
    let config = BlobConfig::Url(url.into(), Vec::new());
    let config = LibraryConfig { blobs: config, ..LibraryConfig::new(&*root) };
    let on = || Library::with(config.clone(), blobs.clone(), Arc::default(), |_| Ok(u64::MAX));
    let files = upload(&on().meeting("m"), &package("a", b"hello"), 5).await.unwrap().files;
    let start = async |server: &str, location: Option<&str>, knows: bool| {
        let library = on();
        library.find_files(server).await?;
        if knows {
            library.meeting("m").adopt(&files["a"]).unwrap();
        }
        let location = location.map(str::to_owned);
        library.claim(&FilesRecord { server: server.into(), location }).await
    };
    for location in [None, Some("meetings"), Some("s3://bucket/other")] {
        let refused = start("ada", location, false).await.unwrap_err();
        assert!(matches!(refused, BlobError::Occupied { .. }), "{refused}");
        let unmarked = blobs.check_mark("ada").await.unwrap_err();
        assert!(matches!(unmarked, BlobError::Unmarked { .. }), "{unmarked}");
    }
    let known = [(None, true), (Some("meetings"), true), (Some(url), false)];
    for (location, knows) in known {
        start("ada", location, knows).await.unwrap();
        blobs.check_mark("ada").await.unwrap();
        let refused = start("grace", location, knows).await.unwrap_err();
        assert!(matches!(refused, BlobError::Owned { .. }), "{refused}");
        store.delete(&Location::from("old/psom-server")).await.unwrap();
    }
}

#[tokio::test]
async fn found_files_depend_on_the_recorded_location() {
    use crate::files::{FilesRecord, find_files};

    let root = Directory::new();
    let name = "0".repeat(32);
    fs::create_dir_all(root.join("meetings/m/files")).unwrap();
    fs::write(root.join("meetings/m/files").join(&name), "12").unwrap();
    let elsewhere = BlobConfig::Url("memory:///a".into(), Vec::new());
    let mut record = FilesRecord::default();
    record.ensure_name(&root).unwrap();
    let mut again = FilesRecord::read(&root).unwrap();
    again.ensure_name(&root).unwrap();
    assert_eq!(again, record, "it keeps its name");
    let look = async |config: &BlobConfig, record: &FilesRecord, folder: &str| {
        find_files(config, record, &root.join(folder)).await.unwrap().map(|found| found.len())
    };
    assert_eq!(look(&BlobConfig::Local, &record, "meetings").await, Some(1));
    assert_eq!(look(&BlobConfig::Local, &record, "gone").await, Some(0));
    record.set_location(&root, &elsewhere).unwrap();
    assert_eq!(FilesRecord::read(&root).unwrap(), record);
    assert_eq!(look(&BlobConfig::Local, &record, "meetings").await, None);
    // A location without a mark, and another URL, are refused.
    let refusal = async |url: &str, record: &FilesRecord| {
        let config = BlobConfig::Url(url.into(), Vec::new());
        find_files(&config, record, &root.join("meetings")).await.unwrap_err()
    };
    for url in ["memory:///a", "memory:///a/"] {
        let unmarked = refusal(url, &record).await;
        assert!(matches!(unmarked, BlobError::Unmarked { .. }), "{unmarked}");
    }
    let other = refusal("memory:///other", &record).await.to_string();
    assert!(other.contains("in memory:///a, not at \"memory:///other\""), "{other}");
    record.set_location(&root, &BlobConfig::Local).unwrap();
    let other = refusal("memory:///", &record).await.to_string();
    assert!(other.contains("in the data directory, not at"), "{other}");
    assert_eq!(look(&BlobConfig::Local, &record, "meetings").await, Some(1));
}

#[cfg(unix)]
#[test]
fn files_written_by_root_belong_to_the_directory_owner() {
    use std::os::unix::fs::{MetadataExt as _, chown};

    const NOBODY: u32 = 65534;
    let root = Directory::new();
    // Only root can change the owner.
    if chown(&*root, Some(NOBODY), Some(NOBODY)).is_err() {
        return;
    }
    let mut record = crate::files::FilesRecord::default();
    record.ensure_name(&root).unwrap();
    for _ in 0..2 {
        let found = fs::metadata(root.join("files.json")).unwrap();
        assert_eq!((found.uid(), found.gid(), found.mode() & 0o777), (NOBODY, NOBODY, 0o600));
        record.set_location(&root, &BlobConfig::Local).unwrap();
    }
}

#[cfg(unix)]
#[tokio::test]
async fn files_behind_a_symlink_are_served_and_never_swept() {
    use std::os::unix::fs::symlink;

    let (root, outside) = (Directory::new(), Directory::new());
    let [kept, nobodys] = [0, 1].map(|number| format!("{number:032}"));
    for directory in ["m/files", "m/tmp"] {
        fs::create_dir_all(outside.join(directory)).unwrap();
        fs::write(outside.join(directory).join(&kept), [0; 16]).unwrap();
        fs::write(outside.join(directory).join(&nobodys), [0; 16]).unwrap();
    }
    symlink(outside.join("m"), root.join("m")).unwrap();
    fs::create_dir(root.join("n")).unwrap();
    symlink(outside.join("m/files"), root.join("n/files")).unwrap();
    // Other entries of a disk are ignored.
    symlink(root.join("loop"), root.join("loop")).unwrap();
    fs::create_dir_all(root.join("o/files")).unwrap();
    let odd: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"no\xff\ntext\x01");
    fs::write(root.join("o/files").join(odd), "").unwrap();
    fs::create_dir_all(root.join(odd).join("files")).unwrap();
    fs::write(root.join("o/files").join(&nobodys), "").unwrap();

    let library = on(&root, &Blobs::open(&BlobConfig::Local, &root).unwrap());
    library.find_files("ada").await.unwrap();
    let key = [0; 32].to_vec().into();
    let iv = [0; 16].to_vec().into();
    let file = StoredFile { name: kept, key, iv, hash: Bytes::new(), size: 0 };
    library.meeting("m").adopt(&file).unwrap();
    library.sweep().await.unwrap();
    assert_eq!(files_below(&outside).len(), 4);
    assert_eq!(files_below(&root.join("o")), [root.join("o/files").join(odd)]);
}

/// The failures of a store.
#[derive(Debug, Default)]
struct Failing {
    store: InMemory,
    /// Whether the store refuses parts. Otherwise it refuses to complete the upload.
    refuses_parts: bool,
    aborted: Arc<AtomicBool>,
}

#[derive(Debug)]
struct FailingUpload {
    upload: Box<dyn MultipartUpload>,
    refuses_parts: bool,
    aborted: Arc<AtomicBool>,
}

fn refusal() -> object_store::Error {
    object_store::Error::Generic { store: "Failing", source: "the bucket is unavailable".into() }
}

impl fmt::Display for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Failing")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Failing {
    async fn put_opts(
        &self,
        location: &Location,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        // The first file succeeds, so that there is one to remove.
        if self.store.list_with_delimiter(None).await?.common_prefixes.is_empty() {
            return self.store.put_opts(location, payload, options).await;
        }
        Err(refusal())
    }

    async fn put_multipart_opts(
        &self,
        location: &Location,
        options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        let upload = self.store.put_multipart_opts(location, options).await?;
        let (refuses_parts, aborted) = (self.refuses_parts, Arc::clone(&self.aborted));
        Ok(Box::new(FailingUpload { upload, refuses_parts, aborted }))
    }

    async fn get_opts(&self, _: &Location, _: GetOptions) -> object_store::Result<GetResult> {
        Err(refusal())
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, object_store::Result<Location>>,
    ) -> BoxStream<'static, object_store::Result<Location>> {
        self.store.delete_stream(locations)
    }

    fn list(
        &self,
        prefix: Option<&Location>,
    ) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.store.list(prefix)
    }

    async fn list_with_delimiter(
        &self,
        prefix: Option<&Location>,
    ) -> object_store::Result<ListResult> {
        self.store.list_with_delimiter(prefix).await
    }

    async fn copy_opts(
        &self,
        _: &Location,
        _: &Location,
        _: CopyOptions,
    ) -> object_store::Result<()> {
        Err(refusal())
    }
}

#[async_trait::async_trait]
impl MultipartUpload for FailingUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        if self.refuses_parts {
            return Box::pin(async { Err(refusal()) });
        }
        self.upload.put_part(data)
    }

    async fn complete(&mut self) -> object_store::Result<PutResult> {
        Err(refusal())
    }

    async fn abort(&mut self) -> object_store::Result<()> {
        self.aborted.store(true, std::sync::atomic::Ordering::Relaxed);
        self.upload.abort().await
    }
}

fn failed_by_the_store(error: &StoreError) -> bool {
    matches!(error, StoreError::Failed(source) if source.to_string().contains("the bucket is unavailable"))
}

#[tokio::test]
async fn object_store_failure_refuses_the_upload_and_leaves_no_file() {
    let root = Directory::new();
    let blobs = remote(Arc::new(Failing::default()), "".into(), "s3://bucket");
    let library = on(&root, &blobs);
    let common = Common { title: "T".into(), native_file: Some("a".into()), ..Common::default() };
    let ppt = ChunkedPpt { preview_thumbnail_file: Some("b".into()), ..ChunkedPpt::default() };
    let content = CreateContent { upgrade: None, common, detail: ContentDetail::Ppt(ppt) };
    let manifest = Manifest::CreateContent(content);
    let mut writer = PackageWriter::new(Cursor::new(Vec::new()), &manifest).unwrap();
    writer.add_file("a", &mut &b"taken"[..]).unwrap();
    writer.add_file("b", &mut &b"refused"[..]).unwrap();
    let package = writer.finish().unwrap().into_inner();
    let error = upload(&library.meeting("m"), &package, 12).await.unwrap_err();
    assert!(failed_by_the_store(&error), "{error:?}");
    eventually(|| library.reserved_bytes() == 0 && files_below(&root).is_empty()).await;
    until_there_are(&blobs, 0).await;
    assert_eq!((library.stored_bytes(), library.uploads()), (0, 0));
}

#[tokio::test]
async fn failed_multipart_upload_is_aborted() {
    let root = Directory::new();
    let plain = vec![7; 9 << 20];
    for refuses_parts in [true, false] {
        let aborted = Arc::new(AtomicBool::new(false));
        let failing =
            Failing { refuses_parts, aborted: Arc::clone(&aborted), ..Failing::default() };
        let blobs = remote(Arc::new(failing), "".into(), "s3://bucket");
        let library = on(&root, &blobs);
        let error =
            upload(&library.meeting("m"), &package("a", &plain), 9 << 20).await.unwrap_err();
        assert!(failed_by_the_store(&error), "{error:?}");
        assert!(aborted.load(std::sync::atomic::Ordering::Relaxed));
        eventually(|| library.reserved_bytes() == 0 && files_below(&root).is_empty()).await;
        assert_eq!(count(&blobs).await, 0);
    }
}

#[test]
fn invalid_files_location_has_one_sentence() {
    let root = Directory::new();
    let refused = |url: &str| {
        let config = BlobConfig::Url(url.into(), vec![("AWS_SECRET".into(), "hush".into())]);
        assert!(!format!("{config:?}").contains("hush"));
        Blobs::open(&config, &root).map(drop).unwrap_err()
    };
    for url in ["", "here", "ftp://host/", "file:///tmp", "https://example.com/", "gs://bucket/"] {
        let error = refused(url);
        assert!(matches!(&error, BlobError::Unsupported(bad) if bad == url), "{error:?}");
        assert!(error.to_string().contains("write the location as s3://bucket/prefix"), "{error}");
    }
    #[cfg(not(feature = "s3"))]
    {
        let error = refused("s3://bucket/prefix").to_string();
        assert!(error.contains("build it with --features s3"), "{error}")
    };
    // A file replaces the directory.
    fs::write(root.join("file"), "").unwrap();
    let error = Blobs::open(&BlobConfig::Local, &root.join("file")).map(drop).unwrap_err();
    assert!(matches!(error, BlobError::Folder { .. }), "{error:?}");
}

#[cfg(feature = "s3")]
#[test]
fn s3_url_is_accepted_with_its_options() {
    let root = Directory::new();
    let open = |options: &[(&str, &str)]| {
        let options = options.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let config = BlobConfig::Url("s3://bucket/some/prefix".into(), options.collect());
        Blobs::open(&config, &root).map(drop)
    };
    open(&[("AWS_REGION", "eu-central-1"), ("AWS_ACCESS_KEY_ID", "a")]).unwrap_err();
    let whole = [("AWS_REGION", "x"), ("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")];
    open(&whole).unwrap();
}
