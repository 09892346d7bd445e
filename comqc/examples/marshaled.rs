//! The other half of `tests/scripts/impacket_check.py`: without an argument it prints marshaled
//! VARIANTs as `DEBUG-TEXT<tab>HEX`; with `read` it reads lines `KIND HEX` and prints the values.
#![expect(clippy::print_stdout, reason = "an example prints its results")]

use std::io::{BufRead as _, stdin};

use comqc::{
    ndr::{Reader, Writer},
    oaut::{Bstr, FromArgument as _, Invoke, ToArgument as _, Variant},
};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let places = (0..hex.len()).step_by(2);
    places.map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

fn read(kind: &str, data: &[u8]) -> Result<String, comqc::ReadError> {
    let mut reader = Reader::new(data, 0);
    Ok(match kind {
        "variant" => format!("{:?}", Variant::read(&mut reader)?),
        "bstr" => format!("{:?}", Bstr::read(&mut reader)?),
        "invoke" => {
            let Invoke { dispid, flags, arguments, names, .. } = Invoke::read(&mut reader)?;
            format!("{dispid} {flags} {arguments:?} {names:?}")
        }
        _ => {
            let quantity = i32::read(&mut reader)?;
            let article = String::read(&mut reader)?;
            format!("{quantity} {article:?} {:?}", f64::read(&mut reader)?)
        }
    })
}

fn main() {
    if std::env::args().nth(1).as_deref() == Some("read") {
        for line in stdin().lock().lines().map_while(Result::ok) {
            let (kind, data) = line.split_once(' ').unwrap_or_default();
            match bytes(data).map(|data| read(kind, &data)) {
                Some(Ok(value)) => println!("{value}"),
                Some(Err(error)) => println!("{error}"),
                None => println!("not hexadecimal"),
            }
        }
        return;
    }
    for value in [
        Variant::UI1(200),
        Variant::I2(-2),
        Variant::I4(-70_000),
        Variant::UI4(4_000_000_000),
        Variant::R4(0.25),
        Variant::R8(-1.5),
        Variant::Bool(true),
        Variant::Bstr("Zürich".into()),
        Variant::Bstr("".into()),
    ] {
        let mut data = Vec::new();
        match value.write(&mut Writer::new(&mut data)) {
            Ok(()) => println!("{value:?}\t{}", hex(&data)),
            Err(error) => println!("{error}\t"),
        }
    }
}
