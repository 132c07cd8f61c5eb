//! See `fuzz::targets::grub_syntax`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::grub_syntax::run(data));
