//! See `fuzz::targets::partitions`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::partitions::run(data));
