//! See `fuzz::targets::adapt`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::adapt::run(data));
