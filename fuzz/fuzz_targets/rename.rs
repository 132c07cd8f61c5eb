//! See `fuzz::targets::rename`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::rename::run(data));
