//! A BIOS that does all that a boot loader must survive: `install.s` puts it
//! between the machine's own BIOS and the boot sector of a hard disk, `hooks.s`
//! is what stays there. `tests/src/firmware.rs` chooses the faults.

#![no_std]
#![no_main]

core::arch::global_asm!(
    include_str!("install.s"),
    include_str!("hooks.s"),
    options(att_syntax)
);

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
