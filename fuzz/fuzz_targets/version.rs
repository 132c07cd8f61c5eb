//! See `fuzz::targets::version`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::version::run(data));
