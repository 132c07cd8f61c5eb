//! See `fuzz::targets::mbr`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::mbr::run(data));
