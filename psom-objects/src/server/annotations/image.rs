use psom::{Context, Handle, Scope};

use super::{container::AnnotationContainer, state::BoardChange};
use crate::{
    annotation::{Annotation, ErrorCode, Kind, Properties, Property},
    package::{RawXml, key_of_name},
    server::content_type::{Added, Addition, Refusal},
    store::StoredFile,
    types::UploadFinishReason,
};

/// The namespace of an image's detail.
const NAMESPACE: &str = "urn:psom:annotation";

/// The attribute that names the file in the package; all others are properties.
const FILE: &str = "file";

impl AnnotationContainer {
    /// Adds the image of a package. The specification does not define the package's detail. This
    /// server expects an element `imageAnnotation` of the namespace `urn:psom:annotation`: its
    /// attribute `file` names the file, and its other attributes are properties by their names.
    /// `EXTENT`, the size of the image, is required.
    ///
    /// # Errors
    /// The user may not annotate, the detail is malformed, the file is missing or larger than the
    /// limit, a constraint is violated, or the board is full.
    pub fn add_image(
        scope: &mut Scope,
        this: Handle<Self>,
        addition: Addition,
    ) -> Result<(), Refusal> {
        let container = scope.get(this).map_err(|_| Refusal::malformed("the content is gone"))?;
        let (user, mut files) = (addition.user, addition.files.into_iter());
        if !container.meeting.policy().may_annotate(container.meeting.role(scope, user)) {
            let why = "the user may not annotate";
            return Err(Refusal::new(UploadFinishReason::UnknownFailure, why));
        }
        let Added::Annotation(Some(detail)) = addition.what else {
            return Err(Refusal::malformed("the package has no detail of an image"));
        };
        let (name, properties) = read(&detail)?;
        let (Some((entry, file)), None) = (files.next(), files.next()) else {
            return Err(Refusal::malformed("the package of an image must have exactly one file"));
        };
        if key_of_name(&entry) != key_of_name(&name) {
            return Err(Refusal::malformed("the package lacks the file that the detail names"));
        }
        let largest = container.meeting.limits().annotations.image_file_size;
        if file.size > u64::try_from(largest).unwrap_or(0) {
            let why = "the file of the image is larger than the limit";
            return Err(Refusal::new(UploadFinishReason::MaxPackageSizeExceeded, why));
        }
        container.takes(Kind::Image, &properties).map_err(|code| match code {
            ErrorCode::TooManyAnnotations | ErrorCode::BoardFull => {
                Refusal::new(UploadFinishReason::CapacityExceeded, code.name())
            }
            code => Refusal::malformed(code.name()),
        })?;
        let annotation = Annotation::new(Kind::Image, user, properties);
        scope.tell(this, move |container, cx| container.insert_image(cx, annotation, file));
        Ok(())
    }

    /// Adds an image, saves it, and announces its file.
    fn insert_image(&mut self, cx: &mut Context<Self>, annotation: Annotation, stored: StoredFile) {
        let id = self.add(cx, annotation);
        self.flush(cx);
        let file = self.meeting.encrypted_file(&stored);
        cx.peers().c_set_image_file_info(id, file.clone());
        self.change(cx, BoardChange::Image { id, stored, file });
    }
}

/// Reads the file name and the properties of an image.
fn read(detail: &RawXml) -> Result<(String, Properties), Refusal> {
    if (detail.namespace(), detail.name()) != (NAMESPACE, "imageAnnotation") {
        return Err(Refusal::malformed("the detail is not an `imageAnnotation`"));
    }
    let mut file = None;
    let mut properties = Properties::new();
    for (name, value) in detail.attributes() {
        if name == FILE {
            file = Some(value);
        } else if let Some(property) = Property::from_name(&name) {
            properties.insert(property, value);
        } else {
            return Err(Refusal::malformed("the detail has an unknown attribute"));
        }
    }
    let file = file.ok_or_else(|| Refusal::malformed("the detail has no attribute `file`"))?;
    // Only clients with the key can read the size from the file itself.
    if !properties.contains_key(&Property::Extent) {
        return Err(Refusal::malformed("the detail has no attribute `EXTENT`"));
    }
    Ok((file, properties))
}
