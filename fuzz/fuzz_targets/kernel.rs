//! See `fuzz::targets::kernel`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::kernel::run(data));
