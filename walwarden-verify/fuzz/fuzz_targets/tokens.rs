#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| walwarden_fuzz::tokens::run(data));
