#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| carto_auth_properties::one_line(bytes));
