//! The errors of reading and of writing.

/// Declares [`Rule`]: each rule's variant, name and text.
macro_rules! rules {
    ($($variant:ident $name:literal $text:literal)*) => {
        /// A rule that read bytes can violate.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $(#[doc = concat!("`", $name, "`: ", $text, ".")] $variant,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the rule's name: lower case, with hyphens, and stable.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Returns the rule as a sentence in lower case without a full stop.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

rules! {
    // MC-COMQC 2.2 and 2.2.1: the sequence of headers.
    HeaderTruncated "header-truncated" "a header has at least its signature and its size"
    HeaderSizeMultiple "header-size-multiple" "the size of a header is a multiple of 8"
    HeaderSizeTooSmall "header-size-too-small" "the size of a header covers its fixed fields"
    HeaderPastEnd "header-past-end" "a header ends within the message"
    ContainerFirst "container-first" "a message begins with a container header (CHDR)"
    ContainerOnce "container-once" "a message has one container header (CHDR)"
    HeaderOrder "header-order" "PART precedes SECD, and at most one SECD or SECR precedes a call"
    PartitionOnce "partition-once" "a message has at most one partition header (PART)"
    NoCall "no-call" "a message has at least one call"
    // 2.2.2: the container header.
    MessageSignature "message-signature" "the message signature is {71BBDB83-FC41-11D0-B764-0080C7EC3FC1}"
    MaximumVersion "maximum-version" "the maximum version is 1"
    MinimumVersion "minimum-version" "the minimum version is 1"
    MessageSize "message-size" "the message size equals the number of bytes"
    TargetSize "target-size" "the call target's size is a multiple of 8 and fills the container header"
    TargetStructure "target-structure" "the call target's structure ID is {ECABAFC6-7F19-11D2-978E-0000F8757E2A}"
    TargetTextSize "target-text-size" "the target's text has an even size and ends within the call target"
    TargetTextEnd "target-text-end" "the target's text ends with its only NUL"
    TargetTextSyntax "target-text-syntax" "the target's text is empty or a GUID with or without braces"
    // 2.2.3 to 2.2.6: the other headers.
    PartitionSize "partition-size" "the size of a partition header is 24"
    SecurityDataSize "security-data-size" "the security data ends within its header"
    SecurityBeforeCall "security-before-call" "a security header (SECD) precedes the first call"
    ReferenceSize "reference-size" "the size of a security reference header is 16"
    ReferenceTarget "reference-target" "a security reference points to an earlier security header (SECD)"
    FirstCallInterface "first-call-interface" "the first call carries its interface (METH, not SMTH)"
    DataRepresentation "data-representation" "the data representation is 0x10"
    MethodFlags "method-flags" "the flags of a method header are 0x1000"
    MethodReserved "method-reserved" "the reserved field of a method header is 1"
    MarshaledSize "marshaled-size" "the marshaled data ends within its header"
    // MS-COM 2.2.3.2: the Security ORPC Extension.
    SecurityTruncated "security-truncated" "the security extension ends with its last property"
    SecurityVersion "security-version" "the versions of the security extension are 1"
    SecurityStyle "security-style" "the style of the security extension is 0 or 2"
    SecurityChain "security-chain" "the first security collection is the chain (0x0A01), the others are callers (0x0A02)"
    SecurityEmpty "security-empty" "a security collection has at least one property"
    SecurityProperty "security-property" "a security property has the size and form of its type"
    SecurityTrailing "security-trailing" "nothing follows the last security collection"
    // NDR and Automation data.
    DataTruncated "data-truncated" "the argument data ends after its last value"
    CountMismatch "count-mismatch" "the counts of one array are equal"
    NullElement "null-element" "an array of BSTR or VARIANT has no null pointers"
    BstrSize "bstr-size" "a BSTR has as many 16-bit units as its bytes need"
    BooleanValue "boolean-value" "a VARIANT_BOOL is 0 or 0xFFFF"
    VariantType "variant-type" "a VARIANT has a type that a queued call can carry"
    VariantSwitch "variant-switch" "the switch of a VARIANT matches its type"
    VariantSize "variant-size" "the size of a VARIANT covers it and ends within the data"
    VariantDepth "variant-depth" "VARIANTs are nested at most 32 deep"
    ArrayShape "array-shape" "a SAFEARRAY has dimensions, and its bounds and element size match its elements"
    ArrayType "array-type" "the element type of a SAFEARRAY matches its union and its VARIANT"
    ObjectHeader "object-header" "the header of an object has 32 bytes"
    ObjectLength "object-length" "the length of an object is known only inside a VARIANT or as the last parameter"
    ByRefIndex "byref-index" "each by-reference argument belongs to one argument"
    // Playing.
    UnknownInterface "unknown-interface" "the object has the interface of the call"
    UnknownMethod "unknown-method" "the interface has the method of the call"
    ArgumentCount "argument-count" "the call has the arguments of its method"
    ArgumentType "argument-type" "an argument has the type of its parameter"
    // MS-MQMQ 2.2.19 and 2.2.20: the packet of a message queue.
    PacketSignature "packet-signature" "a packet begins with version 0x10 and the signature `LIOR`"
    PacketSize "packet-size" "the size of a packet is at most 4 MiB and equals its bytes"
    PacketTruncated "packet-truncated" "the headers of a packet end within it"
    PacketQueue "packet-queue" "the kind of a queue is 0 or 2 to 7, and a direct name is UTF-16 with NUL"
    PacketProperties "packet-properties" "a user packet has a properties header, and its parts end within the packet"
    PacketExtension "packet-extension" "the extension of a packet with calls is {1664BCFB-1751-11D2-B58E-00E0290E6C31}"
}

/// Read bytes violate a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("offset {offset:#06x}: violates `{}`: {}", rule.name(), rule.text())]
pub struct ReadError {
    /// The violated rule.
    pub rule: Rule,
    /// The offset of the field that violates it, in bytes from the start of the read bytes.
    pub offset: usize,
}

impl ReadError {
    pub(crate) fn new(rule: Rule, offset: usize) -> Self {
        Self { rule, offset }
    }
}

/// A value cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The message, a value or a packet has a size that its field cannot carry.
    #[error("the value is too large for its size field")]
    TooLarge,
    /// The parts of a header do not add up to a multiple of 8 bytes.
    #[error("the padding does not extend the header to a multiple of 8 bytes")]
    Unaligned,
    /// The bounds of a SAFEARRAY do not multiply to the number of its elements.
    #[error("the bounds of the array do not match the number of its elements")]
    ArrayShape,
    /// A late-bound call names more arguments than it has.
    #[error("the call names more arguments than it has")]
    Names,
    /// VARIANTs are nested more than 32 deep.
    #[error("the variants are nested more than 32 deep")]
    TooDeep,
    /// A by-reference VARIANT refers to another by-reference VARIANT or to an empty one.
    #[error("a by-reference variant refers to a plain value or to a variant")]
    ByRef,
    /// An object is in a place where no field gives its length.
    #[error("an object is queued only inside a variant or as the last parameter")]
    ObjectLength,
}

/// The result of reading.
pub type ReadResult<T> = Result<T, ReadError>;
