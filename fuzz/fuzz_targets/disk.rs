//! See `fuzz::targets::disk`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::disk::run(data));
