use std::sync::Arc;

use psom_objects::server::{ContentTypes, Policy};

use crate::{files::Library, shared::limits::Limits};

/// The parts that all meetings of a server have in common.
pub(crate) struct MeetingTemplate {
    pub(crate) url_base: String,
    pub(crate) library: Arc<Library>,
    pub(crate) policy: Arc<dyn Policy>,
    pub(crate) content_types: ContentTypes,
    pub(crate) limits: Limits,
    pub(crate) psom: psom::Config,
}
