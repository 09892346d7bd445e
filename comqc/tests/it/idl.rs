//! The names of calls from an IDL file.

use comqc::{
    Message,
    idl::{self, Accessor, Kind},
    ndr::Reader,
    oaut::Variant,
};

use crate::ship::{Q1, Q3, guid};

const SHIP: &str = include_str!("../data/ship.idl");

#[test]
fn calls_have_the_names_of_their_interface() {
    let interfaces = idl::parse(SHIP).unwrap();
    let names: Vec<_> = Message::read(Q1)
        .unwrap()
        .calls()
        .map(|call| {
            let (interface, method) = idl::find(&interfaces, call.interface, call.opnum).unwrap();
            format!("{}.{}", interface.name, method.name)
        })
        .collect();
    assert_eq!(names, ["IShip.CustomerId", "IShip.OrderId", "IShip.LineItem", "IShip.Process"]);
    let (_, method) = idl::find_dispid(&interfaces, 1, Accessor::Put).unwrap();
    assert_eq!((method.name.as_str(), method.parameters[0].name.as_str()), ("CustomerId", "id"));
    assert_eq!(idl::find_dispid(&interfaces, 1, Accessor::None), None);
}

#[test]
fn parameters_are_read_by_their_types() {
    let interfaces = idl::parse(SHIP).unwrap();
    let call = Message::read(Q3).unwrap().calls().next().unwrap();
    let (_, method) = idl::find(&interfaces, call.interface, call.opnum).unwrap();
    let mut reader = call.arguments();
    let values: Vec<_> = method
        .parameters
        .iter()
        .map(|parameter| parameter.kind.unwrap().read(&mut reader).unwrap())
        .collect();
    assert_eq!(values, [Variant::I4(7), Variant::Bstr("Anvil".into()), Variant::R8(2.5)]);
}

#[test]
fn derived_interfaces_count_the_methods_of_their_bases() {
    let interfaces = idl::parse(SHIP).unwrap();
    let iid = guid("11111111-2222-3333-4444-555555555555");
    let name = |opnum| idl::find(&interfaces, iid, opnum).map(|(_, method)| method.name.as_str());
    assert_eq!([6, 7, 12, 13].map(name), [None, Some("CustomerId"), Some("Odd"), None]);
    let (_, odd) = idl::find(&interfaces, iid, 12).unwrap();
    let kinds: Vec<_> = odd.parameters.iter().map(|parameter| parameter.kind).collect();
    assert_eq!(kinds, [Some(Kind::SafeArray), Some(Kind::UI4), Some(Kind::Object), None]);
    assert_eq!(interfaces.len(), 2);
}

#[test]
fn malformed_files_are_refused_with_their_line() {
    let error = |text| idl::parse(text).unwrap_err();
    assert_eq!(error("\ninterface {").line, 2);
    assert_eq!(error("interface IA : IB\n\n{ HRESULT F(").expected, "`)` and `;`");
    assert_eq!(error("interface IA : IB\n\n{ HRESULT F(long").expected, "`)`");
    assert_eq!(error("[uuid(").expected, "`)`");
    assert_eq!(error("interface IA { long").to_string(), "line 1: expected `;`");
    assert_eq!(idl::parse("").unwrap(), []);
    // An interface that is its own base.
    let own = "[uuid(11111111-2222-3333-4444-555555555555)] interface IA : IA { HRESULT F(); }";
    let interfaces = idl::parse(own).unwrap();
    assert!(idl::find(&interfaces, interfaces[0].iid, 3).is_some());
    assert!(Kind::I4.read(&mut Reader::new(&[], 0)).is_err());
}
