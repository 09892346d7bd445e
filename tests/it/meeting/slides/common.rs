//! A client that records the calls of a presentation, and packages for presentations.

use std::sync::Arc;

use psom::{Context, Handle, Scope, Violation, distributed_object};
use psom_objects::{
    interfaces::*,
    package::*,
    types::{EncryptedFile, FileSecrets, ResourceErrorCode, ResourceFormat, Role},
};

use crate::meeting::{
    client::Log,
    store::has_secrets_of,
    world::{World, empty, pack},
};

/// Records every call as `slides.text`.
#[distributed_object(serves = PptContentClient, calls = PptContentServer)]
pub(super) struct Slides {
    log: Log,
    #[child("annotationContainer")]
    annotations: Handle<Annotations>,
}

impl Slides {
    pub(super) fn new(scope: &mut Scope, log: Log) -> Self {
        let annotations = scope.add(Annotations(Arc::clone(&log)));
        Self { log, annotations }
    }

    fn note(&self, line: String) -> Result<(), Violation> {
        self.log.lock().unwrap().push(format!("slides.{line}"));
        Ok(())
    }
}

/// Returns the name of a file, and checks that its URL is complete and its secrets are its own.
fn name_of(file: EncryptedFile) -> String {
    let name = file.url.strip_prefix("http://127.0.0.1/files/").expect("a complete URL");
    assert!(has_secrets_of(name, &file.secrets()), "the secrets of {name}");
    format!("<{name}>")
}

impl PptContentClient for Slides {
    fn c_connect_completed(&mut self, cx: &mut Context<Self>) {
        let version = cx.caller().version();
        self.note(format!("completed {version}")).unwrap();
    }

    fn c_error_adding_resource(
        &mut self,
        _: &mut Context<Self>,
        id: i32,
        code: ResourceErrorCode,
    ) -> Result<(), Violation> {
        self.note(format!("refused {id} {code:?}"))
    }

    fn c_set_full_ppt_file_info(
        &mut self,
        _: &mut Context<Self>,
        file: EncryptedFile,
    ) -> Result<(), Violation> {
        self.note(format!("full {}", name_of(file)))
    }

    fn c_set_location(&mut self, _: &mut Context<Self>, location: String) -> Result<(), Violation> {
        let place = Location::parse(&location).expect("the schema's own");
        self.note(format!("location {} {}", place.slide, place.click))?;
        match place.extensions.first() {
            Some(extension) => self.note(format!("extension {}", extension.name())),
            None => Ok(()),
        }
    }

    fn c_set_notes_info(
        &mut self,
        _: &mut Context<Self>,
        url: String,
        slides: Vec<i32>,
        secrets: FileSecrets,
    ) -> Result<(), Violation> {
        self.note(format!("notes {slides:?} {}", name_of(secrets.with_url(url))))
    }

    fn c_set_partial_ppt_file_info(
        &mut self,
        _: &mut Context<Self>,
        url: String,
        slides: Vec<i32>,
        secrets: FileSecrets,
    ) -> Result<(), Violation> {
        self.note(format!("partial {slides:?} {}", name_of(secrets.with_url(url))))
    }

    fn c_set_preview_thumbnail_file_info(
        &mut self,
        _: &mut Context<Self>,
        file: EncryptedFile,
    ) -> Result<(), Violation> {
        self.note(format!("preview {}", name_of(file)))
    }

    fn c_set_resource_error_code(
        &mut self,
        _: &mut Context<Self>,
        begin: i32,
        end: i32,
        format: ResourceFormat,
        code: ResourceErrorCode,
    ) -> Result<(), Violation> {
        self.note(format!("failed {begin}..{end} {format:?} {code:?}"))
    }

    fn c_set_slide_count(&mut self, _: &mut Context<Self>, count: i32) -> Result<(), Violation> {
        self.note(format!("count {count}"))
    }

    fn c_set_slide_dhtml_markup_info(
        &mut self,
        _: &mut Context<Self>,
        slide: i32,
        clicks: i32,
        url: String,
        needs: Vec<String>,
        secrets: FileSecrets,
    ) -> Result<(), Violation> {
        let needs = needs.join(",");
        self.note(format!("markup {slide} {clicks} [{needs}] {}", name_of(secrets.with_url(url))))
    }

    fn c_set_slide_dhtml_resource_info(
        &mut self,
        _: &mut Context<Self>,
        name: String,
        file: EncryptedFile,
    ) -> Result<(), Violation> {
        self.note(format!("shared {name} {}", name_of(file)))
    }

    fn c_set_slide_jpeg_info(
        &mut self,
        _: &mut Context<Self>,
        slide: i32,
        file: EncryptedFile,
    ) -> Result<(), Violation> {
        self.note(format!("jpeg {slide} {}", name_of(file)))
    }

    fn c_set_thumbnail_file_info(
        &mut self,
        _: &mut Context<Self>,
        names: Vec<String>,
        file: EncryptedFile,
    ) -> Result<(), Violation> {
        self.note(format!("thumbnails {} {}", names.join(","), name_of(file)))
    }
}

/// Records the constraints and the images of annotations.
#[distributed_object(serves = AnnotationContainerClient, calls = AnnotationContainerServer)]
pub(super) struct Annotations(Log);

#[rustfmt::skip]
impl AnnotationContainerClient for Annotations {
    fn c_set_annotation_constraints(&mut self, _: &mut Context<Self>, _: Vec<i32>, _: Vec<i32>) -> Result<(), Violation> {
        self.0.lock().unwrap().push("slides.annotations".to_owned());
        Ok(())
    }
    fn c_set_image_file_info(&mut self, _: &mut Context<Self>, id: i32, file: EncryptedFile) {
        let name = name_of(file);
        self.0.lock().unwrap().push(format!("slides.image {id} {name}"));
    }
    fn c_add_annotation_batch(&mut self, _: &mut Context<Self>, ids: Vec<i32>, _: Vec<i32>, _: Vec<i32>, _: Vec<i64>, _: Vec<i64>, _: Vec<i32>, _: Vec<String>, _: Vec<String>) -> Result<(), Violation> {
        if !ids.is_empty() {
            self.0.lock().unwrap().push(format!("slides.annotated {ids:?}"));
        }
        Ok(())
    }
    fn c_change_properties_batch(&mut self, _: &mut Context<Self>, _: Vec<i32>, _: Vec<i32>, _: Vec<i64>, _: Vec<i32>, _: Vec<String>, _: Vec<String>) -> Result<(), Violation> {
        Ok(())
    }
    fn c_change_text_batch(&mut self, _: &mut Context<Self>, _: Vec<i32>, _: Vec<i32>, _: Vec<i64>, _: Vec<i32>, _: Vec<i32>, _: Vec<i32>, _: Vec<i32>, _: Vec<String>) -> Result<(), Violation> {
        Ok(())
    }
    fn c_clear_annotations(&mut self, _: &mut Context<Self>, _: i64) {}
    fn c_error_add_annotation(&mut self, _: &mut Context<Self>, _: i32, _: Vec<Vec<String>>, _: String) {}
    fn c_error_change_properties(&mut self, _: &mut Context<Self>, _: i32, _: i32, _: i64, _: Vec<Vec<String>>, _: String) {}
    fn c_error_change_property_for_group(&mut self, _: &mut Context<Self>, _: Vec<i32>, _: Vec<i32>, _: Vec<i64>, _: String, _: Vec<String>, _: String) {}
    fn c_error_change_text(&mut self, _: &mut Context<Self>, _: i32, _: i32, _: i64, _: String) {}
    fn c_error_clear_annotations(&mut self, _: &mut Context<Self>, _: String) {}
    fn c_error_remove_annotation(&mut self, _: &mut Context<Self>, _: i32, _: String) {}
    fn c_error_remove_annotations(&mut self, _: &mut Context<Self>, _: Vec<i32>, _: String, _: i32) {}
    fn c_error_set_telepointer(&mut self, _: &mut Context<Self>, _: String) {}
    fn c_remove_annotation(&mut self, _: &mut Context<Self>, _: i32, _: i64) {}
    fn c_remove_annotations(&mut self, _: &mut Context<Self>, _: Vec<i32>, _: i64, _: i32) {}
    fn c_set_telepointer(&mut self, _: &mut Context<Self>, _: String, _: i64, _: bool) {}
}

/// Returns a meeting with an organizer (user 1), a presenter (2) and an attendee (3).
pub(super) fn room() -> World {
    let mut world = empty(psom_objects::server::MeetingLimits::default());
    world.join_roles(|scope| scope.announce::<Slides>());
    world
}

pub(super) fn join(world: &mut World, id: i64, role: Role) -> usize {
    world.join_with(id, role, |scope| scope.announce::<Slides>())
}

/// Numbers the resources of a manifest from 1.
pub(super) fn numbered(
    resources: impl IntoIterator<Item = PptResource>,
) -> Vec<PptContentResource> {
    let resources = resources.into_iter().zip(1..);
    let numbered = |(resource, id)| PptContentResource { resource_id: Some(id), resource };
    resources.map(numbered).collect()
}

pub(super) fn deck(slides: u32, resources: impl IntoIterator<Item = PptResource>) -> ChunkedPpt {
    let resources = numbered(resources);
    ChunkedPpt { slides: Some(slides), preview_thumbnail_file: None, resources }
}

/// Returns JPEGs of these slides, in files named by `name` and the slide.
pub(super) fn jpegs(name: &str, slides: impl IntoIterator<Item = u32>) -> PptResource {
    let jpeg = |slide| JpegSlide { slide: Some(slide), file: Some(format!("{name}{slide}")) };
    PptResource::Jpegs(slides.into_iter().map(jpeg).collect())
}

pub(super) fn notes(file: &str, slides: impl IntoIterator<Item = u32>) -> PptResource {
    let slides = slides.into_iter();
    let slides = slides.map(|slide| NotesSlide { slide: Some(slide), file: None }).collect();
    PptResource::Notes(NotesPackage { file: Some(file.into()), slides })
}

pub(super) fn thumbnails(file: &str, slides: impl IntoIterator<Item = u32>) -> PptResource {
    let thumbnail =
        |slide| ThumbnailSlide { slide: Some(slide), file: Some(format!("t{slide}.jpg")) };
    let slides = slides.into_iter().map(thumbnail).collect();
    PptResource::Thumbnails(ThumbnailPackage { file: file.into(), slides })
}

pub(super) fn partial(file: &str, slides: impl Into<Vec<u32>>) -> PptResource {
    PptResource::PartialPpt { file: Some(file.into()), slides: slides.into() }
}

pub(super) fn full(file: &str, use_as_native_file: Option<bool>) -> PptResource {
    PptResource::FullPpt { file: Some(file.into()), use_as_native_file }
}

pub(super) fn shared<const N: usize>(names: [&str; N]) -> PptResource {
    PptResource::DhtmlResources(names.map(|name| Some(name.to_owned())).into())
}

pub(super) fn markup<const N: usize>(file: &str, slide: u32, needs: [&str; N]) -> PptResource {
    PptResource::DhtmlMarkup(vec![MarkupSlide {
        slide: Some(slide),
        clicks: Some(3),
        file: Some(file.into()),
        resources: needs.map(|name| Some(name.to_owned())).into(),
    }])
}

/// Shares a presentation. The data of each file is its own name.
pub(super) fn share(world: &mut World, client: usize, title: &str, ppt: ChunkedPpt) -> i64 {
    let created = create(world, client, CreateContent::new(title, ContentDetail::Ppt(ppt)));
    let created = created.iter().find_map(|line| line.strip_prefix("contents.created "));
    created.unwrap().split(' ').next().unwrap().parse().unwrap()
}

/// Uploads a new content and returns the calls that the client has received.
pub(super) fn create(world: &mut World, client: usize, content: CreateContent) -> Vec<String> {
    world.received(client);
    world.reserve(client, &content.common.title, 7);
    upload(world, client, &content.into());
    world.received(client)
}

/// Finds the result of an upload among the received calls.
pub(super) fn finished(received: &[String]) -> &str {
    let mut lines = received.iter().filter_map(|line| line.strip_prefix("uploads.finished 7 "));
    lines.next().expect("the upload is over")
}

/// Uploads more resources and returns the result.
pub(super) fn add(
    world: &mut World,
    client: usize,
    content_id: i64,
    resources: impl IntoIterator<Item = PptResource>,
) -> String {
    let detail = Some(ResourceDetail::Resources(numbered(resources)));
    upload(world, client, &CreatePptContentResource { content_id, detail }.into_manifest());
    let log = world.pair.on_client(client, |client, _| Arc::clone(&client.log));
    let mut log = log.lock().unwrap();
    let at = log.iter().position(|line| line.starts_with("uploads.finished 7 ")).unwrap();
    log.remove(at).strip_prefix("uploads.finished 7 ").unwrap().to_owned()
}

pub(super) trait IntoManifest {
    fn into_manifest(self) -> Manifest;
}

impl IntoManifest for CreatePptContentResource {
    fn into_manifest(self) -> Manifest {
        Manifest::CreatePptContentResource(self)
    }
}

pub(super) fn upload(world: &mut World, client: usize, manifest: &Manifest) {
    let files: Vec<_> = manifest.files().iter().map(|name| (*name, name.as_bytes())).collect();
    let package = pack(manifest, &files);
    world.upload(client, &package, 7);
}

/// Connects a presentation.
pub(super) fn open(world: &mut World, client: usize, id: i64) -> Handle<Slides> {
    let content = world.open(client, id);
    world.extend(client, content, Slides::new)
}

/// Takes the calls that a client has received from presentations, with the data of the files;
/// `<-file>` stands for a deleted file.
pub(super) fn received(world: &mut World, client: usize) -> Vec<String> {
    let received = world.received_of(client, "slides.");
    let disk = world.store.disk();
    let with_file = |line: String| {
        let line = line.strip_prefix("slides.").unwrap();
        let Some((start, file)) = line.trim_end_matches('>').split_once('<') else {
            return line.to_owned();
        };
        match disk.files.get(file) {
            Some(bytes) => format!("{start}<{}>", str::from_utf8(bytes).unwrap()),
            None => format!("{start}<-{file}>"),
        }
    };
    received.into_iter().map(with_file).collect()
}

/// Returns the data of the stored files in order.
pub(super) fn stored(world: &World) -> Vec<String> {
    let disk = world.store.disk();
    let mut files: Vec<_> =
        disk.files.values().map(|bytes| String::from_utf8(bytes.clone()).unwrap()).collect();
    files.sort();
    files
}

/// Requests a location.
pub(super) fn go(world: &mut World, client: usize, slides: Handle<Slides>, location: &str) {
    let location = location.to_owned();
    world.on(client, slides, move |_, cx| drop(cx.peers().s_set_location(&location)));
}

/// Reports a failed resource.
pub(super) fn fail(
    world: &mut World,
    client: usize,
    slides: Handle<Slides>,
    (begin, end): (i32, i32),
    format: ResourceFormat,
    code: ResourceErrorCode,
) {
    world.on(client, slides, move |_, cx| {
        drop(cx.peers().s_set_resource_error_code(begin, end, format, code));
    });
}

/// Returns the reason for which the server ended a client's connection.
pub(super) fn broken(world: &World, client: usize) -> String {
    world.pair.server_error(client).expect("the connection is over").to_string()
}
