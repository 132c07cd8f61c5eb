//! Machines, which run a disk from power-on.
//!
//! | module | content |
//! |---|---|
//! | [`screen`] | a VGA text screen |
//! | [`terminal`] | the screen of a serial terminal |
//! | [`rig`] | common to machines of every kind: running them, and how they end |
//! | [`qemu`] | a machine in QEMU: disk, bus, memory, serial line, screen, keys |
//! | [`bochs`] | a machine in Bochs, an emulator of another kind with other BIOSes |
//! | [`v86`] | a machine in v86, an emulator that compiles to WebAssembly |
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
pub mod v86;
