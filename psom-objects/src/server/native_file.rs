use psom::{Context, Lifecycle, distributed_object};

use crate::interfaces::{
    NativeFileOnlyContentClientProxy, NativeFileOnlyContentServer, NativeFileOnlyContentServerProxy,
};

/// The extended content of a file that is only shared (section 3.3.4.1.7): it has nothing to say
/// but that everything was said.
#[distributed_object(serves = NativeFileOnlyContentServer, calls = NativeFileOnlyContentClient)]
#[derive(Debug, Default)]
pub struct NativeFileOnlyContent;

impl NativeFileOnlyContentServer for NativeFileOnlyContent {}

impl Lifecycle for NativeFileOnlyContent {
    fn connected(&mut self, cx: &mut Context<Self>) {
        cx.caller().c_connect_completed();
    }
}
