//! See `fuzz::targets::conf`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::conf::run(data));
