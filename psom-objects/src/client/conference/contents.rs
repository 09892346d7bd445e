use psom::{CallError, Context, DistributedObject, ObjectDesc};

use super::Conference;
use crate::{
    client::contents::{ContentFollower, ContentsFollower},
    types::ContentVisibility,
};

/// # Actions
///
/// An action is sent after the current turn. The server's answer is an event.
///
/// Every action fails with [`CallError::Gone`] if the content or the connection does not exist, and
/// with [`CallError::NotNow`] before [`Event::Ready`](crate::client::Event::Ready). A call that
/// cannot be sent is reported as [`Event::NotSent`](crate::client::Event::NotSent).
impl Conference {
    /// Deletes a content.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn delete_content(&mut self, cx: &mut Context<Self>, id: i64) -> Result<(), CallError> {
        self.on_contents(cx, move |manager, cx| {
            let sent = cx.peers().s_delete_content(id);
            manager.root.check(cx, "delete a content", sent);
        })
    }

    /// Takes the stage with a content, or without one.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn present(&mut self, cx: &mut Context<Self>, id: Option<i64>) -> Result<(), CallError> {
        let Some(id) = id else {
            return self.on_contents(cx, |manager, cx| {
                let sent = cx.peers().s_present();
                manager.root.check(cx, "take the stage", sent);
            });
        };
        self.on_content(cx, id, |content, cx| {
            let sent = cx.peers().s_present();
            content.root.check(cx, "present a content", sent);
        })
    }

    /// Leaves the stage, or removes this content from it.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn stop_presenting(
        &mut self,
        cx: &mut Context<Self>,
        id: Option<i64>,
    ) -> Result<(), CallError> {
        let Some(id) = id else {
            return self.on_contents(cx, |manager, cx| {
                let sent = cx.peers().s_stop_presenting();
                manager.root.check(cx, "leave the stage", sent);
            });
        };
        self.on_content(cx, id, |content, cx| {
            let sent = cx.peers().s_stop_presenting();
            content.root.check(cx, "stop presenting a content", sent);
        })
    }

    /// Renames a content. The answer is
    /// [`ContentEvent::TitleAnswered`](crate::client::ContentEvent::TitleAnswered).
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn set_title(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        title: impl Into<String>,
    ) -> Result<(), CallError> {
        let title = title.into();
        self.on_content(cx, id, move |content, cx| {
            let sent = cx.peers().s_set_title(&title);
            content.root.check(cx, "rename a content", sent);
        })
    }

    /// Sets which users see a content.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn set_visibility(
        &mut self,
        cx: &mut Context<Self>,
        id: i64,
        visibility: ContentVisibility,
    ) -> Result<(), CallError> {
        self.on_content(cx, id, move |content, cx| {
            let sent = cx.peers().s_set_visibility(visibility);
            content.root.check(cx, "show or hide a content", sent);
        })
    }

    /// Moves a presented content in front of all others.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn make_highest(&mut self, cx: &mut Context<Self>, id: i64) -> Result<(), CallError> {
        self.on_content(cx, id, |content, cx| {
            let sent = cx.peers().s_make_highest_presentation_order();
            content.root.check(cx, "put a content in front", sent);
        })
    }

    pub(super) fn on_contents(
        &self,
        cx: &mut Context<Self>,
        run: impl FnOnce(&mut ContentsFollower, &mut Context<ContentsFollower>) + Send + 'static,
    ) -> Result<(), CallError> {
        self.check_connected::<ContentsFollower>(cx.get(self.contents)?.is_connected)?;
        cx.try_tell(self.contents, run)
    }

    /// Refuses a call to an object that the server has not connected.
    pub(super) fn check_connected<T: DistributedObject>(
        &self,
        is_connected: bool,
    ) -> Result<(), CallError> {
        if is_connected {
            return Ok(());
        }
        Err(if self.has_ended {
            CallError::Gone
        } else if self.model().ready {
            // A server connects everything that it supports before it announces that it is ready.
            CallError::NotNegotiated(ObjectDesc::of::<T>().serves.name)
        } else {
            CallError::NotNow("the server has not sent the meeting yet; wait for Event::Ready")
        })
    }

    fn on_content(
        &self,
        cx: &mut Context<Self>,
        id: i64,
        run: impl FnOnce(&mut ContentFollower, &mut Context<ContentFollower>) + Send + 'static,
    ) -> Result<(), CallError> {
        let content = cx.get(self.contents)?.content(id).ok_or(CallError::Gone)?;
        cx.try_tell(content, run)
    }

    /// Calls the object that follows a content, if it is a `T`.
    pub(super) fn on_extended<T: DistributedObject>(
        &self,
        cx: &mut Context<Self>,
        id: i64,
        run: impl FnOnce(&mut T, &mut Context<T>) + Send + 'static,
    ) -> Result<(), CallError> {
        let extended = self.extended::<T>(cx, id).ok_or(CallError::Gone)?;
        cx.try_tell(extended, run)
    }
}
