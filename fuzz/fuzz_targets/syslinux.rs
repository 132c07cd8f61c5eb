//! See `fuzz::targets::syslinux`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::syslinux::run(data));
