//! Transfers of single files by browsers, which can neither create packages nor decrypt files
//! (sections 3.3.4.3 and 3.3.4.4). Each address is a secret that permits one attempt: a POST to an
//! upload address or a GET of a download address uses it up, whether or not it succeeds. A HEAD request
//! has the same headers and does not use up the address.

mod disposition;
mod download;
mod form;
mod refusal;
mod upload;

pub(super) use download::download;
pub(super) use upload::upload;

/// Returns the file in a form that arrives in frames of this size. `None` if the form is refused.
pub(super) fn read_form(body: &[u8], frame_bytes: usize) -> Option<Vec<u8>> {
    let frames: Vec<_> =
        body.chunks(frame_bytes).map(|frame| Ok(bytes::Bytes::copy_from_slice(frame))).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().ok()?;
    runtime.block_on(async {
        let frames = futures_util::stream::iter(frames);
        let mut form = form::Form::new("multipart/form-data; boundary=b", frames).ok()?;
        let mut file = Vec::new();
        while let Some(data) = form.next().await.ok()? {
            file.extend_from_slice(&data);
        }
        Some(file)
    })
}
