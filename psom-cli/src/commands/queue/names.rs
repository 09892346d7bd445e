//! The names and arguments of calls.

use std::path::Path;

use comqc::{
    Call,
    idl::{self, Accessor, Interface, Method},
    oaut::{IID_IDISPATCH, INVOKE_OPNUM, Invoke, Variant, flags},
};
use data_encoding::HEXLOWER;

use crate::{
    error::{CommandError, Result},
    files::{name_of, read_input},
};

/// The largest IDL file that is read (16 MiB).
const MAX_IDL_BYTES: u64 = 16 << 20;

/// The interfaces that the user named.
#[derive(Default)]
pub(crate) struct Names(Vec<Interface>);

/// A call with the names of its interface.
pub(crate) struct Described {
    /// `IShip.CustomerId`, or the interface and the number of the method.
    pub method: String,
    /// The arguments and the names of their parameters, if they are known.
    pub arguments: Option<Vec<(Option<String>, Variant)>>,
    /// The reason why the arguments are not known.
    pub problem: Option<String>,
}

impl Names {
    /// Reads an IDL file.
    pub(crate) fn read(file: Option<&Path>) -> Result<Self> {
        let Some(file) = file else { return Ok(Self::default()) };
        let name = name_of(file);
        let text = String::from_utf8(read_input(file, MAX_IDL_BYTES)?);
        let text = text.map_err(|_| CommandError::new(format!("{name} is not text in UTF-8")))?;
        let interfaces =
            idl::parse(&text).map_err(|error| CommandError::new(format!("{name}, {error}")))?;
        if interfaces.is_empty() {
            return Err(CommandError::new(format!("{name} defines no interface with a uuid")));
        }
        Ok(Self(interfaces))
    }

    /// Describes a call.
    pub(crate) fn describe(&self, call: &Call<'_>) -> Described {
        if call.interface == IID_IDISPATCH && call.opnum == INVOKE_OPNUM {
            return self.describe_late_bound(call);
        }
        let Some((interface, method)) = idl::find(&self.0, call.interface, call.opnum) else {
            let method = format!("{} method {}", call.interface, call.opnum);
            return Described { method, arguments: None, problem: None };
        };
        let (arguments, problem) = match read_arguments(method, call) {
            Ok(arguments) => (Some(arguments), None),
            Err(problem) => (None, Some(problem)),
        };
        Described { method: format!("{}.{}", interface.name, method.name), arguments, problem }
    }

    fn describe_late_bound(&self, call: &Call<'_>) -> Described {
        let invoke = match Invoke::read(&mut call.arguments()) {
            Ok(invoke) => invoke,
            Err(error) => {
                let method = "IDispatch.Invoke".to_owned();
                return Described { method, arguments: None, problem: Some(error.to_string()) };
            }
        };
        let (word, accessor) = match invoke.flags {
            flags if flags & flags::PROPERTY_PUT != 0 => ("put ", Accessor::Put),
            flags if flags & flags::PROPERTY_PUT_REFERENCE != 0 => {
                ("putref ", Accessor::PutReference)
            }
            flags if flags & flags::METHOD != 0 => ("", Accessor::None),
            _ => ("get ", Accessor::Get),
        };
        let found = idl::find_dispid(&self.0, invoke.dispid, accessor);
        let parameters = found.map(|(_, method)| &method.parameters);
        let count = parameters.map_or(invoke.arguments.len(), Vec::len);
        let arguments = match invoke.by_position(count) {
            Some(ordered) => ordered
                .into_iter()
                .enumerate()
                .map(|(place, value)| {
                    let name = parameters.map(|parameters| parameters[place].name.clone());
                    (name, value.cloned().unwrap_or(Variant::MISSING))
                })
                .collect(),
            // The names do not match. Arguments are stored in reverse order.
            None => invoke.arguments.iter().rev().map(|value| (None, value.clone())).collect(),
        };
        let method = match found {
            Some((interface, method)) => format!("{word}{}.{}", interface.name, method.name),
            None => format!("{word}DISPID {}", invoke.dispid),
        };
        Described { method, arguments: Some(arguments), problem: None }
    }
}

fn read_arguments(
    method: &Method,
    call: &Call<'_>,
) -> Result<Vec<(Option<String>, Variant)>, String> {
    let mut reader = call.arguments();
    let read = method.parameters.iter().map(|parameter| {
        let unknown = || format!("the type of the parameter `{}` is not known", parameter.name);
        let value = parameter.kind.ok_or_else(unknown)?.read(&mut reader);
        Ok((Some(parameter.name.clone()), value.map_err(|error| error.to_string())?))
    });
    read.collect()
}

impl Described {
    /// Writes the call on one line.
    pub(crate) fn line(&self, data: &[u8]) -> String {
        let method = &self.method;
        if let Some(arguments) = &self.arguments {
            let shown = arguments.iter().map(|(name, value)| match name {
                Some(name) => format!("{name} = {}", show(value)),
                None => show(value),
            });
            return format!("{method}({})", shown.collect::<Vec<_>>().join(", "));
        }
        let data = if data.is_empty() { "no data".to_owned() } else { HEXLOWER.encode(data) };
        match &self.problem {
            Some(problem) => format!("{method}, {data} ({problem})"),
            None => format!("{method}, {data}"),
        }
    }
}

/// Writes a value for people.
pub(crate) fn show(value: &Variant) -> String {
    match value {
        Variant::Empty => "empty".to_owned(),
        Variant::Null => "null".to_owned(),
        Variant::I1(value) => value.to_string(),
        Variant::UI1(value) => value.to_string(),
        Variant::I2(value) => value.to_string(),
        Variant::UI2(value) => value.to_string(),
        Variant::I4(value) | Variant::Int(value) => value.to_string(),
        Variant::UI4(value) | Variant::UInt(value) => value.to_string(),
        Variant::I8(value) => value.to_string(),
        Variant::UI8(value) => value.to_string(),
        Variant::R4(value) => format!("{value:?}"),
        Variant::R8(value) => format!("{value:?}"),
        Variant::Currency(value) => value.to_string(),
        Variant::Date(value) => format!("date {:?}", value.0),
        Variant::Bstr(value) => format!("{value:?}"),
        Variant::Bool(value) => value.to_string(),
        value if *value == Variant::MISSING => "left out".to_owned(),
        Variant::Error(code) => format!("error {code:#010x}"),
        Variant::Decimal(value) => value.to_string(),
        Variant::Dispatch(None) | Variant::Unknown(None) => "no object".to_owned(),
        Variant::Dispatch(Some(object)) | Variant::Unknown(Some(object)) => {
            format!("object {} of {} bytes", object.class, object.data.len())
        }
        Variant::ByRef(value) | Variant::VariantRef(value) => format!("&{}", show(value)),
        value => format!("{value:?}"),
    }
}
