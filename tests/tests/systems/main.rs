//! What a system that gapboot booted can do: Debian's kernel in QEMU, with a userland.
//!
//! One program, because its longest test takes a minute on one core: the others run
//! meanwhile.
//!
//! | module | content |
//! |---|---|
//! | `kexec` | each system that `gapboot kexec` starts starts the next |
//! | `running` | `gapboot` where block devices, mounts and FAT are Linux's own |
//! | `userland` | systemd, from an initrd without `root=` to the next boot |

mod kexec;
mod running;
mod userland;
