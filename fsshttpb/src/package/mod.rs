//! OneNote files that contain a package of data elements (MS-ONESTORE 2.8).

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    atom::{Atom as _, Budget, Guid, Reader, Writer},
    error::{DecodeError, Rule},
    object::{
        Element, StreamObject as _,
        types::{self, Partition},
    },
    store::{Ids, Store, StoreError},
};

/// The number of bytes before the package: four GUIDs and a 32-bit zero.
pub const HEADER_BYTES: usize = 68;
/// The GUID that marks a file as a package.
const PACKAGE_FORMAT: Guid = Guid::from_u128(0x638DE92F_A6D4_4BC1_9A36_B3FC2511A5B7);
/// The offset of that GUID.
const FORMAT_OFFSET: usize = 48;

/// A OneNote file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// The type of the file: a section or a table of contents.
    pub file_type: Guid,
    /// The identity of the file.
    pub file: Guid,
    /// The identity that older versions use.
    pub legacy_file: Guid,
    /// The `OneNotePackage` object.
    pub root: Element,
    /// The number of zero bytes after the package.
    pub padding: usize,
}

impl Package {
    /// Reports whether bytes start like a package.
    pub fn is_package(bytes: &[u8]) -> bool {
        bytes.get(FORMAT_OFFSET..).is_some_and(|bytes| bytes.starts_with(&PACKAGE_FORMAT.0))
    }

    /// Reads a file. The bytes are copied once.
    ///
    /// # Errors
    /// The bytes break a rule of the format.
    pub fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        if !Self::is_package(bytes) {
            return Err(DecodeError::new(0, Rule::PackageHeader));
        }
        let bytes = Bytes::copy_from_slice(bytes);
        let budget = Budget::for_input(bytes.len());
        let mut reader = Reader::new(&bytes, &budget);
        let [file_type, file, legacy_file, _format] = [
            Guid::read(&mut reader)?,
            Guid::read(&mut reader)?,
            Guid::read(&mut reader)?,
            Guid::read(&mut reader)?,
        ];
        if u32::read(&mut reader)? != 0 {
            return Err(DecodeError::new(HEADER_BYTES - 4, Rule::PackageHeader));
        }
        let root = Element::read_from(&mut reader)?;
        let (expected, found) = (types::OneNotePackage::NUMBER, root.info().number);
        if found != expected {
            return Err(DecodeError::new(HEADER_BYTES, Rule::Expected { expected, found }));
        }
        let start = reader.offset();
        let padding = reader.rest();
        match padding.iter().position(|byte| *byte != 0) {
            Some(place) => Err(DecodeError::new(start + place, Rule::Padding)),
            None => Ok(Self { file_type, file, legacy_file, root, padding: padding.len() }),
        }
    }

    /// Returns the file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let len = HEADER_BYTES + self.root.encoded_len() + self.padding;
        let mut bytes = Vec::with_capacity(len);
        let mut writer = Writer::append(&mut bytes);
        for guid in [self.file_type, self.file, self.legacy_file, PACKAGE_FORMAT] {
            guid.write(&mut writer);
        }
        0u32.write(&mut writer);
        self.root.write(&mut writer);
        bytes.resize(len, 0);
        bytes
    }

    /// Returns the store of the package's data elements.
    ///
    /// # Errors
    /// The package has no storage index, or its fragments do not fit together.
    pub fn store(&self) -> Result<Store, StoreError> {
        let absent = || StoreError::NoFile;
        let root: &types::OneNotePackage = self.root.get().ok_or_else(absent)?;
        let elements = self.root.child::<types::DataElementPackage>();
        let elements = elements.map_or(&[][..], |package| &package.children);
        let mut store = Store::new(Ids::from_seed(&self.file.0));
        store.insert(Partition::CONTENTS, root.index, elements)?;
        Ok(store)
    }

    /// Replaces the package's data elements by those that a store's current index leads to.
    ///
    /// # Errors
    /// The store is incomplete or contradicts itself.
    pub fn set_store(&mut self, store: &Store) -> Result<(), StoreError> {
        let storage = store.partition(Partition::CONTENTS).ok_or(StoreError::NoFile)?;
        let (index, mut elements) = (storage.index(), storage.export()?);
        elements.push(index.to_element().to_element());
        let schema = self.root.get().map(|root: &types::OneNotePackage| root.schema);
        let root = types::OneNotePackage { index: index.id, schema: schema.unwrap_or_default() };
        let package = Element::with(types::DataElementPackage::default(), elements);
        self.root = Element::with(root, vec![package]);
        Ok(())
    }
}
