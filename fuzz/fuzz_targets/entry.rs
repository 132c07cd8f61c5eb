//! See `fuzz::targets::entry`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::entry::run(data));
