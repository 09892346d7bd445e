use std::fmt;

/// A record, or the authentication before the records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The offset of the event in the capture, in bytes.
    pub offset: usize,
    /// The channel of the record. `None` for the authentication, for SetChannel, and for bytes that
    /// do not belong to a record.
    pub channel: Option<u32>,
    /// The content of the record.
    pub kind: EventKind,
}

/// The content of a record. It prints as one line in the format of a trace. Text of the peer is
/// escaped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// The client's authentication (section 3.2.3.1.1.2). Only the beginning of the token is
    /// printed.
    Authentication {
        /// The token.
        token: String,
        /// The header for a forwarding proxy, which precedes the signature (section 3.2.3.1.1.1).
        proxy_header: Option<Vec<u8>>,
    },
    /// The server's answer to the authentication (section 3.2.3.1.1.2).
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
        /// The method's arguments.
        arguments: String,
    },
    /// Connects an object (section 2.2.2.1.1).
    Connect {
        /// The object.
        object: Object,
        /// The parent of the object.
        parent: Object,
        /// The interface and version that have this hash, if it is known.
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
    /// A record with an invalid message, or bytes that are skipped up to the next plausible record.
    /// Decoding continues after it.
    Undecodable {
        /// The number of bytes, including the header.
        length: usize,
        /// The reason.
        reason: String,
    },
    /// The end of the capture, from the last record that cannot be decoded or is incomplete.
    Lost {
        /// The number of remaining bytes.
        length: usize,
        /// The reason.
        reason: String,
    },
}

/// An object in an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The part name, or a name derived from the inferred type.
    pub label: String,
    /// True if the type could not be inferred unambiguously.
    pub guessed: bool,
    /// The sender's proxy identifier.
    pub id: i32,
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { label, id, guessed } = self;
        write!(f, "{}{}@{id}", label.escape_debug(), if *guessed { "?" } else { "" })
    }
}

impl fmt::Display for EventKind {
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
            Self::Undecodable { length, reason } => {
                write!(f, "{length} undecodable bytes: {reason}")
            }
            Self::Lost { length, reason } => {
                write!(f, "the last {length} bytes are lost: {reason}")
            }
        }
    }
}

/// Bytes that print escaped and in quotes, cut to a maximum length.
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
