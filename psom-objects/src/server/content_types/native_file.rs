use psom::{Context, Lifecycle, Scope, distributed_object};

use crate::{
    interfaces::{NativeFileOnlyContentClient, NativeFileOnlyContentServer},
    server::content_type::{ContentType, NewContent, OldContent, Refusal},
};

/// The extended content of a shared file (section 3.3.4.1.7). It has no state and only
/// announces the end of its initial state.
#[distributed_object(serves = NativeFileOnlyContentServer, calls = NativeFileOnlyContentClient)]
#[derive(Debug, Default)]
pub struct NativeFileOnlyContent;

impl NativeFileOnlyContentServer for NativeFileOnlyContent {}

impl ContentType for NativeFileOnlyContent {
    const NAME: &'static str = "Content.NativeFileOnly";

    fn create(_: &mut Scope, new: NewContent<'_>) -> Result<Self, Refusal> {
        match new.native_file {
            Some(_) => Ok(Self),
            None => Err(Refusal::malformed("there is no native file")),
        }
    }

    fn restore(_: &mut Scope, _: OldContent<'_>) -> Result<Self, Refusal> {
        Ok(Self)
    }
}

impl Lifecycle for NativeFileOnlyContent {
    fn connected(&mut self, cx: &mut Context<Self>) {
        cx.caller().c_connect_completed();
    }
}
