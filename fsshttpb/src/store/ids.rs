//! The source of identifiers and serial numbers.

use sha1::{Digest as _, Sha1};

use crate::atom::{ExtendedGuid, Guid, SerialNumber};

/// A GUID and counters. The GUID must be globally unique, so that two documents or two clients
/// never create the same identifier. The crate has no random numbers; the caller passes the GUID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    guid: Guid,
    next_id: u32,
    next_serial: u64,
}

impl Ids {
    /// Creates a source from a unique GUID.
    pub fn new(guid: Guid) -> Self {
        Self { guid, next_id: 1, next_serial: 1 }
    }

    /// Creates a source from a GUID that is computed from `seed`. The same seed gives the same
    /// identifiers.
    pub fn from_seed(seed: &[u8]) -> Self {
        let digest = Sha1::digest(seed);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        // Version 5 (a name's SHA-1) and the variant of RFC 9562.
        bytes[7] = bytes[7] & 0x0F | 0x50;
        bytes[8] = bytes[8] & 0x3F | 0x80;
        Self::new(Guid(bytes))
    }

    /// Returns the GUID of all identifiers and of the serial numbers of data elements.
    pub fn guid(&self) -> Guid {
        self.guid
    }

    /// Returns the GUID of the serial numbers of index mappings. SharePoint uses the same GUID with
    /// all bits of its first eight bytes inverted.
    pub fn mapping_guid(&self) -> Guid {
        let mut bytes = self.guid.0;
        for byte in &mut bytes[..8] {
            *byte = !*byte;
        }
        Guid(bytes)
    }

    /// Returns the last serial number.
    pub fn last_serial(&self) -> u64 {
        self.next_serial - 1
    }

    /// Creates an identifier. The 2^32 identifiers of a GUID outlast any document; after them the
    /// numbers repeat.
    pub fn id(&mut self) -> ExtendedGuid {
        let id = ExtendedGuid::new(self.guid, self.next_id);
        self.next_id = self.next_id.checked_add(1).unwrap_or(1);
        id
    }

    /// Reserves `count` identifiers for a client and returns the first number, or `None` if too few
    /// are left. Clients get at most half of the numbers, so that they cannot exhaust the store's
    /// own.
    pub fn reserve(&mut self, count: u32) -> Option<u32> {
        let first = self.next_id;
        self.next_id = first.checked_add(count).filter(|end| *end <= u32::MAX / 2)?;
        Some(first)
    }

    /// Creates the serial number of a data element.
    pub fn serial(&mut self) -> SerialNumber {
        SerialNumber::new(self.guid, self.count())
    }

    /// Creates the serial number of an index mapping.
    pub fn mapping_serial(&mut self) -> SerialNumber {
        SerialNumber::new(self.mapping_guid(), self.count())
    }

    fn count(&mut self) -> u64 {
        self.next_serial += 1;
        self.next_serial - 1
    }
}
