#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| carto_auth_properties::token_reply(bytes));
