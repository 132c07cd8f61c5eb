//! The rig of the end-to-end tests: disk images that foreign tools make,
//! machines in QEMU, Bochs and v86, and kernels that report what the loader gave them.
//!
//! | module | content |
//! |---|---|
//! | [`tool`] | runs foreign programs, and names the package of a missing one |
//! | [`data`] | random bytes and checksums |
//! | [`debian`] | kernels, busybox and other files from Debian's packages |
//! | [`images`] | disks with partitions, file systems and files; initramfs archives |
//! | [`machines`] | QEMU, Bochs and v86, UEFI, a debugger, a BIOS with faults of our choice |
//! | [`kernels`] | the probe kernel and its report, and the boot protocol's demands on it |
//! | [`decision`] | the decision of any loader |
//! | [`gapboot`] | the programs under test: installing, listing, emulating |
//! | [`scenario`] | probe kernel, initrds and command line, from the image to the report |
//! | [`guests`] | Linux systems that run in a machine, with `gapboot` in them |
//! | [`loaders`] | other boot loaders, to compare with or to test the rig with |
//! | [`hostile`] | disks with one fault, and the expected result |
//! | [`demo`] | `./x demo` |
//! | [`pictures`] | `./x pictures`: those of the documents |
//! | [`kill`] | `./x kill`: power cuts at random moments of a boot |
//! | [`mod@bench`] | `./x bench`: requests, bytes and seconds of a boot, next to other loaders |
//!
//! Each module uses those above it in this table, never those below.
//!
//! Built files are found through the environment: `GAPBOOT_DIST` is the
//! `dist` directory, `GAPBOOT_PROBE` the file of the probe kernel and
//! `GAPBOOT_FIRMWARE` that of the BIOS with faults. `./x test` sets all three, and
//! `./x v86` sets `GAPBOOT_V86`, the directory of the npm package, as well. The defaults
//! are the places in this source tree where `./x` puts them.

pub mod bench;
pub mod data;
pub mod debian;
pub mod decision;
pub mod demo;
pub mod gapboot;
pub mod guests;
pub mod hostile;
pub mod images;
pub mod kernels;
pub mod kill;
pub mod loaders;
pub mod machines;
pub mod others;
pub mod pictures;
pub mod scenario;
pub mod tool;

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
