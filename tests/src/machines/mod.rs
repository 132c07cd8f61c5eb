//! Machines: what runs a disk from power-on.
//!
//! | module | what is in it |
//! |---|---|
//! | [`screen`] | a VGA text screen |
//! | [`terminal`] | what a serial terminal shows |
//! | [`rig`] | what machines of every kind have in common: that they run, and how they end |
//! | [`qemu`] | a machine in QEMU: disk, bus, memory, serial line, screen, keys |
//! | [`bochs`] | a machine in Bochs, an emulator of another kind with other BIOSes |
//! | [`ovmf`] | a machine with UEFI |
//! | [`gdb`] | a debugger for the guest |
//! | [`firmware`] | a BIOS with faults of our choice |

pub mod bochs;
pub mod firmware;
pub mod gdb;
pub mod ovmf;
pub mod qemu;
pub mod rig;
pub mod screen;
pub mod terminal;
