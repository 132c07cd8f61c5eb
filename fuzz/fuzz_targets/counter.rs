//! See `fuzz::targets::counter`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::counter::run(data));
