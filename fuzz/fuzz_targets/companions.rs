//! See `fuzz::targets::companions`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::companions::run(data));
