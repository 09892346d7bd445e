use super::{
    Decode, Decoder, Encode, Encoder, ObjectKey, ProxyId, PsomType, TypeDesc, WireProxyId,
};
use crate::error::DecodeError;

const NULL: u8 = 0x8c;

/// A reference to a distributed object, or null, as a parameter (section 3.1.1.1.4).
///
/// To send a reference, convert a `Handle`. The object must be connected to the peer that is
/// called. To use a received reference, pass it to `Context::resolve`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectRef(Referent);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Referent {
    Null,
    Proxy(ProxyId),
    Object(ObjectKey),
}

impl ObjectRef {
    /// The null reference.
    pub const NULL: Self = Self(Referent::Null);

    /// Creates a reference to the object with this proxy identifier on the connection.
    pub fn proxy(id: ProxyId) -> Self {
        Self(Referent::Proxy(id))
    }

    /// Creates a reference to an object of this process.
    pub fn object(key: ObjectKey) -> Self {
        Self(Referent::Object(key))
    }

    /// Reports whether this is the null reference.
    pub fn is_null(self) -> bool {
        self.0 == Referent::Null
    }

    /// Returns the proxy identifier of a received reference, on the channel on which it arrived.
    pub fn proxy_id(self) -> Option<ProxyId> {
        match self.0 {
            Referent::Proxy(id) => Some(id),
            Referent::Null | Referent::Object(_) => None,
        }
    }
}

impl PsomType for ObjectRef {
    const TYPE: TypeDesc = TypeDesc::DistributedObject;
}

impl Encode for ObjectRef {
    fn encode(&self, out: &mut Encoder<'_>) {
        match self.0 {
            Referent::Null => out.out.push(NULL),
            Referent::Proxy(id) => id.write(out.out),
            Referent::Object(key) => out.references.push((out.out.len(), key)),
        }
    }
}

impl Decode for ObjectRef {
    fn decode(input: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        if input.peek() == Some(NULL) {
            input.byte()?;
            return Ok(Self::NULL);
        }
        let id = WireProxyId::decode(input)?.receive();
        id.map(Self::proxy).map_err(|_| DecodeError::IntegerRange("ProxyId"))
    }
}
