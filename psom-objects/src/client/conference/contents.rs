//! What a user can do. Each call goes to the object that is meant, once the present turn is over;
//! what the server makes of it comes back as an event.

use bytes::Bytes;
use psom::{CallError, Context, DistributedObject, ObjectDesc};

use super::Conference;
use crate::{
    client::{
        contents::{Content, ContentManager},
        event::Event,
        parcel::Parcel,
        uploads::UploadManager,
    },
    package::Manifest,
    types::ContentVisibility,
};

/// # Actions
///
/// An error says that there is nobody to call: no such content or upload, no connection, or none of
/// the meeting yet ([`CallError::NotNow`]: wait for [`Event::Ready`](crate::client::Event::Ready)). A call that
/// turns out to be unsendable is told as [`Event::NotSent`](crate::client::Event::NotSent).
impl Conference {
    /// Reserves a title for a content to be uploaded. Returns the cookie by which the answer,
    /// [`Event::TitleReservation`](crate::client::Event::TitleReservation), and the upload are known.
    pub fn reserve_title(
        &mut self,
        cx: &mut Context<Self>,
        title: impl Into<String>,
    ) -> Result<i32, CallError> {
        let (title, cookie) = (title.into(), self.next_cookie());
        self.on_contents(cx, move |manager, cx| {
            let sent = cx.peers().s_reserve_title(&title, cookie);
            manager.root.check(cx, "reserve a title", sent);
        })?;
        Ok(cookie)
    }

    /// Gives a reserved title back.
    pub fn release_title(&mut self, cx: &mut Context<Self>, cookie: i32) -> Result<(), CallError> {
        self.on_contents(cx, move |manager, cx| {
            let sent = cx.peers().s_release_title(cookie);
            manager.root.check(cx, "release a title", sent);
        })
    }

    /// Asks to upload a package whose title is reserved under this cookie. The answer is
    /// [`Event::UploadAccepted`](crate::client::Event::UploadAccepted) or a rejection, after which the cookie
    /// is good for no other upload (section 3.2.4.1.4.1); the title is for
    /// [another](Self::next_cookie) too.
    ///
    /// # Errors
    /// [`CallError::NotNow`] where the cookie has an upload, or was rejected.
    pub fn request_upload(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        packed_length: i64,
        unpacked_length: i64,
    ) -> Result<(), CallError> {
        self.check_uploads(cx)?;
        cx.get(self.uploads)?.check_new(cookie)?;
        self.on_uploads(cx, move |manager, cx| {
            manager.request_stream(cx, cookie, packed_length, unpacked_length);
        })
    }

    /// Uploads a parcel, from the reservation of its title to the end. Returns the cookie by which
    /// the answers are known: [`Event::ContentCreated`](crate::client::Event::ContentCreated) and
    /// [`Event::UploadFinished`](crate::client::Event::UploadFinished), or that the title or the upload is
    /// refused.
    ///
    /// # Errors
    /// [`CallError::NotNegotiated`] where it would create a content of a type that this client follows
    /// and that the server does not speak (sections 3.1.4.1.15 and 3.1.4.1.16).
    pub fn upload(&mut self, cx: &mut Context<Self>, parcel: Parcel) -> Result<i32, CallError> {
        // Before a title is reserved for something that cannot be sent.
        self.check_uploads(cx)?;
        self.check_negotiated(cx, parcel.kind.as_deref())?;
        let cookie = match parcel.title() {
            Some(title) => self.reserve_title(cx, title)?,
            None => self.next_cookie(),
        };
        self.on_uploads(cx, move |manager, cx| manager.send(cx, cookie, parcel))?;
        Ok(cookie)
    }

    /// Asks to upload the one file that a manifest names through a browser (section 3.3.4.4), from
    /// the reservation of its title on. Returns the cookie of the answers: once
    /// [`Event::WebUploadAccepted`](crate::client::Event::WebUploadAccepted) has said where, a form with
    /// the file is posted there, and then comes [`finish_upload`](Self::finish_upload), or
    /// [`cancel_upload`](Self::cancel_upload) where the POST has failed. A manifest that cannot be
    /// written is told as [`Event::NotSent`](crate::client::Event::NotSent).
    pub fn request_web_upload(
        &mut self,
        cx: &mut Context<Self>,
        manifest: &Manifest,
    ) -> Result<i32, CallError> {
        self.check_uploads(cx)?;
        let title = match manifest {
            Manifest::CreateContent(content) => {
                self.check_negotiated(cx, Some(content.detail.content_type()))?;
                Some(content.common.title.as_str())
            }
            Manifest::CreateAnnotation(_) | Manifest::CreatePptContentResource(_) => None,
        };
        let xml = match manifest.to_xml() {
            Ok(xml) => xml,
            Err(error) => {
                let (action, reason) = ("write the manifest", error.to_string());
                self.on_uploads(cx, move |manager, cx| {
                    manager.root.tell(cx, Event::NotSent { action, reason });
                })?;
                return Ok(self.next_cookie());
            }
        };
        let has_title = title.is_some();
        let cookie = match title {
            Some(title) => self.reserve_title(cx, title)?,
            None => self.next_cookie(),
        };
        self.on_uploads(cx, move |manager, cx| manager.send_form(cx, cookie, xml, has_title))?;
        Ok(cookie)
    }

    /// Asks for an address where a browser can download a file decrypted, once (section 3.3.4.3).
    /// `name` is the file's name on the file server; as an attachment it is saved and not shown.
    /// Returns the cookie of the answer,
    /// [`Event::WebDownloadAccepted`](crate::client::Event::WebDownloadAccepted) or
    /// [`Event::WebDownloadRejected`](crate::client::Event::WebDownloadRejected).
    pub fn request_web_download(
        &mut self,
        cx: &mut Context<Self>,
        name: impl Into<String>,
        is_attachment: bool,
    ) -> Result<i32, CallError> {
        let (name, cookie) = (name.into(), self.next_cookie());
        self.on_uploads(cx, move |manager, cx| {
            manager.request_download(cx, cookie, &name, is_attachment);
        })?;
        Ok(cookie)
    }

    /// A cookie that no upload of this client has had: for
    /// [`request_upload`](Self::request_upload) of a package that needs no title.
    pub fn next_cookie(&mut self) -> i32 {
        self.last_cookie = self.last_cookie.wrapping_add(1);
        self.last_cookie
    }

    /// Sends the next bytes of an accepted upload.
    /// [`Event::UploadProgress`](crate::client::Event::UploadProgress) says when they have arrived: keep
    /// only a few writes under way, or the connection is ended for all that waits to be sent.
    pub fn write(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        data: Bytes,
    ) -> Result<(), CallError> {
        let stream = cx.get(self.uploads)?.stream(cookie).ok_or(CallError::Gone)?;
        cx.try_tell(stream, move |stream, cx| stream.write(cx, data))
    }

    /// Says that the whole package was sent. The answer is
    /// [`Event::UploadFinished`](crate::client::Event::UploadFinished).
    ///
    /// # Errors
    /// [`CallError::NotNow`] where the server has not accepted such an upload, or it is over.
    pub fn finish_upload(&mut self, cx: &mut Context<Self>, cookie: i32) -> Result<(), CallError> {
        self.end_upload(cx, cookie, false)
    }

    /// Gives an upload up.
    ///
    /// # Errors
    /// [`CallError::NotNow`] where the server has not accepted such an upload, or it is over.
    pub fn cancel_upload(&mut self, cx: &mut Context<Self>, cookie: i32) -> Result<(), CallError> {
        self.end_upload(cx, cookie, true)
    }

    fn end_upload(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        cancel: bool,
    ) -> Result<(), CallError> {
        self.check_uploads(cx)?;
        cx.get(self.uploads)?.check_taken(cookie)?;
        self.on_uploads(cx, move |manager, cx| manager.end(cx, cookie, cancel))
    }

    /// Deletes a content.
    pub fn delete_content(&mut self, cx: &mut Context<Self>, id: i64) -> Result<(), CallError> {
        self.on_contents(cx, move |manager, cx| {
            let sent = cx.peers().s_delete_content(id);
            manager.root.check(cx, "delete a content", sent);
        })
    }

    /// Takes the stage with a content, or with none.
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

    /// Leaves the stage, or takes this content off it.
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

    /// Renames a content. The answer is [`Event::TitleAnswered`](crate::client::Event::TitleAnswered).
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

    /// Says who sees a content.
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

    /// Shows a content that is presented before all others that are.
    pub fn make_highest(&mut self, cx: &mut Context<Self>, id: i64) -> Result<(), CallError> {
        self.on_content(cx, id, |content, cx| {
            let sent = cx.peers().s_make_highest_presentation_order();
            content.root.check(cx, "put a content in front", sent);
        })
    }

    /// Checks that the server speaks what contents of this type are made of.
    pub(super) fn check_negotiated(
        &self,
        cx: &mut Context<Self>,
        kind: Option<&str>,
    ) -> Result<(), CallError> {
        let contents = cx.get(self.contents)?;
        let Some(object) = kind.and_then(|kind| contents.follower(kind)) else { return Ok(()) };
        match cx.peers().speaking(&object) {
            0 if !cx.peers().is_empty() => Err(CallError::NotNegotiated(object.serves.name)),
            _ => Ok(()),
        }
    }

    fn on_contents(
        &self,
        cx: &mut Context<Self>,
        run: impl FnOnce(&mut ContentManager, &mut Context<ContentManager>) + Send + 'static,
    ) -> Result<(), CallError> {
        self.check_connected::<ContentManager>(cx.get(self.contents)?.is_connected)?;
        cx.try_tell(self.contents, run)
    }

    fn on_uploads(
        &self,
        cx: &mut Context<Self>,
        run: impl FnOnce(&mut UploadManager, &mut Context<UploadManager>) + Send + 'static,
    ) -> Result<(), CallError> {
        self.check_uploads(cx)?;
        cx.try_tell(self.uploads, run)
    }

    fn check_uploads(&self, cx: &Context<Self>) -> Result<(), CallError> {
        self.check_connected::<UploadManager>(cx.get(self.uploads)?.is_connected)
    }

    /// Refuses what would be said to nobody, and so be lost.
    fn check_connected<T: DistributedObject>(&self, is_connected: bool) -> Result<(), CallError> {
        match is_connected {
            true => Ok(()),
            false if self.over => Err(CallError::Gone),
            // A server connects everything that it speaks before it says that it is ready.
            false if self.model().ready => {
                Err(CallError::NotNegotiated(ObjectDesc::of::<T>().serves.name))
            }
            false => {
                Err(CallError::NotNow("the meeting has not been told yet; wait for Event::Ready"))
            }
        }
    }

    fn on_content(
        &self,
        cx: &mut Context<Self>,
        id: i64,
        run: impl FnOnce(&mut Content, &mut Context<Content>) + Send + 'static,
    ) -> Result<(), CallError> {
        let content = cx.get(self.contents)?.content(id).ok_or(CallError::Gone)?;
        cx.try_tell(content, run)
    }

    /// Does something with the object that follows a content, if it is a `T`.
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
