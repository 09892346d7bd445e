use psom_objects::client::Event;

use crate::{
    error::{CommandError, Result},
    meeting::session::Meeting,
    render::refusal,
    terminal::out,
};

/// Asks the server for an address where a browser can download a decrypted file, and returns the
/// address for people. `name` is the file's name on the file server.
pub(super) async fn request(meeting: &mut Meeting, name: String) -> Result<String> {
    let request = meeting.act(|conference, cx| conference.request_web_download(cx, name, true));
    let request = request.await?;
    let answer = meeting.until("the address of the file", |event| match event {
        Event::WebDownloadAccepted { cookie, url } if *cookie == request => Some(Ok(url.clone())),
        Event::WebDownloadRejected { cookie, reason } if *cookie == request => {
            Some(Err(CommandError::from_sentence(&refusal::download(*reason))))
        }
        _ => None,
    });
    Ok(out::printable(&answer.await??))
}
