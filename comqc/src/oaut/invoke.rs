use super::{
    model::Variant,
    read::{read_variants, variant_count},
    write::write_variants,
};
use crate::{
    Guid,
    error::{ReadResult, Rule, WriteError},
    ndr::{Reader, Writer},
};

/// The interface of late-bound calls.
pub const IID_IDISPATCH: Guid =
    Guid::from_fields(0x0002_0400, 0, 0, [0xC0, 0, 0, 0, 0, 0, 0, 0x46]);
/// The number of IDispatch::Invoke in its interface.
pub const INVOKE_OPNUM: u32 = 6;
/// The name of the value of a property put.
pub const PROPERTY_PUT_NAME: i32 = -3;

/// The flags of [`Invoke::flags`].
pub mod flags {
    /// Calls a method.
    pub const METHOD: u32 = 1;
    /// Reads a property. A queued call cannot: it has no result.
    pub const PROPERTY_GET: u32 = 2;
    /// Sets a property.
    pub const PROPERTY_PUT: u32 = 4;
    /// Sets a property to a reference.
    pub const PROPERTY_PUT_REFERENCE: u32 = 8;
}

/// The parameters of IDispatch::Invoke (MS-OAUT section 3.1.4.4): a late-bound call.
///
/// The data holds all input parameters of opnum 6 without ORPCTHIS.
#[derive(Clone, Debug, PartialEq)]
pub struct Invoke {
    /// The method or property.
    pub dispid: i32,
    /// The locale of the arguments.
    pub locale: u32,
    /// The kind of call; see [`flags`].
    pub flags: u32,
    /// The arguments as DISPPARAMS orders them: first the named ones, then the positional ones, the
    /// last one first.
    pub arguments: Vec<Variant>,
    /// The names of the first arguments: the positions of their parameters, or
    /// [`PROPERTY_PUT_NAME`].
    pub names: Vec<i32>,
}

impl Invoke {
    /// Calls a method with positional arguments in the order of the parameters.
    #[must_use]
    pub fn method(dispid: i32, locale: u32, mut arguments: Vec<Variant>) -> Self {
        arguments.reverse();
        Self { dispid, locale, flags: flags::METHOD, arguments, names: Vec::new() }
    }

    /// Sets a property. `flags` is [`flags::PROPERTY_PUT`] or [`flags::PROPERTY_PUT_REFERENCE`].
    #[must_use]
    pub fn put(dispid: i32, locale: u32, flags: u32, value: Variant) -> Self {
        Self { dispid, locale, flags, arguments: vec![value], names: vec![PROPERTY_PUT_NAME] }
    }

    /// Returns the arguments in the order of the parameters, where a parameter that is left out is
    /// `None`. Returns `None` if a name is not that of a parameter, or if two arguments are for one
    /// parameter.
    #[must_use]
    pub fn by_position(&self, parameters: usize) -> Option<Vec<Option<&Variant>>> {
        let mut ordered = vec![None; parameters];
        for (place, value) in self.arguments.iter().enumerate() {
            let position = match self.names.get(place) {
                Some(&PROPERTY_PUT_NAME) => parameters.checked_sub(1)?,
                Some(name) => usize::try_from(*name).ok()?,
                None => self.arguments.len() - 1 - place,
            };
            let slot = ordered.get_mut(position)?;
            if slot.replace(value).is_some() {
                return None;
            }
        }
        Some(ordered)
    }

    /// Writes the parameters. By-reference arguments go to the second array, and an empty VARIANT
    /// takes their place.
    ///
    /// # Errors
    /// An argument cannot be written, or there are more names than arguments.
    pub fn write(&self, writer: &mut Writer<'_>) -> Result<(), WriteError> {
        let count = |count: usize| u32::try_from(count).map_err(|_| WriteError::TooLarge);
        if self.names.len() > self.arguments.len() {
            return Err(WriteError::Names);
        }
        writer.i32(self.dispid);
        writer.guid(Guid::NULL);
        writer.u32(self.locale);
        writer.u32(self.flags);
        for is_empty in [self.arguments.is_empty(), self.names.is_empty()] {
            if is_empty {
                writer.u32(0);
            } else {
                writer.referent();
            }
        }
        writer.u32(count(self.arguments.len())?);
        writer.u32(count(self.names.len())?);
        let is_reference =
            |value: &Variant| matches!(value, Variant::ByRef(_) | Variant::VariantRef(_));
        let references: Vec<_> =
            (0..self.arguments.len()).filter(|&at| is_reference(&self.arguments[at])).collect();
        if !self.arguments.is_empty() {
            writer.u32(count(self.arguments.len())?);
            if references.is_empty() {
                write_variants(writer, &self.arguments, 0)?;
            } else {
                let plain = |value: &Variant| {
                    if is_reference(value) { Variant::Empty } else { value.clone() }
                };
                let values: Vec<_> = self.arguments.iter().map(plain).collect();
                write_variants(writer, &values, 0)?;
            }
        }
        if !self.names.is_empty() {
            writer.u32(count(self.names.len())?);
            self.names.iter().for_each(|name| writer.i32(*name));
        }
        writer.u32(count(references.len())?);
        writer.u32(count(references.len())?);
        for &at in &references {
            writer.u32(count(at)?);
        }
        writer.u32(count(references.len())?);
        let values: Vec<_> = references.iter().map(|&at| self.arguments[at].clone()).collect();
        write_variants(writer, &values, 0)
    }

    /// Reads the parameters and ignores undefined bytes after them.
    ///
    /// # Errors
    /// The data ends or violates a rule.
    pub fn read(reader: &mut Reader<'_>) -> ReadResult<Self> {
        let dispid = reader.i32()?;
        reader.guid()?;
        let locale = reader.u32()?;
        let flags = reader.u32()?;
        let (has_arguments, has_names) = (reader.u32()? != 0, reader.u32()? != 0);
        let field = reader.position();
        let (argument_count, name_count) = (reader.u32()?, reader.u32()?);
        let arguments = if has_arguments {
            let count = variant_count(reader)?;
            read_variants(reader, count, 0)?
        } else {
            Vec::new()
        };
        let mut names = Vec::new();
        if has_names {
            let count = reader.count(4)?;
            names.reserve_exact(count);
            for _ in 0..count {
                names.push(reader.i32()?);
            }
        }
        if arguments.len() != argument_count as usize
            || names.len() != name_count as usize
            || names.len() > arguments.len()
        {
            return Err(reader.error_at(field, Rule::CountMismatch));
        }
        let mut invoke = Self { dispid, locale, flags, arguments, names };
        invoke.read_references(reader)?;
        Ok(invoke)
    }

    /// Reads the by-reference arguments and puts them in their places.
    fn read_references(&mut self, reader: &mut Reader<'_>) -> ReadResult<()> {
        let field = reader.position();
        let count = reader.u32()?;
        let indices = reader.count(4)?;
        if indices != count as usize {
            return Err(reader.error_at(field, Rule::CountMismatch));
        }
        let mut places = Vec::with_capacity(indices);
        for _ in 0..indices {
            places.push(reader.u32()? as usize);
        }
        let values = variant_count(reader)?;
        if values != indices {
            return Err(reader.error_at(field, Rule::CountMismatch));
        }
        for (nth, value) in read_variants(reader, values, 0)?.into_iter().enumerate() {
            match self.arguments.get_mut(places[nth]) {
                Some(place @ Variant::Empty) => *place = value,
                _ => return Err(reader.error_at(field + 8 + 4 * nth, Rule::ByRefIndex)),
            }
        }
        Ok(())
    }
}
