//! The interface and the security contexts of the golden vectors.

use comqc::{Guid, Recorder, queued_interface, security::SecurityContext};

pub(crate) const Q1: &[u8] = include_bytes!("../data/q1.bin");
pub(crate) const Q2: &[u8] = include_bytes!("../data/q2.bin");
pub(crate) const Q3: &[u8] = include_bytes!("../data/q3.bin");
pub(crate) const Q4: &[u8] = include_bytes!("../data/q4.bin");

#[queued_interface(iid = "5E0C1A30-7B1D-4C6E-9E5F-0A1B2C3D4E5F", base = IDispatch)]
pub(crate) trait Ship {
    #[dispid(1, put)]
    fn customer_id(&mut self, id: i32);
    #[dispid(2, put)]
    fn order_id(&mut self, id: i32);
    #[dispid(3)]
    fn line_item(&mut self, quantity: i32);
    #[dispid(4)]
    fn process(&mut self);
    #[dispid(6)]
    fn describe(&mut self, quantity: i32, article: &str, weight: f64);
}

/// The texts of the calls that were played.
#[derive(Default)]
pub(crate) struct Log(pub Vec<String>);

impl Ship for Log {
    fn customer_id(&mut self, id: i32) {
        self.0.push(format!("customer {id}"));
    }

    fn order_id(&mut self, id: i32) {
        self.0.push(format!("order {id}"));
    }

    fn line_item(&mut self, quantity: i32) {
        self.0.push(format!("item {quantity}"));
    }

    fn process(&mut self) {
        self.0.push("process".into());
    }

    fn describe(&mut self, quantity: i32, article: &str, weight: f64) {
        self.0.push(format!("{quantity} x {article}, {weight} kg"));
    }
}

pub(crate) fn guid(text: &str) -> Guid {
    text.parse().unwrap()
}

pub(crate) fn class() -> Guid {
    guid("{812DF40E-BD88-11D0-8A6D-00C04FC340EE}")
}

pub(crate) fn context_a() -> SecurityContext {
    SecurityContext::authenticated("S-1-5-18".parse().unwrap(), 10, 6, 3)
}

pub(crate) fn context_b() -> SecurityContext {
    SecurityContext::authenticated("S-1-5-21-1000-2000-3000-1104".parse().unwrap(), 16, 5, 3)
}

pub(crate) fn recorder() -> Recorder {
    Recorder::new(class(), None, &context_a()).unwrap()
}

/// Replaces bytes of a vector.
pub(crate) fn patched(bytes: &[u8], offset: usize, new: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[offset..offset + new.len()].copy_from_slice(new);
    bytes
}
