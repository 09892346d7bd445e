//! The interfaces of the content type.

use bytes::Bytes;
use psom::{Context, psom_interface};

/// A document on the server. Users change it through their links, not through calls.
#[psom_interface(name = "Psom.Document", version = 1, hash = 3389120517684920773)]
pub trait DocumentServer {}

/// A document on the client.
#[psom_interface(name = "Psom.Document", version = 1, hash = -7710023385417266104)]
pub trait DocumentClient {
    /// Marks the end of the document's initial state.
    fn c_connect_completed(&mut self, cx: &mut Context<Self>);
    /// Sets the address at which this user edits the document. It is empty for a user who may not
    /// edit.
    fn c_set_link(&mut self, cx: &mut Context<Self>, url: String);
    /// Announces a revision: its number, size in bytes, SHA-1, author and time in UTC, and the
    /// name, key and initialization vector of its file on the file server.
    #[expect(clippy::too_many_arguments, reason = "one call carries a whole revision")]
    fn c_add_revision(
        &mut self,
        cx: &mut Context<Self>,
        number: i64,
        size: i64,
        sha1: Bytes,
        author: String,
        time: String,
        file: String,
        key: Bytes,
        iv: Bytes,
    );
    /// Announces that an editor has opened the document. `client` distinguishes two programs of one
    /// user.
    fn c_add_editor(&mut self, cx: &mut Context<Self>, client: String, name: String);
    /// Announces that an editor has closed the document or has timed out.
    fn c_remove_editor(&mut self, cx: &mut Context<Self>, client: String);
}
