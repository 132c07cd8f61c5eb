//! See `fuzz::targets::uki`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::uki::run(data));
