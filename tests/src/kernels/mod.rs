//! Kernels that say what they were handed.
//!
//! | module | what is in it |
//! |---|---|
//! | [`probe`] | the probe kernel, its variants and its report |
//! | [`protocol`] | what the boot protocol demands of that report |
//! | [`efi`] | EFI programs that are put together here |
//! | [`witness`] | a kernel for BIOS and UEFI that says what it was started with |

pub mod efi;
pub mod probe;
pub mod protocol;
pub mod witness;
