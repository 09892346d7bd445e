//! The attribute `#[queued_interface]`.

use std::process::Command;

use comqc::{
    Message, QueuedCall as _, Recorder, Rule, decode_calls,
    oaut::{Bstr, Currency, Date, Decimal, Elements, Object, SafeArray, Variant},
    queued_interface,
    security::SecurityContext,
};

use crate::ship::{Log, Ship, ShipCall, ShipRecorder, class, guid, recorder};

/// The compiler whose messages the `.stderr` files contain.
const STDERR_COMPILER: &str = "rustc 1.95";

#[test]
fn each_mistake_is_one_error_at_its_token() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().unwrap().stdout;
    if String::from_utf8_lossy(&version).starts_with(STDERR_COMPILER) {
        cases.compile_fail("tests/ui/fail/*.rs");
    } else {
        println!("skipped: the errors are compared only with {STDERR_COMPILER}");
    }
}

#[queued_interface(iid = "{11111111-2222-3333-4444-555555555555}", base = IUnknown)]
trait Everything {
    fn numbers(&mut self, a: i8, b: u8, c: i16, d: u16, e: i32, f: u32, g: i64, h: u64);
    fn others(&self, a: f32, b: f64, c: bool, d: String, e: &str, f: Bstr, g: Currency, h: Date);
    fn large(&mut self, a: Decimal, b: &Variant, c: SafeArray, r#type: &Object);
    fn nothing(&self);
}

#[test]
fn every_type_survives_through_the_vtable() {
    let mut recorder = Recorder::new(class(), None, &SecurityContext::supplied("ada")).unwrap();
    let mut calls = EverythingRecorder::new(&mut recorder);
    let (array, variant) = (SafeArray::new(Elements::Bytes(0x11, [1].into())), Variant::Bool(true));
    let object = Object { reserved_2: 3, class: class(), data: vec![1, 2, 3] };
    let (decimal, text) = (Decimal::new(5, 1).unwrap(), Bstr::from_bytes([1]));
    calls.numbers(-1, 2, -3, 4, -5, 6, -7, 8).unwrap();
    calls.others(0.5, 1.5, true, "x".into(), "y", text.clone(), Currency(1), Date(2.0)).unwrap();
    calls.large(decimal, &variant, array.clone(), &object).unwrap();
    calls.nothing().unwrap();
    let bytes = recorder.finish().unwrap();
    let calls = decode_calls::<EverythingCall>(&Message::read(&bytes).unwrap()).unwrap();
    let expected = [
        EverythingCall::Numbers { a: -1, b: 2, c: -3, d: 4, e: -5, f: 6, g: -7, h: 8 },
        EverythingCall::Others {
            a: 0.5,
            b: 1.5,
            c: true,
            d: "x".into(),
            e: "y".into(),
            f: text,
            g: Currency(1),
            h: Date(2.0),
        },
        EverythingCall::Large { a: decimal, b: variant, c: array, r#type: object },
        EverythingCall::Nothing {},
    ];
    assert_eq!(calls, expected);
    let opnums: Vec<_> = Message::read(&bytes).unwrap().calls().map(|call| call.opnum).collect();
    assert_eq!(opnums, [3, 4, 5, 6]);
}

struct Counter(u32);

impl Everything for Counter {
    fn numbers(&mut self, _: i8, _: u8, _: i16, _: u16, _: i32, _: u32, _: i64, _: u64) {
        self.0 += 1;
    }
    fn others(&self, _: f32, _: f64, _: bool, _: String, _: &str, _: Bstr, _: Currency, _: Date) {}
    fn large(&mut self, _: Decimal, _: &Variant, _: SafeArray, _: &Object) {}
    fn nothing(&self) {}
}

#[test]
fn calls_are_played_on_the_trait_and_on_trait_objects() {
    let call = EverythingCall::Numbers { a: 0, b: 0, c: 0, d: 0, e: 0, f: 0, g: 0, h: 0 };
    let mut counter = Counter(0);
    call.clone().play(&mut counter);
    let object: &mut dyn Everything = &mut counter;
    call.play(object);
    assert_eq!(counter.0, 2);
    assert_eq!(EverythingCall::INTERFACE, guid("11111111-2222-3333-4444-555555555555"));
}

#[test]
fn late_bound_and_vtable_calls_decode_to_the_same() {
    let record = |late: bool| {
        let mut recorder = recorder();
        let mut ship = match late {
            true => ShipRecorder::late_bound(&mut recorder),
            false => ShipRecorder::new(&mut recorder),
        };
        ship.order_id(9).unwrap();
        ship.describe(7, "Anvil", 2.5).unwrap();
        ship.process().unwrap();
        let bytes = recorder.finish().unwrap();
        decode_calls::<ShipCall>(&Message::read(&bytes).unwrap()).unwrap()
    };
    assert_eq!(record(true), record(false));
    let mut log = Log::default();
    record(true).into_iter().for_each(|call| call.play(&mut log));
    assert_eq!(log.0, ["order 9", "7 x Anvil, 2.5 kg", "process"]);
    let _: &mut dyn Ship = &mut log;
}

#[test]
fn late_bound_call_of_an_interface_without_idispatch_is_refused() {
    let mut recorder = recorder();
    ShipRecorder::late_bound(&mut recorder).process().unwrap();
    let bytes = recorder.finish().unwrap();
    let error = decode_calls::<EverythingCall>(&Message::read(&bytes).unwrap()).unwrap_err();
    assert_eq!(error.rule, Rule::UnknownInterface);
}
