//! Kernels that report what the loader gave them.
//!
//! | module | content |
//! |---|---|
//! | [`multiboot`] | the probe kernel as a Multiboot kernel |
//! | [`probe`] | the probe kernel, its variants and its report |
//! | [`protocol`] | the demands of the boot protocol on that report |
//! | [`efi`] | makes EFI programs |
//! | [`witness`] | a kernel for BIOS and UEFI that reports how it was started |

pub mod efi;
pub mod multiboot;
pub mod probe;
pub mod protocol;
pub mod witness;
