//! Recorded changes of a board. Unlike the methods of the protocol, they report a refusal to the
//! object that plays them.

use psom::Context;

use super::container::AnnotationContainer;
use crate::{
    annotation::{Annotation, ErrorCode, Kind, read},
    interfaces::AnnotationContainerServer as _,
};

impl AnnotationContainer {
    /// Adds an annotation of the caller, like `sAddAnnotation`.
    pub(in crate::server) fn add_recorded(
        &mut self,
        cx: &mut Context<Self>,
        r#type: i32,
        properties: Vec<Vec<String>>,
    ) -> Result<(), ErrorCode> {
        let kind = Kind::from_number(r#type).ok_or(ErrorCode::InvalidProperties)?;
        let properties = read(properties).map_err(|_| ErrorCode::InvalidProperties)?;
        if !self.may_annotate(cx) {
            return Err(ErrorCode::NotAuthorized);
        }
        if kind == Kind::Image {
            return Err(ErrorCode::ImageNeedsPackage);
        }
        self.takes(kind, &properties)?;
        let owner = cx.caller().user().id;
        self.add(cx, Annotation::new(kind, owner, properties));
        Ok(())
    }

    /// Removes those of the annotations that exist, like `sRemoveAnnotations`.
    pub(in crate::server) fn remove_recorded(
        &mut self,
        cx: &mut Context<Self>,
        ids: Vec<i32>,
    ) -> Result<(), ErrorCode> {
        if !self.may_annotate(cx) {
            return Err(ErrorCode::NotAuthorized);
        }
        if !ids.iter().any(|id| self.board().get(*id).is_some()) {
            return Err(ErrorCode::NothingToRemove);
        }
        self.s_remove_annotations(cx, ids, 0);
        Ok(())
    }

    /// Removes all annotations, like `sClearAnnotations`.
    pub(in crate::server) fn clear_recorded(
        &mut self,
        cx: &mut Context<Self>,
    ) -> Result<(), ErrorCode> {
        if !self.may_annotate(cx) {
            return Err(ErrorCode::NotAuthorized);
        }
        if self.board().is_empty() {
            return Err(ErrorCode::NothingToClear);
        }
        self.s_clear_annotations(cx);
        Ok(())
    }
}
