//! See `fuzz::targets::multiboot`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::multiboot::run(data));
