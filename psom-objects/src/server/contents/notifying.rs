//! Announcing contents and the stage to the clients that may see them.

use std::collections::BTreeSet;

use psom::{Context, Handle, PeerId, PeerInfo};

use super::{content::Content, manager::ContentManager};
use crate::{server::stage::Stage, types::Role};

impl ContentManager {
    /// Announces the changed visibility of a content. Clients that no longer see it receive
    /// its removal. The others receive its visibility.
    pub(super) fn visibility_changed(&mut self, cx: &mut Context<Self>, content: i64) {
        self.sync(cx);
        if let Some(content) = self.contents.get(&content) {
            cx.tell(*content, |content, cx| content.announce_visibility(cx));
        }
    }

    /// Announces to every client the contents that it now sees or no longer sees, and its view of
    /// the stage.
    pub(super) fn sync(&mut self, cx: &mut Context<Self>) {
        for peer in cx.peer_infos() {
            self.sync_peer(cx, &peer);
        }
    }

    /// Announces to one client the contents that it now sees or no longer sees, and its view of the
    /// stage.
    pub(super) fn sync_peer(&mut self, cx: &mut Context<Self>, peer: &PeerInfo) {
        let role = self.meeting.role(cx, peer.user.id);
        let contents = &self.contents;
        let announced = &mut self.known.entry(peer.id).or_default().contents;
        let sees = |cx: &Context<Self>, content: &Handle<Content>| {
            let content = cx.get(*content).ok()?;
            role.sees(content.properties().visibility).then_some(content.kind)
        };
        let is_hidden = |id: &i64| contents.get(id).and_then(|content| sees(cx, content)).is_none();
        let hidden: Vec<_> = announced.iter().copied().filter(is_hidden).collect();
        let others = contents.iter().filter(|(id, _)| !announced.contains(id));
        let others = others.filter_map(|(id, content)| Some((*id, sees(cx, content)?)));
        let shown: Vec<_> = others.collect();
        if let Some(client) = cx.peer(peer.id) {
            for id in &hidden {
                announced.remove(id);
                client.c_content_removed(*id);
            }
            for (id, kind) in shown {
                announced.insert(id);
                client.c_content_added(id, kind);
            }
        }
        self.announce_stage(cx, &[peer.id]);
        for content in hidden.iter().filter_map(|id| self.contents.get(id)) {
            let peer = peer.id;
            cx.tell(*content, move |content, cx| content.hide_from(cx, peer));
        }
    }

    /// Announces the stage to those of these clients whose view of it has changed.
    pub(super) fn announce_stage(&mut self, cx: &mut Context<Self>, peers: &[PeerId]) {
        let (mut see, mut see_none, mut others) =
            <(BTreeSet<_>, BTreeSet<_>, BTreeSet<_>)>::default();
        for peer in peers {
            let Some(known) = self.known.get_mut(peer) else { continue };
            // A content that this client does not see is not on its stage.
            let sees = known.contents.contains(&self.stage.content);
            let stage = if sees { self.stage } else { Stage { content: 0, ..self.stage } };
            let before = std::mem::replace(&mut known.stage, stage);
            if before.content != stage.content {
                if sees { &mut see } else { &mut see_none }.insert(*peer);
            }
            if before.presenter != stage.presenter {
                others.insert(*peer);
            }
        }
        for (peers, content) in [(see, self.stage.content), (see_none, 0)] {
            cx.only(&peers).c_set_active_content(content);
        }
        cx.only(&others).c_set_active_presenter(self.stage.presenter);
    }

    /// Notifies all contents that the role of a user has changed, or that the user has left.
    pub(super) fn notify_contents(&self, cx: &mut Context<Self>, user: i64, role: Option<Role>) {
        for content in self.contents.values() {
            cx.tell(*content, move |content, cx| content.user_changed(cx, user, role));
        }
    }
}
