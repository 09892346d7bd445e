//! The calls that announce all users of a roster to a newcomer, marshaled once for many newcomers.

use psom::{Interface as _, Peer, Prepared};

use crate::interfaces::ContentUserManagerClientProxy;

/// The encoded size from which a page is complete: larger than the arguments that are shared instead of
/// copied (4 KiB), and so small that a change of one user marshals few others again.
const PAGE_BYTES: usize = 8 << 10;

/// The approximate size of a user besides the texts: an ID and two lengths.
const USER_BYTES: usize = 16;

/// The users of a roster in the order of their IDs, divided into pages. Each page is one call.
///
/// The pages are kept. A change marks the page of the user, which is marshaled again for the next newcomer.
/// The users after the last page do not fill one, and are marshaled for each newcomer.
#[derive(Debug, Default)]
pub(super) struct UserPages(Vec<Page>);

#[derive(Debug)]
struct Page {
    /// The ID up to which users belong to the page, and after those of the page before.
    last: i64,
    /// `None` after a change.
    call: Option<Prepared>,
}

/// The ID, the address and the display name of a user.
pub(super) type UserRow<'a> = (i64, &'a str, &'a str);

/// The arguments of a call that announces users.
#[derive(Default)]
struct Arguments<'a> {
    ids: Vec<i64>,
    uris: Vec<&'a str>,
    names: Vec<&'a str>,
    bytes: usize,
}

impl UserPages {
    /// Notes that a user was added, changed or removed.
    pub(super) fn changed(&mut self, user: i64) {
        let index = self.0.partition_point(|page| page.last < user);
        if let Some(page) = self.0.get_mut(index) {
            page.call = None;
        }
    }

    /// Sends all users to a client. `users` returns the users after an ID, in the order of their IDs.
    pub(super) fn send<'a, I: Iterator<Item = UserRow<'a>>>(
        &mut self,
        client: &mut ContentUserManagerClientProxy<Peer<'_>>,
        users: impl Fn(Option<i64>) -> I,
    ) {
        if self.0.iter().any(|page| page.call.is_none()) {
            self.renew(&users);
        }
        for call in self.0.iter().filter_map(|page| page.call.as_ref()) {
            client.send(call);
        }
        let mut rest = Arguments::default();
        for user in users(self.0.last().map(|page| page.last)) {
            rest.push(user);
            if rest.bytes >= PAGE_BYTES {
                let page = std::mem::take(&mut rest).page(user.0);
                if let Some(call) = &page.call {
                    client.send(call);
                }
                self.0.push(page);
            }
        }
        if !rest.ids.is_empty() {
            client.c_users_added(&rest.ids, rest.uris, rest.names);
        }
    }

    /// Marshals the changed pages. A page that has grown is divided, and an empty one is removed.
    fn renew<'a, I: Iterator<Item = UserRow<'a>>>(&mut self, users: &impl Fn(Option<i64>) -> I) {
        let mut before = None;
        let mut pages = Vec::with_capacity(self.0.len());
        for page in std::mem::take(&mut self.0) {
            let last = page.last;
            if page.call.is_some() {
                pages.push(page);
            } else {
                let mut arguments = Arguments::default();
                for user in users(before).take_while(|(id, ..)| *id <= last) {
                    arguments.push(user);
                    if arguments.bytes >= PAGE_BYTES {
                        pages.push(std::mem::take(&mut arguments).page(user.0));
                    }
                }
                if !arguments.ids.is_empty() {
                    pages.push(arguments.page(last));
                }
            }
            before = Some(last);
        }
        self.0 = pages;
    }
}

impl<'a> Arguments<'a> {
    fn push(&mut self, (id, uri, name): UserRow<'a>) {
        self.ids.push(id);
        self.uris.push(uri);
        self.names.push(name);
        self.bytes += USER_BYTES + psom::wire::encoded_bytes(uri) + psom::wire::encoded_bytes(name);
    }

    fn page(self, last: i64) -> Page {
        let mut client = ContentUserManagerClientProxy::proxy(Prepared::default());
        client.c_users_added(&self.ids, self.uris, self.names);
        Page { last, call: Some(std::mem::take(&mut *client)) }
    }
}
