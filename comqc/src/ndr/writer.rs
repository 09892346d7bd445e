use crate::Guid;

/// The referent of the first pointer that is neither a BSTR nor a VARIANT.
const FIRST_REFERENT: u32 = 0x0002_0000;
/// The step between two referents.
const REFERENT_STEP: u32 = 4;

/// Appends aligned values to a buffer.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    next_referent: u32,
}

macro_rules! numbers {
    ($($name:ident $size:literal)*) => {$(
        #[doc = concat!("Writes a little-endian `", stringify!($name), "` at the next multiple of ", $size, ".")]
        pub fn $name(&mut self, value: $name) {
            self.align($size);
            self.out.extend_from_slice(&value.to_le_bytes());
        }
    )*};
}

impl<'a> Writer<'a> {
    /// Starts the data of a call at the end of `out`.
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        Self { out, start, next_referent: FIRST_REFERENT }
    }

    /// Returns the number of bytes written since the start of the data.
    #[must_use]
    pub fn position(&self) -> usize {
        self.out.len() - self.start
    }

    /// Writes zeros up to the next multiple of `alignment`, a power of two.
    pub fn align(&mut self, alignment: usize) {
        let padding = self.position().wrapping_neg() & (alignment - 1);
        if padding > 0 {
            self.out.resize(self.out.len() + padding, 0);
        }
    }

    /// Writes bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Writes a GUID at the next multiple of 4.
    pub fn guid(&mut self, guid: Guid) {
        self.align(4);
        self.bytes(&guid.to_bytes());
    }

    /// Writes the referent of a pointer that is not null.
    pub fn referent(&mut self) {
        let referent = self.next_referent;
        self.next_referent = self.next_referent.wrapping_add(REFERENT_STEP);
        self.u32(referent);
    }

    /// Replaces the four bytes at `position`.
    pub(crate) fn patch_u32(&mut self, position: usize, value: u32) {
        let at = self.start + position;
        self.out[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    numbers! { u8 1 i8 1 u16 2 i16 2 u32 4 i32 4 u64 8 i64 8 f32 4 f64 8 }
}
