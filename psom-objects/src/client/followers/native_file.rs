use psom::{Context, distributed_object};

use crate::{
    client::{model::content::ContentEvent, root::Root},
    interfaces::{NativeFileOnlyContentClient, NativeFileOnlyContentServer},
};

/// Follows a content that is only a file.
#[distributed_object(
    serves = NativeFileOnlyContentClient,
    calls = NativeFileOnlyContentServer
)]
pub(in crate::client) struct NativeFileFollower {
    id: i64,
    pub(in crate::client) root: Root,
}

impl NativeFileFollower {
    pub(in crate::client) fn new(id: i64, root: Root) -> Self {
        Self { id, root }
    }
}

impl NativeFileOnlyContentClient for NativeFileFollower {
    fn c_connect_completed(&mut self, cx: &mut Context<Self>) {
        self.root.report_content(cx, self.id, ContentEvent::ExtendedReady);
    }
}
