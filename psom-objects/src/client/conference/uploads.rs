use bytes::Bytes;
use psom::{CallError, Context};

use super::{Conference, outcomes::RequestError};
use crate::{
    client::{event::Event, upload::Upload, uploads::ClientUploads},
    package::Manifest,
};

/// # Uploads and downloads
///
/// Each upload has a cookie, under which its [`Event::Upload`]s are reported.
impl Conference {
    /// Reserves a title for a content to be uploaded. Returns the cookie of the upload. The answer
    /// is [`UploadEvent::TitleReservation`](crate::client::UploadEvent::TitleReservation).
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn reserve_title(
        &mut self,
        cx: &mut Context<Self>,
        title: impl Into<String>,
    ) -> Result<i32, CallError> {
        let (title, cookie) = (title.into(), self.next_cookie());
        self.on_contents(cx, move |manager, cx| manager.reserve(cx, &title, cookie))?;
        Ok(cookie)
    }

    /// Releases a reserved title.
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
    pub fn release_title(&mut self, cx: &mut Context<Self>, cookie: i32) -> Result<(), CallError> {
        self.on_contents(cx, move |manager, cx| {
            let sent = cx.peers().s_release_title(cookie);
            manager.root.check(cx, "release a title", sent);
        })
    }

    /// Uploads a package, from the reservation of its title to the end. Returns the cookie of the
    /// upload. It ends with [`UploadEvent::Finished`](crate::client::UploadEvent::Finished), or
    /// earlier with the rejection of the title or of the upload.
    ///
    /// # Errors
    /// The errors of all [actions](#actions), and [`CallError::NotNegotiated`] if the package
    /// creates a content of a type that this client follows and the server does not support
    /// (sections 3.1.4.1.15 and 3.1.4.1.16).
    pub fn upload(&mut self, cx: &mut Context<Self>, upload: Upload) -> Result<i32, CallError> {
        // No title is reserved for a package that cannot be sent.
        self.check_uploads(cx)?;
        self.check_negotiated(cx, upload.content_type.as_deref())?;
        let cookie = match upload.title() {
            Some(title) => self.reserve_title(cx, title)?,
            None => self.next_cookie(),
        };
        self.on_uploads(cx, move |manager, cx| manager.send(cx, cookie, upload))?;
        Ok(cookie)
    }

    /// Uploads a package whose title is reserved under this cookie.
    ///
    /// # Errors
    /// The errors of [`upload`](Self::upload), and [`CallError::NotNow`] if the cookie has an
    /// upload already, or its upload was rejected.
    pub fn upload_reserved(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        upload: Upload,
    ) -> Result<(), CallError> {
        self.check_uploads(cx)?;
        self.check_negotiated(cx, upload.content_type.as_deref())?;
        cx.get(self.uploads)?.check_unused(cookie)?;
        self.on_uploads(cx, move |manager, cx| manager.send_reserved(cx, cookie, upload))
    }

    /// Requests an upload that the program sends itself with [`write`](Self::write). The answer is
    /// [`UploadEvent::Accepted`](crate::client::UploadEvent::Accepted) or
    /// [`UploadEvent::Rejected`](crate::client::UploadEvent::Rejected). After a rejection the
    /// cookie cannot be used again (section 3.2.4.1.4.1), but the title can be reserved under
    /// [another](Self::next_cookie).
    ///
    /// # Errors
    /// The errors of all [actions](#actions), and [`CallError::NotNow`] if the cookie has an upload
    /// already, or its upload was rejected.
    pub fn request_upload(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        packed_bytes: i64,
        unpacked_bytes: i64,
    ) -> Result<(), CallError> {
        self.check_uploads(cx)?;
        cx.get(self.uploads)?.check_unused(cookie)?;
        self.on_uploads(cx, move |manager, cx| {
            manager.request_stream(cx, cookie, packed_bytes, unpacked_bytes);
        })
    }

    /// Requests an upload of the one file that a manifest names, through a browser (section
    /// 3.3.4.4), from the reservation of its title on. Returns the cookie of the upload.
    ///
    /// [`UploadEvent::WebUploadAccepted`](crate::client::UploadEvent::WebUploadAccepted) carries the
    /// URL to which a form with the file is posted. [`finish_upload`](Self::finish_upload)
    /// follows, or [`cancel_upload`](Self::cancel_upload) if the POST has failed. A manifest that
    /// cannot be written is reported as [`Event::NotSent`].
    ///
    /// # Errors
    /// The errors of [`upload`](Self::upload).
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
                    manager.root.report(cx, Event::NotSent { action, reason });
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

    /// Requests a URL where a browser can download a decrypted file once (section 3.3.4.3).
    /// `name` is the file's name on the file server. A browser saves an attachment, and shows
    /// anything else. Returns the cookie of the answer: [`Event::WebDownloadAccepted`] or
    /// [`Event::WebDownloadRejected`].
    ///
    /// # Errors
    /// The errors of all [actions](#actions).
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

    /// Calls `then` with the outcome of a reservation of this turn, by its cookie.
    pub fn when_reserved(
        &mut self,
        cookie: i32,
        then: impl FnOnce(Result<(), RequestError>) + Send + 'static,
    ) {
        self.outcomes.wait_for_title(cookie, Box::new(then));
    }

    /// Calls `then` with the outcome of an upload of this turn, by its cookie: the ID of the content that
    /// it has become, or `None` if the package creates no content.
    pub fn when_uploaded(
        &mut self,
        cookie: i32,
        then: impl FnOnce(Result<Option<i64>, RequestError>) + Send + 'static,
    ) {
        self.outcomes.wait_for_upload(cookie, Box::new(then));
    }

    /// Returns a cookie that this client has not used yet, for the upload of a package that needs
    /// no title.
    pub fn next_cookie(&mut self) -> i32 {
        self.last_cookie = self.last_cookie.wrapping_add(1);
        self.last_cookie
    }

    /// Sends the next bytes of an upload that was [requested](Self::request_upload) and accepted.
    /// [`UploadEvent::Progress`](crate::client::UploadEvent::Progress) reports the bytes that have
    /// arrived. Wait for it after a few writes: the connection ends when the send queue is full.
    ///
    /// # Errors
    /// [`CallError::Gone`] if there is no such upload.
    pub fn write(
        &mut self,
        cx: &mut Context<Self>,
        cookie: i32,
        data: Bytes,
    ) -> Result<(), CallError> {
        let stream = cx.get(self.uploads)?.stream(cookie).ok_or(CallError::Gone)?;
        cx.try_tell(stream, move |stream, cx| stream.write(cx, data))
    }

    /// Announces that the whole package was sent. The answer is
    /// [`UploadEvent::Finished`](crate::client::UploadEvent::Finished).
    ///
    /// # Errors
    /// [`CallError::NotNow`] if the server has not accepted such an upload, or it has ended.
    pub fn finish_upload(&mut self, cx: &mut Context<Self>, cookie: i32) -> Result<(), CallError> {
        self.end_upload(cx, cookie, false)
    }

    /// Cancels an upload.
    ///
    /// # Errors
    /// [`CallError::NotNow`] if the server has not accepted such an upload, or it has ended.
    pub fn cancel_upload(&mut self, cx: &mut Context<Self>, cookie: i32) -> Result<(), CallError> {
        self.end_upload(cx, cookie, true)
    }

    fn end_upload(
        &self,
        cx: &mut Context<Self>,
        cookie: i32,
        cancel: bool,
    ) -> Result<(), CallError> {
        self.check_uploads(cx)?;
        cx.get(self.uploads)?.check_accepted(cookie)?;
        self.on_uploads(cx, move |manager, cx| manager.end(cx, cookie, cancel))
    }

    /// Checks that the server supports contents of this type.
    fn check_negotiated(
        &self,
        cx: &mut Context<Self>,
        content_type: Option<&str>,
    ) -> Result<(), CallError> {
        let contents = cx.get(self.contents)?;
        let Some(object) = content_type.and_then(|kind| contents.follower(kind)) else {
            return Ok(());
        };
        if cx.peers().speaking(&object) == 0 && !cx.peers().is_empty() {
            return Err(CallError::NotNegotiated(object.serves.name));
        }
        Ok(())
    }

    fn on_uploads(
        &self,
        cx: &mut Context<Self>,
        run: impl FnOnce(&mut ClientUploads, &mut Context<ClientUploads>) + Send + 'static,
    ) -> Result<(), CallError> {
        self.check_uploads(cx)?;
        cx.try_tell(self.uploads, run)
    }

    fn check_uploads(&self, cx: &Context<Self>) -> Result<(), CallError> {
        self.check_connected::<ClientUploads>(cx.get(self.uploads)?.is_connected)
    }
}
