//! See `fuzz::targets::memory_map`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::memory_map::run(data));
