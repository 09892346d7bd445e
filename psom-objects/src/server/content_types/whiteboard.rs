use psom::{Context, Handle, Lifecycle, Scope, Violation, distributed_object};

use crate::{
    interfaces::{WhiteboardContentClient, WhiteboardContentServer},
    package::ContentDetail,
    server::{
        annotations::container::AnnotationContainer,
        content_type::{Addition, ContentType, NewContent, OldContent, Refusal},
    },
    types::Role,
};

/// The extended content of a whiteboard (section 3.3.4.1.9). It consists of annotations.
#[distributed_object(
    serves = WhiteboardContentServer,
    calls = WhiteboardContentClient,
    connects = AnnotationContainer
)]
#[derive(Debug)]
pub struct WhiteboardContent {
    annotations: Handle<AnnotationContainer>,
}

impl WhiteboardContentServer for WhiteboardContent {}

#[cfg(feature = "offline")]
impl WhiteboardContent {
    /// Returns the board.
    pub(in crate::server) fn annotations(&self) -> Handle<AnnotationContainer> {
        self.annotations
    }
}

impl ContentType for WhiteboardContent {
    const NAME: &'static str = "Content.Whiteboard";

    fn create(scope: &mut Scope, new: NewContent<'_>) -> Result<Self, Refusal> {
        if new.detail != ContentDetail::Whiteboard {
            return Err(Refusal::malformed("the detail is no whiteboard's"));
        }
        let container = AnnotationContainer::new(new.meeting, new.content, &new.memory);
        Ok(Self { annotations: scope.add(container) })
    }

    fn restore(scope: &mut Scope, old: OldContent<'_>) -> Result<Self, Refusal> {
        let container = AnnotationContainer::restore(&old)?;
        Ok(Self { annotations: scope.add(container) })
    }

    fn add(&mut self, cx: &mut Context<Self>, addition: Addition) -> Result<(), Refusal> {
        AnnotationContainer::add_image(cx, self.annotations, addition)
    }

    fn user_changed(&mut self, cx: &mut Context<Self>, user: i64, role: Option<Role>) {
        AnnotationContainer::user_changed(cx, self.annotations, user, role);
    }

    fn deleted(&mut self, cx: &mut Context<Self>) {
        cx.remove(self.annotations);
    }
}

impl Lifecycle for WhiteboardContent {
    fn connected(&mut self, cx: &mut Context<Self>) {
        let Some(peer) = cx.caller().id() else { return };
        // A second connection would send the same annotations again.
        if cx.peer_infos().iter().filter(|info| info.id == peer).count() > 1 {
            return cx.caller().expel(Violation::new("a whiteboard is connected once"));
        }
        // A client without the interface of annotations still receives the end of the initial
        // state.
        let _ = cx.caller().connect(AnnotationContainer::PART, self.annotations);
        // This call follows the snapshot that the container sends when it is connected.
        let this = cx.handle();
        cx.tell(this, move |_, cx| {
            if let Some(client) = cx.peer(peer) {
                client.c_connect_completed();
            }
        });
    }

    fn disconnected(&mut self, cx: &mut Context<Self>) {
        if let Some(peer) = cx.caller().id() {
            let _ = cx.disconnect(self.annotations, peer);
        }
    }
}
