//! The processor's modes in which a kernel can be entered.

/// The mode in which the stub was entered, and in which it enters the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Real mode.
    Real,
    /// 32-bit protected mode.
    Protected,
    /// 64-bit mode.
    Long,
}
