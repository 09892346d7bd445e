use std::fmt::Display;

use psom::psom_interface;

#[psom_interface(name = "Example.Form", version = 1, hash = 1)]
trait FormServer {
    fn s_tuple(&mut self, pair: (i32, i32));
    fn s_impl(&mut self, value: impl Display);
    fn s_dyn(&mut self, value: &dyn Display);
    fn s_function(&mut self, function: fn(i32));
    fn s_pointer(&mut self, pointer: *const u8);
    fn s_array(&mut self, array: [u8; 4]);
    fn s_text(&mut self, text: str);
    fn s_slice(&mut self, bytes: [u8]);
    fn s_mutable(&mut self, text: &mut String);
    fn s_static(&mut self, text: &'static str);
}

fn main() {}
