#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| psom_oracles::render::frame(bytes));
