//! See `fuzz::targets::grub_legacy`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::grub_legacy::run(data));
