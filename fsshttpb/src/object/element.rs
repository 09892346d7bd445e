//! The tree of objects.

use serde::{Deserialize, Serialize};

use super::{
    Body, Holds, ObjectTable as _, StreamObject, TypeInfo,
    header::{Header, is_end, read_end, write_end},
};
use crate::{
    atom::{Blob, Budget, Reader, Writer},
    error::{DecodeError, Rule},
};

/// Upper bound on the nesting of objects. Real messages use six levels. In JSON, an object takes
/// two levels, and parsers of JSON accept 128.
pub const MAX_DEPTH: usize = 48;

/// An object with the objects inside it.
///
/// Reading keeps everything that writing would spell in another way: longer forms of numbers and
/// headers, and bytes after the known fields. Writing an unchanged element gives the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Element {
    #[serde(flatten)]
    body: Body,
    /// The objects inside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Self>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spelling: Option<Box<Spelling>>,
}

/// The bytes of the parts that a writer would spell in another way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Spelling {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    header: Option<Blob>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<Blob>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<Blob>,
}

impl Element {
    /// Creates an element without children.
    pub fn new(body: impl Into<Body>) -> Self {
        Self::with(body, vec![])
    }

    /// Creates an element with children.
    pub fn with(body: impl Into<Body>, children: Vec<Self>) -> Self {
        Self { body: body.into(), children, spelling: None }
    }

    /// Returns the object.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Returns the object for a change. Its data are then written in their shortest form.
    pub fn body_mut(&mut self) -> &mut Body {
        if let Some(spelling) = &mut self.spelling {
            spelling.header = None;
            spelling.data = None;
        }
        &mut self.body
    }

    /// Returns the description of the object's type.
    pub fn info(&self) -> TypeInfo {
        self.body.info()
    }

    /// Returns the object if it is a `T`.
    pub fn get<T>(&self) -> Option<&T>
    where
        Body: Holds<T>,
    {
        self.body.get()
    }

    /// Returns the children of the type `T`.
    pub fn all<T>(&self) -> impl Iterator<Item = &T>
    where
        Body: Holds<T>,
        T: 'static,
    {
        self.children.iter().filter_map(Self::get)
    }

    /// Returns the first child of the type `T`.
    pub fn first<T>(&self) -> Option<&T>
    where
        Body: Holds<T>,
        T: 'static,
    {
        self.all().next()
    }

    /// Returns the first child of the type `T` as an element.
    pub fn child<T: StreamObject>(&self) -> Option<&Self> {
        self.children.iter().find(|child| child.info().number == T::NUMBER)
    }

    /// Reports whether the bytes that were read are those that a writer writes.
    pub fn is_shortest(&self) -> bool {
        self.spelling.is_none()
    }

    /// Reads one element from the start of the bytes and returns it with the number of bytes.
    ///
    /// # Errors
    /// The bytes break a rule of the format.
    pub fn read(bytes: &Blob) -> Result<(Self, usize), DecodeError> {
        let budget = Budget::for_input(bytes.len());
        let mut reader = Reader::new(&bytes.0, &budget);
        let element = Self::read_from(&mut reader)?;
        Ok((element, reader.offset()))
    }

    /// Reads one element.
    ///
    /// # Errors
    /// The bytes break a rule of the format.
    pub fn read_from(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let counts = count_children(reader)?;
        read(reader, 0, &mut counts.into_iter())
    }

    /// Writes the element.
    pub fn write(&self, writer: &mut Writer<'_>) {
        self.write_start(writer);
        for child in &self.children {
            child.write(writer);
        }
        self.write_end(writer);
    }

    /// Returns the element's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.encoded_len());
        self.write(&mut Writer::append(&mut bytes));
        bytes
    }

    /// Returns the number of bytes that the element takes.
    pub fn encoded_len(&self) -> usize {
        Writer::count(|writer| self.write(writer))
    }

    /// Returns the number of bytes of the object's data.
    pub fn data_len(&self) -> usize {
        match self.spelling.as_ref().and_then(|spelling| spelling.data.as_ref()) {
            Some(data) => data.len(),
            None => Writer::count(|writer| self.body.write(writer)),
        }
    }

    pub(super) fn write_header(&self, writer: &mut Writer<'_>) {
        match self.spelling.as_ref().and_then(|spelling| spelling.header.as_ref()) {
            Some(header) => writer.put(header),
            None => {
                let TypeInfo { number, compound, .. } = self.info();
                Header { number, compound, len: self.data_len() as u64 }.write(writer);
            }
        }
    }

    fn write_start(&self, writer: &mut Writer<'_>) {
        self.write_header(writer);
        match self.spelling.as_ref().and_then(|spelling| spelling.data.as_ref()) {
            Some(data) => writer.put(data),
            None => self.body.write(writer),
        }
    }

    pub(super) fn write_end(&self, writer: &mut Writer<'_>) {
        match self.spelling.as_ref().and_then(|spelling| spelling.end.as_ref()) {
            Some(end) => writer.put(end),
            None if self.info().compound => write_end(self.info().number, writer),
            None => {}
        }
    }
}

/// Returns the bytes that were read, if a writer writes others.
fn kept(raw: &[u8], write: impl FnOnce(&mut Writer<'_>)) -> Option<Blob> {
    (!Writer::equals(raw, write)).then(|| raw.into())
}

/// Counts the children of each object, in the order of the objects. With the counts, no vector
/// grows while the objects are read, so that the memory stays within its limit. Bytes that break a
/// rule end the count; the reader reports them.
fn count_children(reader: &Reader<'_>) -> Result<Vec<u32>, DecodeError> {
    let mut reader = reader.fork();
    let mut counts: Vec<u32> = vec![];
    // The places of the objects that are open.
    let mut open = vec![];
    loop {
        match reader.peek() {
            Err(_) => return Ok(counts),
            Ok(first) if is_end(first) => {
                if read_end(&mut reader).is_err() || open.pop().is_none() {
                    return Ok(counts);
                }
            }
            Ok(_) => {
                if let Some(parent) = open.last() {
                    let parent: usize = *parent;
                    counts[parent] += 1;
                }
                let Ok(header) = Header::read(&mut reader) else { return Ok(counts) };
                reader.charge(size_of::<Element>())?;
                if header.compound {
                    open.push(counts.len());
                }
                counts.push(0);
                if reader.inner(header.len).is_err() || open.len() > MAX_DEPTH {
                    return Ok(counts);
                }
            }
        }
        if open.is_empty() {
            return Ok(counts);
        }
    }
}

fn read(
    reader: &mut Reader<'_>,
    depth: usize,
    counts: &mut impl Iterator<Item = u32>,
) -> Result<Element, DecodeError> {
    let start = reader.offset();
    if depth == MAX_DEPTH {
        return Err(reader.error(Rule::Depth(MAX_DEPTH)));
    }
    let count = counts.next().unwrap_or(0) as usize;
    if is_end(reader.peek()?) {
        let number = read_end(reader)?;
        return Err(DecodeError::new(start, Rule::StrayEnd(number)));
    }
    let header = Header::read(reader)?;
    let data_start = reader.offset();
    let mut data = reader.inner(header.len)?;
    let body = Body::read(header.number, header.compound, &mut data)?;
    if body.info().compound != header.compound {
        let rule = Rule::Compound { number: header.number, compound: header.compound };
        return Err(DecodeError::new(start, rule));
    }
    let mut spelling = Spelling {
        header: kept(reader.between(start, data_start), |writer| header.write(writer)),
        data: kept(reader.between(data_start, reader.offset()), |writer| body.write(writer)),
        end: None,
    };
    let mut children = Vec::with_capacity(count);
    if header.compound {
        while !is_end(reader.peek()?) {
            children.push(read(reader, depth + 1, counts)?);
        }
        let end_start = reader.offset();
        let found = read_end(reader)?;
        if found != header.number {
            let rule = Rule::End { open: header.number, found };
            return Err(DecodeError::new(end_start, rule));
        }
        let raw = reader.between(end_start, reader.offset());
        spelling.end = kept(raw, |writer| write_end(found, writer));
    }
    let spelling = (spelling != Spelling::default()).then(|| Box::new(spelling));
    let kept_bytes = spelling.as_ref().map_or(0, |spelling| {
        let parts = [&spelling.header, &spelling.data, &spelling.end];
        size_of::<Spelling>() + parts.into_iter().flatten().map(|part| part.len()).sum::<usize>()
    });
    reader.charge(kept_bytes)?;
    Ok(Element { body, children, spelling })
}
