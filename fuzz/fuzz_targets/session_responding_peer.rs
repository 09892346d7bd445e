#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| psom_oracles::session::responding_peer(bytes));
