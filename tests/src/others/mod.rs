//! Disks with other boot loaders and their menus, as distributions make them: each entry
//! is started by its own loader, and by `gapboot kexec` in a guest.
//!
//! | module | content |
//! |---|---|
//! | [`medium`] | a disk image and the loader on it |
//! | [`system`] | Debian systems with GRUB, by grub-install and grub-mkconfig |
//! | [`installer`] | Debian's installer with ISOLINUX on a CD, and with EXTLINUX on a disk |
//! | [`menu`] | the loader's own menu, by serial line |
//! | [`guest`] | a guest that reads the menu and starts an entry by `gapboot` |

pub mod guest;
pub mod installer;
pub mod medium;
pub mod menu;
pub mod system;

pub use medium::Medium;
