//! Notifying clients of contents and of the stage, as far as they may see them.

use std::collections::BTreeSet;

use psom::{Context, Handle, PeerId, PeerInfo};

use super::{content::Content, manager::ContentManager};
use crate::{server::stage::Stage, types::Role};

impl ContentManager {
    /// A content has another visibility: those who see it no longer are told that it is gone, and
    /// then those who do what it is.
    pub(super) fn on_visibility(&mut self, cx: &mut Context<Self>, content: i64) {
        self.sync(cx);
        if let Some(content) = self.contents.get(&content) {
            cx.tell(*content, |content, cx| content.tell_visibility(cx));
        }
    }

    /// Tells every client what has changed for it: contents that it sees now or sees no longer, and
    /// the stage as far as it sees it.
    pub(super) fn sync(&mut self, cx: &mut Context<Self>) {
        for peer in cx.peer_infos() {
            self.sync_peer(cx, &peer);
        }
    }

    pub(super) fn sync_peer(&mut self, cx: &mut Context<Self>, peer: &PeerInfo) {
        let role = self.meeting.role(cx, peer.user.id);
        let contents = &self.contents;
        let told = &mut self.known.entry(peer.id).or_default().contents;
        let sees = |cx: &Context<Self>, content: &Handle<Content>| {
            let content = cx.get(*content).ok()?;
            role.sees(content.properties().visibility).then_some(content.kind)
        };
        let is_hidden = |id: &i64| contents.get(id).and_then(|content| sees(cx, content)).is_none();
        let hidden: Vec<_> = told.iter().copied().filter(is_hidden).collect();
        let others = contents.iter().filter(|(id, _)| !told.contains(id));
        let others = others.filter_map(|(id, content)| Some((*id, sees(cx, content)?)));
        let shown: Vec<_> = others.collect();
        if let Some(mut client) = cx.peer(peer.id) {
            for id in &hidden {
                told.remove(id);
                client.c_content_removed(*id);
            }
            for (id, kind) in shown {
                told.insert(id);
                client.c_content_added(id, kind);
            }
        }
        self.tell_stage(cx, &[peer.id]);
        for content in hidden.iter().filter_map(|id| self.contents.get(id)) {
            let peer = peer.id;
            cx.tell(*content, move |content, cx| content.hide_from(cx, peer));
        }
    }

    /// Tells these clients of the stage, as far as they see it, where they were told otherwise.
    pub(super) fn tell_stage(&mut self, cx: &mut Context<Self>, peers: &[PeerId]) {
        let (mut see, mut see_none, mut others) =
            <(BTreeSet<_>, BTreeSet<_>, BTreeSet<_>)>::default();
        for peer in peers {
            let Some(told) = self.known.get_mut(peer) else { continue };
            // A content that this client does not see is not on its stage.
            let sees = told.contents.contains(&self.stage.content);
            let stage = if sees { self.stage } else { Stage { content: 0, ..self.stage } };
            let before = std::mem::replace(&mut told.stage, stage);
            if before.content != stage.content {
                if sees { &mut see } else { &mut see_none }.insert(*peer);
            }
            if before.presenter != stage.presenter {
                others.insert(*peer);
            }
        }
        for (peers, content) in [(see, self.stage.content), (see_none, 0)] {
            cx.peers().filter(|peer| peers.contains(&peer.id)).c_set_active_content(content);
        }
        let mut others = cx.peers().filter(|peer| others.contains(&peer.id));
        others.c_set_active_presenter(self.stage.presenter);
    }

    /// Tells all contents that a user has become something else, or has left.
    pub(super) fn tell_contents(&self, cx: &mut Context<Self>, user: i64, role: Option<Role>) {
        for content in self.contents.values() {
            cx.tell(*content, move |content, cx| content.user_changed(cx, user, role));
        }
    }
}
