#![allow(clippy::cast_possible_truncation, clippy::unwrap_used, reason = "tests")]

use std::{collections::BTreeSet, fs, io::Cursor, path::Path, sync::Arc};

use bytes::Bytes;
use psom_objects::{
    package::{
        ChunkedPpt, Common, ContentDetail, CreateContent, JpegSlide, Manifest, MarkupSlide,
        NotesPackage, NotesSlide, PackageWriter, PptContentResource, PptResource, ThumbnailPackage,
        ThumbnailSlide,
    },
    store::{FileStore as _, Import, StoreError, StoredFile},
};
use sha1::{Digest as _, Sha1};

mod blobs;

use super::{Library, LibraryConfig, MeetingFiles, blobs::Blobs, disk_space::FreeSpace};
use crate::{
    files::crypto::{Decryptor, FileKey},
    testing::{Directory, eventually},
};

/// Returns a package with one file, as a client would upload it.
fn package(name: &str, bytes: &[u8]) -> Vec<u8> {
    let common =
        Common { title: "Title".into(), native_file: Some(name.into()), ..Common::default() };
    let content = CreateContent { upgrade: None, common, detail: ContentDetail::NativeFileOnly };
    let manifest = Manifest::CreateContent(content);
    let mut writer = PackageWriter::new(Cursor::new(Vec::new()), &manifest).unwrap();
    writer.add_file(name, &mut &*bytes).unwrap();
    writer.finish().unwrap().into_inner()
}

/// Returns bytes that do not compress well.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1u64;
    let step = |_| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 56) as u8
    };
    (0..length).map(step).collect()
}

async fn upload(store: &MeetingFiles, package: &[u8], unpacked: u64) -> Result<Import, StoreError> {
    let mut sink = store.begin(package.len() as u64)?;
    for piece in package.chunks(50_000) {
        sink.write(Bytes::copy_from_slice(piece)).await?;
    }
    sink.finish(unpacked).await
}

fn files_below(path: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

fn library(root: &Path) -> Arc<Library> {
    configured(LibraryConfig::new(root), |_| Ok(u64::MAX))
}

fn configured(config: LibraryConfig, free: FreeSpace) -> Arc<Library> {
    let blobs = Blobs::open(&config.blobs, &config.root).unwrap();
    Library::with(config, blobs, Arc::default(), free)
}

/// Returns the plain bytes of a stored file.
fn decrypted(library: &Library, file: &StoredFile) -> Vec<u8> {
    let encrypted = fs::read(library.path(&file.name).unwrap()).unwrap();
    let mut decryptor = Decryptor::new(&FileKey::new(&file.key, &file.iv).unwrap());
    let mut decrypted = decryptor.update(&encrypted).to_vec();
    let (rest, known) = decryptor.finish().unwrap();
    decrypted.extend(rest);
    assert_eq!(known.sha1, file.hash[..]);
    decrypted
}

#[tokio::test]
async fn package_becomes_encrypted_files() {
    let root = Directory::new();
    let library = library(&root);
    let store = library.meeting("m");
    let plain = noise(5_000_000);
    let import = upload(&store, &package("a b.bin", &plain), 5_000_000).await.unwrap();
    let Manifest::CreateContent(content) = &import.manifest else { panic!("another manifest") };
    let name = content.common.native_file.as_deref().unwrap();
    let file = &import.files[name];
    assert_eq!((import.files.len(), file.size), (1, 5_000_000));
    assert_eq!(file.hash, &Sha1::digest(&plain)[..]);
    assert!(file.name.len() == 32 && file.name.bytes().all(|byte| byte.is_ascii_hexdigit()));

    let served = library.get(&file.name).unwrap();
    let encrypted = fs::read(library.path(&file.name).unwrap()).unwrap();
    assert_eq!(encrypted.len() as u64, served.length);
    assert_eq!(library.stored_bytes(), served.length);
    assert!(decrypted(&library, file) == plain);

    // The package itself is not stored.
    eventually(|| files_below(&root).len() == 1).await;
    store.remove(&file.name);
    assert!(library.get(&file.name).is_none());
    eventually(|| files_below(&root).is_empty()).await;
    assert_eq!(library.stored_bytes(), 0);
}

/// Returns the package of a file as a client writes it while it sends it.
fn streamed_package(name: &str, bytes: &[u8]) -> Vec<u8> {
    let content = CreateContent::new("Title", ContentDetail::NativeFileOnly).with_native_file(name);
    let mut package = Vec::new();
    let mut writer = PackageWriter::stream(&mut package, &content.into()).unwrap();
    writer.add_file(name, &mut &*bytes).unwrap();
    writer.finish().unwrap();
    package
}

#[tokio::test]
async fn file_of_a_streamed_package_is_verified_and_encrypted() {
    let root = Directory::new();
    let library = library(&root);
    let store = library.meeting("m");
    for length in [0, 1, 65_536, 3_000_000] {
        let plain = noise(length);
        let package = streamed_package("a b.bin", &plain);
        let import = upload(&store, &package, length as u64).await.unwrap();
        let file = &import.files["a b.bin"];
        assert_eq!((import.files.len(), file.size), (1, length as u64));
        assert!(decrypted(&library, file) == plain);
        eventually(|| files_below(&root).len() == 1).await;
        store.remove(&file.name);
        eventually(|| files_below(&root).is_empty()).await;
    }
}

#[tokio::test]
async fn damaged_file_of_a_streamed_package_is_refused() {
    let root = Directory::new();
    let library = library(&root);
    let store = library.meeting("m");
    let mut package = streamed_package("a b.bin", &noise(3_000_000));
    // The byte is encrypted before the checksum of the file arrives.
    package[1_000_000] ^= 1;
    let refused = upload(&store, &package, 3_000_000).await.unwrap_err();
    assert!(matches!(refused, StoreError::Malformed(_)), "{refused:?}");
    eventually(|| files_below(&root).is_empty()).await;
    assert_eq!((library.stored_bytes(), library.reserved_bytes()), (0, 0));
}

#[tokio::test]
async fn empty_file_and_package_without_files_are_imported() {
    let root = Directory::new();
    let store = library(&root).meeting("m");
    let import = upload(&store, &package("a", b""), 0).await.unwrap();
    assert_eq!(import.files["a"].size, 0);
    let common = Common { title: "Board".into(), ..Common::default() };
    let content = CreateContent { upgrade: None, common, detail: ContentDetail::Whiteboard };
    let writer = PackageWriter::new(Cursor::new(Vec::new()), &Manifest::CreateContent(content));
    let board = writer.unwrap().finish().unwrap().into_inner();
    assert!(upload(&store, &board, 0).await.unwrap().files.is_empty());
}

#[tokio::test]
async fn every_file_of_a_presentation_is_encrypted() {
    let root = Directory::new();
    let library = library(&root);
    let name = |name: &str| Some(name.to_owned());
    let thumbnail = ThumbnailSlide { slide: Some(0), file: name("0.jpg") };
    let notes = NotesSlide { slide: Some(0), file: None };
    let markup = MarkupSlide { slide: Some(0), file: name("markup"), ..MarkupSlide::default() };
    let resources = [
        PptResource::Thumbnails(ThumbnailPackage {
            file: "thumbs".into(),
            slides: vec![thumbnail],
        }),
        PptResource::Notes(NotesPackage { file: name("notes"), slides: vec![notes] }),
        PptResource::PartialPpt { file: name("partial"), slides: vec![0] },
        PptResource::FullPpt { file: name("full"), use_as_native_file: None },
        PptResource::DhtmlResources(vec![name("shared")]),
        PptResource::DhtmlMarkup(vec![markup]),
        PptResource::Jpegs(vec![JpegSlide { slide: Some(0), file: name("jpeg") }]),
    ];
    let of = |resource| PptContentResource { resource_id: None, resource };
    let resources = resources.map(of).into();
    let preview_thumbnail_file = name("preview");
    let ppt = ChunkedPpt { slides: Some(1), preview_thumbnail_file, resources };
    let content = CreateContent::new("Talk", ContentDetail::Ppt(ppt)).with_native_file("native");
    let manifest = Manifest::CreateContent(content);
    let files: Vec<_> = manifest.files().iter().map(|name| (*name).to_owned()).collect();
    let mut writer = PackageWriter::new(Cursor::new(Vec::new()), &manifest).unwrap();
    for name in &files {
        writer.add_file(name, &mut name.as_bytes()).unwrap();
    }
    let package = writer.finish().unwrap().into_inner();
    let import = upload(&library.meeting("m"), &package, 1000).await.unwrap();
    assert_eq!((files.len(), import.files.len()), (9, 9));
    for (name, file) in &import.files {
        assert_eq!(decrypted(&library, file), name.as_bytes());
        assert_eq!(file.hash, &Sha1::digest(name)[..]);
    }
    let keys: BTreeSet<_> = import.files.values().map(|file| (&file.key, &file.iv)).collect();
    assert_eq!(keys.len(), 9);
}

#[tokio::test]
async fn file_names_are_those_of_the_manifest() {
    let root = Directory::new();
    let store = library(&root).meeting("m");
    let common =
        Common { title: "T".into(), native_file: Some("Slides.pptx".into()), ..Common::default() };
    let ppt = ChunkedPpt { preview_thumbnail_file: Some("p.jpg".into()), ..ChunkedPpt::default() };
    let content = CreateContent { upgrade: None, common, detail: ContentDetail::Ppt(ppt) };
    let manifest = Manifest::CreateContent(content);
    let mut writer = PackageWriter::new(Cursor::new(Vec::new()), &manifest).unwrap();
    writer.add_file("slides.PPTX", &mut &b"slides"[..]).unwrap();
    writer.add_file("p.jpg", &mut &b"picture"[..]).unwrap();
    let package = writer.finish().unwrap().into_inner();
    let import = upload(&store, &package, 13).await.unwrap();
    assert_eq!(import.files.keys().collect::<Vec<_>>(), ["Slides.pptx", "p.jpg"]);
    let [a, b] = ["Slides.pptx", "p.jpg"].map(|name| &import.files[name]);
    assert!(a.key != b.key && a.iv != b.iv && a.name != b.name);
}

#[tokio::test]
async fn malformed_package_leaves_no_file() {
    let root = Directory::new();
    let library = library(&root);
    let store = library.meeting("m");
    let good = package("a", &noise(100_000));
    let mut damaged = good.clone();
    // The damage is inside the file's bytes, so only the checksum shows it.
    damaged[50_000] ^= 1;
    let cut = &good[..good.len() - 1];
    for (bad, unpacked) in [(&damaged[..], 100_000), (cut, 100_000), (b"", 0), (&good, 99_999)] {
        let error = upload(&store, bad, unpacked).await.unwrap_err();
        assert!(matches!(error, StoreError::Malformed(_)), "{error:?}");
    }
    eventually(|| files_below(&root).is_empty()).await;
    assert_eq!((library.stored_bytes(), library.reserved_bytes()), (0, 0));
    assert_eq!(library.uploads(), 0);
}

#[tokio::test]
async fn dropped_upload_leaves_no_file() {
    let root = Directory::new();
    let library = library(&root);
    let store = library.meeting("m");
    let package = package("a", &noise(100_000));
    let mut sink = store.begin(package.len() as u64).unwrap();
    sink.write(package[..10].to_vec().into()).await.unwrap();
    drop(sink);
    let mut sink = store.begin(package.len() as u64).unwrap();
    sink.write(package.clone().into()).await.unwrap();
    drop(sink.finish(100_000));
    eventually(|| files_below(&root).is_empty() && library.reserved_bytes() == 0).await;
    assert_eq!(library.uploads(), 0);
}

#[tokio::test]
async fn more_bytes_than_announced_are_refused() {
    let root = Directory::new();
    let store = library(&root).meeting("m");
    let mut sink = store.begin(10).unwrap();
    sink.write(Bytes::from_static(b"0123456789")).await.unwrap();
    let error = sink.write(Bytes::from_static(b"0")).await.unwrap_err();
    assert_eq!(error, StoreError::TooLarge(10));
    assert_eq!(store.begin((1 << 30) + 1).map(drop), Err(StoreError::TooLarge(1 << 30)));
    drop(sink);
    eventually(|| files_below(&root).is_empty()).await;
}

#[tokio::test]
async fn uploads_are_refused_before_the_disk_is_full() {
    let root = Directory::new();
    let config = LibraryConfig { reserve: 1000, ..LibraryConfig::new(&*root) };
    let free = |_: &Path| Ok(151_000);
    let library = configured(config, free);
    let store = library.meeting("m");
    assert_eq!(store.begin(200_000).map(drop), Err(StoreError::Full));
    // There is enough space for the package, but not for its files.
    let package = package("a", &vec![0; 200_000]);
    assert_eq!(upload(&store, &package, 200_000).await.unwrap_err(), StoreError::Full);
    eventually(|| files_below(&root).is_empty()).await;
    assert_eq!(library.reserved_bytes(), 0);
}

#[tokio::test]
async fn concurrent_uploads_are_limited() {
    let root = Directory::new();
    let config = LibraryConfig { uploads: 2, ..LibraryConfig::new(&*root) };
    let library = configured(config, |_| Ok(u64::MAX));
    let (one, other) = (library.meeting("a"), library.meeting("b"));
    let (first, _second) = (one.begin(1).unwrap(), other.begin(1).unwrap());
    assert_eq!(one.begin(1).map(drop), Err(StoreError::Full));
    drop(first);
    assert!(other.begin(1).is_ok());
}

#[tokio::test]
async fn disk_failure_fails_the_upload() {
    let root = Directory::new();
    // A file has the path of the meeting's directory.
    fs::write(root.join("m"), "").unwrap();
    let library = library(&root);
    let store = library.meeting("m");
    let mut sink = store.begin(10_000_000).unwrap();
    let piece = Bytes::from(vec![0; 1 << 20]);
    let error = loop {
        // The queue is larger than this, so the failure is reported before it is full.
        if let Err(error) = sink.write(piece.clone()).await {
            break error;
        }
    };
    assert!(matches!(error, StoreError::Failed(_)), "{error:?}");
    assert!(matches!(sink.finish(1).await, Err(StoreError::Failed(_))));
}

#[tokio::test]
async fn ended_meeting_removes_its_files() {
    let root = Directory::new();
    let library = library(&root);
    let (store, other) = (library.meeting("m"), library.meeting("other"));
    let package = package("a", b"hello");
    let import = upload(&store, &package, 5).await.unwrap();
    let kept = upload(&other, &package, 5).await.unwrap();
    store.remove(&kept.files["a"].name);
    assert!(library.get(&kept.files["a"].name).is_some(), "the file belongs to another meeting");
    let late = store.begin(package.len() as u64).unwrap();
    store.clear();
    assert!(library.get(&import.files["a"].name).is_none());
    let mut late = late;
    late.write(package.clone().into()).await.unwrap();
    assert!(late.finish(5).await.is_err());
    eventually(|| files_below(&root.join("m")).is_empty()).await;
    assert_eq!(files_below(&root).len(), 1);
}

#[tokio::test]
async fn leftovers_of_an_earlier_run_are_swept() {
    let root = Directory::new();
    let first = library(&root);
    let unknown = upload(&first.meeting("a"), &package("a", b"hello"), 5).await.unwrap();
    let known = upload(&first.meeting("b"), &package("a", b"hello"), 5).await.unwrap();
    let known = &known.files["a"];
    let late = format!("a/files/{}", "0".repeat(32));
    for file in ["a/tmp/x", &late, "c/mine/x", "c/files/x", "note"] {
        let path = root.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    assert!(first.path(&unknown.files["a"].name).unwrap().exists());
    let again = library(&root);
    again.find_files("ada").await.unwrap();
    again.meeting("b").adopt(known).unwrap();
    again.sweep().await.unwrap();
    let mut left = files_below(&root);
    left.sort();
    let kept = again.path(&known.name).unwrap();
    let theirs = ["c/files/x", "c/mine/x", "note"].map(|file| root.join(file));
    assert_eq!(left, [&[kept], &theirs[..]].concat());
    assert!(!root.join("a").exists());
}

#[tokio::test]
async fn files_of_an_earlier_run_are_adopted() {
    let root = Directory::new();
    let first = library(&root);
    let import = upload(&first.meeting("m"), &package("a", b"hello"), 5).await.unwrap();
    let file = &import.files["a"];
    let again = library(&root);
    assert!(again.get(&file.name).is_none());
    again.find_files("ada").await.unwrap();
    again.meeting("m").adopt(file).unwrap();
    assert_eq!(again.get(&file.name).unwrap().length, 16);
    assert_eq!(again.stored_bytes(), 16);
    // Files with another length, missing files, and invalid names are refused.
    let strict = library(&root);
    strict.find_files("ada").await.unwrap();
    let fails = |change: fn(&mut StoredFile)| {
        let mut file = file.clone();
        change(&mut file);
        strict.meeting("m").adopt(&file).unwrap_err().to_string()
    };
    assert!(fails(|file| file.size = 99).contains("16 bytes instead of 112"));
    assert!(fails(|file| file.name = "0".repeat(32)).contains("does not exist"));
    assert!(fails(|file| file.name = "../../etc/passwd".into()).contains("32 hexadecimal digits"));
    assert_eq!(strict.stored_bytes(), 0);
}
