//! Writes, counts or compares bytes.

use std::ptr;

/// A sink for the bytes of atoms and objects.
#[derive(Debug)]
pub struct Writer<'a> {
    sink: Sink<'a>,
    len: usize,
}

#[derive(Debug)]
enum Sink<'a> {
    Count,
    Buffer(&'a mut Vec<u8>),
    /// The expected bytes that are not compared yet, or `None` after a difference.
    Compare(Option<&'a [u8]>),
}

impl<'a> Writer<'a> {
    /// Appends to a buffer.
    pub fn append(buffer: &'a mut Vec<u8>) -> Self {
        Self { sink: Sink::Buffer(buffer), len: 0 }
    }

    /// Returns the number of bytes that `write` puts.
    pub fn count(write: impl FnOnce(&mut Writer<'_>)) -> usize {
        let mut writer = Writer { sink: Sink::Count, len: 0 };
        write(&mut writer);
        writer.len
    }

    /// Reports whether `write` puts exactly these bytes. It allocates nothing.
    pub fn equals(expected: &[u8], write: impl FnOnce(&mut Writer<'_>)) -> bool {
        let mut writer = Writer { sink: Sink::Compare(Some(expected)), len: 0 };
        write(&mut writer);
        matches!(writer.sink, Sink::Compare(Some([])))
    }

    /// Puts bytes.
    pub fn put(&mut self, bytes: &[u8]) {
        self.len += bytes.len();
        match &mut self.sink {
            Sink::Count => {}
            Sink::Buffer(buffer) => buffer.extend_from_slice(bytes),
            Sink::Compare(left) => {
                *left = left.and_then(|left| {
                    let (head, tail) = left.split_at_checked(bytes.len())?;
                    // A blob that is a view of the expected bytes needs no comparison.
                    (ptr::eq(head, bytes) || head == bytes).then_some(tail)
                });
            }
        }
    }

    /// Returns the number of bytes that were put.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Reports whether nothing was put.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}
