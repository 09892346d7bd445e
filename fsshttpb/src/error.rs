//! The error of reading bytes: an offset and the rule that the bytes break.

use thiserror::Error;

/// The bytes break a rule of the format.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("offset {offset:#x}: {rule}")]
pub struct DecodeError {
    /// The offset of the first byte that breaks the rule, from the start of the decoded bytes.
    pub offset: usize,
    /// The rule.
    pub rule: Rule,
}

/// A rule of the format. B is MS-FSSHTTPB, D is MS-FSSHTTPD.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rule {
    /// More bytes are required than the enclosing object has.
    #[error("{needed} more bytes are required and {left} are left")]
    Truncated {
        /// The number of bytes that the value takes.
        needed: u64,
        /// The number of bytes that are left.
        left: usize,
    },
    /// A count is larger than the bytes that are left.
    #[error("a count of {count} items does not fit into the {left} bytes that are left")]
    Count {
        /// The count.
        count: u64,
        /// The number of bytes that are left.
        left: usize,
    },
    /// The first byte of an extended GUID has none of the five forms.
    #[error("the byte {0:#04x} starts no extended GUID (B 2.2.1.7)")]
    ExtendedGuid(u8),
    /// The first byte of a serial number is neither 0 nor 0x80.
    #[error("the byte {0:#04x} starts no serial number (B 2.2.1.9)")]
    SerialNumber(u8),
    /// An object of a known type has the wrong compound bit.
    #[error("an object of type {number:#x} {} (B 2.2.1.5)", if *.compound { "has no end and contains no objects" } else { "contains objects and has an end" })]
    Compound {
        /// The type number.
        number: u16,
        /// The compound bit of the header.
        compound: bool,
    },
    /// An end has another type than the object that it closes.
    #[error("the end of type {found:#x} closes an object of type {open:#x} (B 2.2.1.5.3)")]
    End {
        /// The type of the object that is open.
        open: u16,
        /// The type of the end.
        found: u16,
    },
    /// An end closes nothing.
    #[error("the end of type {0:#x} closes no object (B 2.2.1.5.3)")]
    StrayEnd(u16),
    /// The nesting is deeper than the limit.
    #[error("objects are nested more than {0} levels deep")]
    Depth(usize),
    /// The objects need more memory than the length of the message justifies.
    #[error("the objects take more memory than a message of this length justifies")]
    Density,
    /// The message does not start with a signature.
    #[error("the signature {0:#018x} is neither a request's nor a response's (B 2.2.2, 2.2.3)")]
    Signature(u64),
    /// The message is a response where a request is expected, or the reverse.
    #[error("the message is a {found}, and a {expected} is expected")]
    Direction {
        /// The kind of the message.
        found: &'static str,
        /// The expected kind.
        expected: &'static str,
    },
    /// Bytes follow the last object.
    #[error("{0} bytes follow the end of the message")]
    Trailing(usize),
    /// An object has another type than expected.
    #[error("an object of type {expected:#x} is expected, and the type is {found:#x}")]
    Expected {
        /// The expected type number.
        expected: u16,
        /// The type number of the object.
        found: u16,
    },
    /// A required object is absent.
    #[error("the object {0} is absent")]
    Absent(&'static str),
    /// An object is in a place where its type is not allowed.
    #[error("an object {child} cannot be inside an object {parent}")]
    Nesting {
        /// The name of the inner object.
        child: &'static str,
        /// The name of the outer object.
        parent: &'static str,
    },
    /// The type number is not in the table.
    #[error("the type {0:#x} is unknown (B 2.2.1.5.1)")]
    UnknownType(u16),
    /// The bytes are readable, but a writer spells them in another way.
    #[error("the object is not in its shortest form (B 2.2.1.1, 2.2.1.5)")]
    NotShortest,
    /// The file does not start like a OneNote package.
    #[error("the file does not start with the header of a OneNote package (MS-ONESTORE 2.8.1)")]
    PackageHeader,
    /// The bytes after a OneNote package are not zero.
    #[error("a byte after the end of the package is not zero")]
    Padding,
}

impl DecodeError {
    /// Creates an error.
    pub fn new(offset: usize, rule: Rule) -> Self {
        Self { offset, rule }
    }
}
