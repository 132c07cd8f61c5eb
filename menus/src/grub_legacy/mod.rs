//! The menus of GRUB 0.97.
