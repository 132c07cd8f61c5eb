#![no_std]
#![no_main]
//! stage1
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
