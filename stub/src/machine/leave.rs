//! The ways out: into a kernel in 32 and in 64 bits, and the end.

// They are in `entry.s`.
unsafe extern "C" {
    /// Enters a kernel by its 64-bit entry.
    ///
    /// # Safety
    /// A kernel lies at `entry`, and complete `boot_params` at `params`. Both
    /// are mapped one to one, with all that the boot protocol demands of the
    /// 64-bit entry.
    pub(crate) fn leave_64(entry: u64, params: u64) -> !;

    /// Enters a kernel by its 32-bit entry.
    ///
    /// # Safety
    /// A kernel lies at `entry`, and complete `boot_params` at `params`. This
    /// image lies below 4 GiB.
    pub(crate) fn leave_32(entry: u32, params: u32) -> !;
}

/// Stops.
pub(crate) fn halt() -> ! {
    loop {
        x86_64::instructions::hlt();
    }
}
