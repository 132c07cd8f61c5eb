//! The rig of the end-to-end tests: disk images that foreign tools make,
//! machines in QEMU, and kernels that say what they were handed.
//!
//! | module | what it is |
//! |---|---|
//! | [`tool`] | runs foreign programs, and says which package a missing one is in |
//! | [`debian`] | kernels and busybox out of Debian's packages |
//! | [`modules`] | modules of Debian's kernel |
//! | [`userland`] | systemd and what it needs, out of Debian's packages |
//! | [`initramfs`] | cpio archives and incompressible data |
//! | [`image`] | GPT disk images with FAT file systems |
//! | [`boot_sector`] | floppy disks with a few instructions |
//! | [`hostile`] | disks with one thing wrong, and what must come of it |
//! | [`firmware`] | a BIOS with faults of our choice |
//! | [`rig`] | what machines of every kind have in common |
//! | [`qemu`] | a machine: disk, bus, memory, serial line, screen, keys |
//! | [`bochs`] | a machine of another kind, with other BIOSes |
//! | [`probe`] | the probe kernel, its variants and its report |
//! | [`protocol`] | what the boot protocol demands of that report |
//! | [`gapboot`] | the built programs: installing, emulating |
//! | [`decision`] | what a loader decided, whichever it is |
//! | [`scenario`] | probe kernel, initrds and command line, from image to report |
//! | [`uki`] | Unified Kernel Images |
//! | [`loader`] | the loaders that start them |
//! | [`running`] | an initramfs with `gapboot` in it |
//! | [`trixie`] | packages of Debian 13 |
//! | [`syslinux`] | another boot loader, to prove the rig with |
//! | [`systemd`] | bootctl, to agree with |
//! | [`systemd_boot`] | systemd-boot, likewise |
//! | [`ovmf`] | a machine with UEFI |
//! | [`witness`] | a kernel for BIOS and UEFI that says what it was started with |
//! | [`efi`] | EFI programs that are put together here |
//! | [`terminal`] | what a serial terminal shows |
//! | [`demo`] | `./x demo` |
//! | [`kill`] | `./x kill`: power cuts at random moments of a boot |
//! | [`mod@bench`] | `./x bench`: requests, bytes and seconds of a boot, next to other loaders |
//!
//! What was built is found through the environment: `GAPBOOT_DIST` is the
//! `dist` directory, `GAPBOOT_PROBE` the file of the probe kernel. `./x test`
//! sets both; the defaults are where `./x` leaves them in this source tree.

pub mod bench;
pub mod bochs;
pub mod boot_sector;
pub mod debian;
pub mod decision;
pub mod demo;
pub mod efi;
pub mod entries;
pub mod firmware;
pub mod gapboot;
pub mod gdb;
pub mod hostile;
pub mod image;
pub mod initramfs;
pub mod kill;
pub mod loader;
pub mod modules;
pub mod ovmf;
pub mod probe;
pub mod protocol;
pub mod qemu;
pub mod rig;
pub mod running;
pub mod scenario;
pub mod syslinux;
pub mod systemd;
pub mod systemd_boot;
pub mod terminal;
pub mod tool;
pub mod trixie;
pub mod uki;
pub mod userland;
pub mod witness;

use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// A mebibyte, in bytes.
pub const MIB: u64 = 1 << 20;

/// The root of the source tree.
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}

/// A directory for large files, on the file system of the source tree (`/tmp` may be
/// memory).
pub fn scratch() -> std::io::Result<tempfile::TempDir> {
    let target = root().join("target");
    std::fs::create_dir_all(&target)?;
    tempfile::tempdir_in(target)
}

/// The SHA-256 of bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
