//! See `fuzz::targets::grub_menu`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::targets::grub_menu::run(data));
