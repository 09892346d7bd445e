//! The files to which a manifest refers.

use std::collections::BTreeSet;

use super::{
    detail::ContentDetail,
    manifest::{Manifest, ResourceDetail},
    names,
    ppt::{PptContentResource, PptResource},
    raw::RawXml,
};

/// The references of one manifest.
#[derive(Default)]
struct References<'m> {
    /// Files that the package must have.
    required: Vec<&'m str>,
    /// Names of files in a nested archive or in another package. They can also be files at the root
    /// of this package.
    inner: Vec<&'m str>,
    /// The element of a third party. Its references cannot be distinguished from other values.
    open: Option<&'m RawXml>,
}

impl Manifest {
    /// Returns the files that the package must have at its root (section 3.2.4.1.4), each once, in
    /// the order of the manifest.
    #[must_use]
    pub fn files(&self) -> Vec<&str> {
        let mut seen = BTreeSet::new();
        let mut files = self.references().required;
        files.retain(|name| seen.insert(names::key_of_name(name)));
        files
    }

    /// Reports whether the package may contain this file: one of [`files`](Self::files), a
    /// thumbnail or notes of a nested archive, or a value in the element of a third party.
    #[must_use]
    pub fn allows(&self, name: &str) -> bool {
        self.allowed_keys().contains(&names::key_of_name(name))
    }

    /// Returns the keys of all files that the package may have.
    pub(super) fn allowed_keys(&self) -> BTreeSet<String> {
        let References { required, inner, open } = self.references();
        let mut keys: BTreeSet<String> =
            required.into_iter().chain(inner).map(names::key_of_name).collect();
        if let Some(open) = open {
            let values = open.values();
            keys.extend(
                values
                    .iter()
                    .filter(|value| names::check_reference(value).is_ok())
                    .map(|value| names::key_of_name(value)),
            );
        }
        keys
    }

    fn references(&self) -> References<'_> {
        let mut references = References::default();
        match self {
            Self::CreateContent(content) => {
                references.required.extend(content.common.native_file.as_deref());
                match &content.detail {
                    ContentDetail::Ppt(ppt) | ContentDetail::PptWac(ppt) => {
                        references.required.extend(ppt.preview_thumbnail_file.as_deref());
                        references.resources(&ppt.resources);
                    }
                    ContentDetail::Other(other) => references.open = other.xml.as_ref(),
                    ContentDetail::Whiteboard
                    | ContentDetail::NativeFileOnly
                    | ContentDetail::Poll(_)
                    | ContentDetail::SharedNotes(_)
                    | ContentDetail::Qna => {}
                }
            }
            Self::CreateAnnotation(annotation) => references.open = annotation.detail.as_ref(),
            Self::CreatePptContentResource(resource) => match &resource.detail {
                Some(ResourceDetail::Resources(resources)) => references.resources(resources),
                Some(ResourceDetail::Other(xml)) => references.open = Some(xml),
                None => {}
            },
        }
        references
    }
}

impl<'m> References<'m> {
    fn resources(&mut self, resources: &'m [PptContentResource]) {
        for resource in resources {
            match &resource.resource {
                PptResource::Thumbnails(package) => {
                    self.required.push(&package.file);
                    self.inner.extend(package.slides.iter().filter_map(|s| s.file.as_deref()));
                }
                PptResource::Notes(package) => {
                    let notes = package.slides.iter().filter_map(|slide| slide.file.as_deref());
                    match &package.file {
                        Some(file) => {
                            self.required.push(file);
                            self.inner.extend(notes);
                        }
                        // Without a nested archive, the notes can only be at the root.
                        None => self.required.extend(notes),
                    }
                }
                PptResource::DhtmlMarkup(slides) => {
                    self.required.extend(slides.iter().filter_map(|s| s.file.as_deref()));
                    let used = slides.iter().flat_map(|slide| &slide.resources);
                    self.inner.extend(used.filter_map(|file| file.as_deref()));
                }
                PptResource::DhtmlResources(files) => {
                    self.required.extend(files.iter().filter_map(|file| file.as_deref()));
                }
                PptResource::Jpegs(slides) => {
                    self.required.extend(slides.iter().filter_map(|s| s.file.as_deref()));
                }
                PptResource::PartialPpt { file, .. } | PptResource::FullPpt { file, .. } => {
                    self.required.extend(file.as_deref());
                }
                PptResource::NativeFile(file) => self.required.push(file),
            }
        }
    }
}
