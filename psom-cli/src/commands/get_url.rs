use psom_objects::client::{Event, explain};

use crate::{
    failure::{Failure, Result},
    joined::Joined,
    out,
};

/// Asks the server to decrypt a file for a browser, and prints where. `name` is the file's name on
/// the file server.
pub async fn get(mut joined: Joined, name: String) -> Result {
    let asked = joined.act(|conference, cx| conference.request_web_download(cx, name, true));
    let asked = asked.await?;
    let answer = joined.until("where the file can be downloaded", |event, _| match event {
        Event::WebDownloadAccepted { cookie, url } if *cookie == asked => Some(Ok(url.clone())),
        Event::WebDownloadRejected { cookie, reason } if *cookie == asked => {
            Some(Err(Failure::explained(&explain::download(*reason))))
        }
        _ => None,
    });
    let url = answer.await??;
    joined.leave().await?;
    out::line(out::printable(&url))
}
