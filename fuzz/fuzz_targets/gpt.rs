//! See `fuzz::targets::gpt`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::gpt::run(data));
