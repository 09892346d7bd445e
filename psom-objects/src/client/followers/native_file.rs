use psom::{Context, distributed_object};

use crate::{
    client::{event::Event, root::Root},
    interfaces::{self, NativeFileOnlyContentClient},
};

/// A content that is a file and nothing more.
#[distributed_object(
    serves = interfaces::NativeFileOnlyContentClient,
    calls = interfaces::NativeFileOnlyContentServer
)]
pub(in crate::client) struct NativeFileOnlyContent {
    id: i64,
    pub(in crate::client) root: Root,
}

impl NativeFileOnlyContent {
    pub(in crate::client) fn new(id: i64, root: Root) -> Self {
        Self { id, root }
    }
}

impl NativeFileOnlyContentClient for NativeFileOnlyContent {
    fn c_connect_completed(&mut self, cx: &mut Context<Self>) {
        self.root.tell(cx, Event::ExtendedReady { id: self.id });
    }
}
