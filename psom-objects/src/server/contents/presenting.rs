//! The stage: presenting contents.

use psom::{Context, Scope};

use super::{manager::ContentManager, numbers::NumberChange};
use crate::server::stage::Stage;

impl ContentManager {
    /// Reports whether a user may use the stage.
    pub(super) fn may_present(&self, scope: &Scope, user: i64) -> bool {
        self.meeting.policy().may_present(self.meeting.role(scope, user))
    }

    /// Puts a content on the stage.
    pub(super) fn present(&mut self, cx: &mut Context<Self>, user: i64, content: i64) {
        if self.may_present(cx, user) && self.contents.contains_key(&content) {
            self.set_stage(cx, Stage::presenting(user, content));
        }
    }

    /// Removes a content and its presenter from the stage.
    pub(super) fn stop(&mut self, cx: &mut Context<Self>, user: i64, content: i64) {
        self.set_stage(cx, self.stage.stop(user, content));
    }

    /// Moves a presented content in front of all others.
    pub(super) fn make_highest(&mut self, cx: &mut Context<Self>, user: i64, content: i64) {
        if self.stage.content == content && self.may_present(cx, user) {
            let order = self.numbers.change(cx, NumberChange::NextOrder);
            if let Some(content) = self.contents.get(&content) {
                cx.tell(*content, move |content, cx| content.set_order(cx, order));
            }
        }
    }

    /// Sets the stage and announces the difference. A request without effect must be cheap, because any
    /// client can repeat it at any rate.
    pub(super) fn set_stage(&mut self, cx: &mut Context<Self>, stage: Stage) {
        let before = std::mem::replace(&mut self.stage, stage);
        if before == stage {
            return;
        }
        if before.content != stage.content
            && let Some(content) = self.contents.get(&before.content)
        {
            cx.tell(*content, |content, cx| content.set_presenter(cx, None, 0));
        }
        if let Some(content) = self.contents.get(&stage.content) {
            let order = self.numbers.change(cx, NumberChange::NextOrder);
            let presenter = stage.presenter;
            cx.tell(*content, move |content, cx| {
                content.set_presenter(cx, Some(presenter), order);
            });
        }
        let peers: Vec<_> = self.known.keys().copied().collect();
        self.announce_stage(cx, &peers);
    }
}
