//! I/O ports. (The port type of the `x86_64` crate exists for 64-bit code only.)

/// Reads a byte.
///
/// # Safety
///
/// Reading `port` must have no effect that memory safety depends on.
pub(crate) unsafe fn read(port: u16) -> u8 {
    let value;
    // SAFETY: `in` touches no memory; the caller guarantees that the effect on the
    // device is harmless.
    unsafe {
        core::arch::asm!("in al, dx", in("dx") port, out("al") value, options(nomem, nostack, preserves_flags));
    }
    value
}

/// Writes a byte.
///
/// # Safety
///
/// Writing `value` to `port` must have no effect that memory safety depends on.
pub(crate) unsafe fn write(port: u16, value: u8) {
    // SAFETY: as in `read`.
    unsafe {
        core::arch::asm!("out dx, al", in("dx") port, in("al") value, options(nomem, nostack, preserves_flags));
    }
}
