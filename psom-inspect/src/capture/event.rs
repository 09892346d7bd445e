use std::fmt;

/// A record, or the authentication before the records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where it begins in the capture, in bytes.
    pub offset: usize,
    /// The channel that it is on; none before the records, and for what only changes the channel.
    pub channel: Option<u32>,
    /// The content of the record.
    pub what: What,
}

/// The content of a record. It prints as one line, in the style of a trace; text of the peer is escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// The client's authentication (section 3.2.3.1.1.2). Only the beginning of the token is
    /// printed.
    Authentication {
        /// The token.
        token: String,
        /// The header for a forwarding proxy, which precedes it (section 3.2.3.1.1.1).
        proxy_header: Option<Vec<u8>>,
    },
    /// The server's answer to it (section 3.2.3.1.1.2).
    Answer,
    /// Changes the channel (section 2.2.1.1.2).
    SetChannel(u32),
    /// Opens a channel (section 2.2.1.1.5).
    Open {
        /// The channel.
        channel: u32,
        /// The arguments of lookup, which have no meaning.
        arguments: String,
    },
    /// Calls a method (section 2.2.2.2).
    Call {
        /// The object.
        object: Object,
        /// The method's name.
        method: &'static str,
        /// Its arguments.
        arguments: String,
    },
    /// Connects an object (section 2.2.2.1.1).
    Connect {
        /// The object.
        object: Object,
        /// The object that it is a part of.
        parent: Object,
        /// Its interface and version, by the hash; none where the hash is unknown.
        interface: Option<String>,
        /// The hash.
        hash: i64,
    },
    /// Disconnects an object (section 2.2.2.1.2).
    Disconnect {
        /// The object.
        object: Object,
    },
    /// Closes the channel (section 2.2.1.1.1).
    Close,
    /// Closes the channel because of an error (section 2.2.1.1.3).
    Break(Vec<u8>),
    /// A record that says nothing that can be understood, or whatever there is up to where records
    /// begin again. What follows it can.
    Undecodable {
        /// How many bytes it has, with the header.
        length: usize,
        /// Why.
        why: String,
    },
    /// Where the bytes stop making sense, or end in the middle of a record.
    Lost {
        /// How many bytes are left.
        length: usize,
        /// Why.
        why: String,
    },
}

/// An object in an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its part name; where only its type could be inferred, a name made of that.
    pub label: String,
    /// Whether it could be another object.
    pub guessed: bool,
    /// The identifier that the sender has for it.
    pub id: i32,
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { label, id, guessed } = self;
        write!(f, "{}{}@{id}", label.escape_debug(), if *guessed { "?" } else { "" })
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Authentication { token, proxy_header } => {
                f.write_str("authentication: ")?;
                if let Some(header) = proxy_header {
                    write!(f, "proxy header {}, ", Shown(header, 16))?;
                }
                let token = Shown(token.as_bytes(), 8);
                write!(f, "signature \"pw2\\x00\", version 0, token {token}")
            }
            Self::Answer => f.write_str("authentication accepted: signature \"pw2\\x00\""),
            Self::SetChannel(channel) => write!(f, "set channel #{channel}"),
            Self::Open { channel, arguments } => write!(f, "open #{channel}: lookup({arguments})"),
            Self::Call { object, method, arguments } => write!(f, "{object}.{method}({arguments})"),
            Self::Connect { object, parent, interface: Some(interface), .. } => {
                write!(f, "connect {object} of {parent} ({interface})")
            }
            Self::Connect { object, parent, interface: None, hash } => {
                write!(f, "connect {object} of {parent} (no known interface has hash {hash})")
            }
            Self::Disconnect { object } => write!(f, "close {object}"),
            Self::Close => f.write_str("close"),
            Self::Break(reason) => write!(f, "break \"{}\"", reason.escape_ascii()),
            Self::Undecodable { length, why } => write!(f, "{length} undecodable bytes: {why}"),
            Self::Lost { length, why } => write!(f, "the last {length} bytes are lost: {why}"),
        }
    }
}

/// The beginning of a text, escaped and in quotes.
struct Shown<'a>(&'a [u8], usize);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes, limit) = *self;
        match bytes.get(..limit) {
            Some(begin) if bytes.len() > limit => {
                write!(f, "\"{}...\" of {} bytes", begin.escape_ascii(), bytes.len())
            }
            _ => write!(f, "\"{}\"", bytes.escape_ascii()),
        }
    }
}
