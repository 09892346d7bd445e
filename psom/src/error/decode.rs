/// Bytes that are not what section 2.2 or appendix A (section 6) lets them be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The message ended inside a value.
    #[error("the message ends inside a value")]
    Truncated,
    /// A lead byte that begins no GenericInt: 0x84, 0x86, 0x8C or 0x8E (section 6.1).
    #[error("byte 0x{0:02x} begins no integer")]
    IntegerLead(u8),
    /// An integer outside the range of its type (section 3.1.1.1.5).
    #[error("an integer is outside the range of {0}")]
    IntegerRange(&'static str),
    /// A Boolean other than 0x00 and 0x01 (section 3.1.1.1.2).
    #[error("byte 0x{0:02x} is no Boolean")]
    Boolean(u8),
    /// String bytes that are no UTF-8 of any accepted kind (section 6.2).
    #[error("a string is not UTF-8")]
    String,
    /// A negative number of array elements (section 3.1.1.1.1).
    #[error("an array has a negative length")]
    NegativeCount,
    /// More array elements announced than the rest of the message could hold.
    #[error("an array is longer than its message")]
    CountTooLarge,
    /// Bytes are left over after the last parameter.
    #[error("bytes are left after the last parameter")]
    TrailingBytes,
    /// A record type that section 2.2.1.1 does not define.
    #[error("record type 0x{0:02x} is unknown")]
    RecordType(u8),
    /// A record longer than this side accepts.
    #[error("a record of {0} bytes is over the limit")]
    RecordTooLong(u32),
    /// The first bytes are not the authentication of section 3.2.3.1.1.2.
    #[error("the authentication is malformed")]
    Authentication,
}
