//! See `fuzz::targets::fat`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::fat::run(data));
