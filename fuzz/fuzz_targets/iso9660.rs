//! See `fuzz::targets::iso9660`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::iso9660::run(data));
