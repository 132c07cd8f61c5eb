//! See `fuzz::targets::glob`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::glob::run(data));
