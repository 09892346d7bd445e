/// Bytes that violate section 2.2 or appendix A (section 6).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The message ended inside a value.
    #[error("the message ends inside a value")]
    Truncated,
    /// A lead byte that cannot begin a GenericInt: 0x84, 0x86, 0x8C or 0x8E (section 6.1).
    #[error("byte 0x{0:02x} cannot begin an integer")]
    IntegerLead(u8),
    /// An integer outside the range of its type (section 3.1.1.1.5).
    #[error("an integer is outside the range of {0}")]
    IntegerRange(&'static str),
    /// A Boolean other than 0x00 and 0x01 (section 3.1.1.1.2).
    #[error("byte 0x{0:02x} is not a Boolean")]
    Boolean(u8),
    /// String bytes in none of the accepted forms of UTF-8 (section 6.2, ruling 7).
    #[error("a string is not UTF-8")]
    String,
    /// A negative count of array elements (section 3.1.1.1.1).
    #[error("an array has a negative length")]
    NegativeCount,
    /// A count of array elements that the rest of the message cannot hold.
    #[error("an array is longer than its message")]
    CountTooLarge,
    /// An array of more than one element where an optional value is expected.
    #[error("an optional value has more than one element")]
    OptionCount,
    /// The parallel arrays of a list of records have different counts of elements.
    #[error("the parallel arrays of a list have different lengths")]
    ColumnCount,
    /// Bytes are left over after the last parameter.
    #[error("bytes are left after the last parameter")]
    TrailingBytes,
    /// A record type that section 2.2.1.1 does not define.
    #[error("record type 0x{0:02x} is unknown")]
    RecordType(u8),
    /// A record whose body is longer than the record limit.
    #[error("a record of {0} bytes is over the limit")]
    RecordTooLong(u32),
    /// The first bytes are not the authentication of section 3.2.3.1.1.2.
    #[error("the authentication is malformed")]
    Authentication,
}
