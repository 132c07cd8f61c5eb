//! `./x test`, `./x heavy` and `./x v86`: all tests and checks.
//!
//! | module | content |
//! |---|---|
//! | `tally` | counts the tests and checks that passed |
//! | `cargo_test` | runs `cargo test` on the built loader and programs |
//! | `quick` | the tests that `./x test --quick` runs |
//! | `v86` | the npm package of the emulator v86 |

mod cargo_test;
mod quick;
mod tally;
mod v86;

use anyhow::Result;
use std::fs;
use std::process::Command;

use crate::check::{self, only_host};
use crate::fuzz::Fuzzers;
use crate::run::{output, run};
use crate::workspace::Workspace;
use crate::{disassembly, freestanding, packages, panics, processor, reproduce, size};
use cargo_test::Built;
use tally::Tally;

/// The programs that tests of all crates call.
const TOOLS: &[&str] = &[
    "/usr/lib/ISOLINUX/isohdpfx.bin",
    "/usr/lib/syslinux/memdisk",
    "/usr/lib/x86_64-linux-gnu/libxenctrl.so.4.17",
    "/usr/share/bochs/BIOS-bochs-legacy",
    "/usr/share/vgabios/vgabios.bin",
    "as",
    "bochs-bin",
    "cc",
    "cpio",
    "depmod",
    "dpkg-deb",
    "fish",
    "fsck.vfat",
    "git",
    "grub-menulst2cfg",
    "grub-mkrescue",
    "grub-script-check",
    "grub-syslinux2cfg",
    "gzip",
    "isohybrid",
    "kernel-install",
    "ld",
    "ldd",
    "lintian",
    "losetup",
    "man",
    "mcopy",
    "mke2fs",
    "mkfs.btrfs",
    "mkfs.vfat",
    "modinfo",
    "objcopy",
    "objdump",
    "openssl",
    "qemu-system-i386",
    "qemu-system-x86_64",
    "script",
    "sfdisk",
    "sgdisk",
    "strace",
    "systemd-analyze",
    "tar",
    "xorriso",
    "zsh",
    "zstd",
    "/usr/bin/python3",
];

/// What `./x heavy` needs besides.
const HEAVY_TOOLS: &[&str] = &["debootstrap"];

/// Seconds of hostile input for each parser. `./x fuzz` takes more.
const FUZZ_SECONDS: u32 = 5;

/// Runs all tests and checks.
///
/// # Errors
///
/// The loader cannot be built or is too large, or a test or check failed.
pub(crate) fn all(workspace: &Workspace) -> Result<()> {
    packages::ensure(TOOLS)?;
    let mut tally = Tally::new();
    // Without these no test can run.
    tally.step("dist");
    let (built, loader) = Built::build(workspace)?;
    tally.step("tests");
    cargo_test::run(&mut everything(workspace, &built), &mut tally);
    tally.step("formatting, lints, documentation");
    tally.check("check", check::all(workspace));
    tally.step("hostile input");
    hostile_input(workspace, &mut tally);
    tally.step("reproducing");
    tally.check("reproduce", reproduce::with_dependencies(workspace));
    tally.step("instructions");
    instructions(workspace, &mut tally);
    tally.step("sizes");
    tally.check("size", size::print(&loader));
    tally.end()
}

/// Runs the quick tests, which take three minutes once they are built.
///
/// # Errors
///
/// As [`all`].
pub(crate) fn quick(workspace: &Workspace) -> Result<()> {
    packages::ensure(TOOLS)?;
    let mut tally = Tally::new();
    tally.step("dist");
    let (built, _) = Built::build(workspace)?;
    quick::run(workspace, &built, &mut tally);
    tally.end()
}

/// Runs the tests that take minutes, one after another: two machines of 4 GiB
/// are too much for many hosts.
///
/// # Errors
///
/// As [`all`].
pub(crate) fn heavy(workspace: &Workspace) -> Result<()> {
    packages::ensure(&[TOOLS, HEAVY_TOOLS].concat())?;
    let mut tally = Tally::new();
    tally.step("dist");
    let (built, _) = Built::build(workspace)?;
    tally.step("machines");
    cargo_test::run(&mut heavy_machines(workspace, &built), &mut tally);
    tally.step("menus");
    let mut menus = built.test(workspace);
    menus.args(["--package=menus", "--features=heavy", "--no-fail-fast"]);
    cargo_test::run(&mut menus, &mut tally);
    tally.end()
}

/// The tests that start many machines, or large ones.
fn heavy_machines(workspace: &Workspace, built: &Built) -> Command {
    let mut test = built.test(workspace);
    test.args(["--package=tests", "--features=heavy", "--no-fail-fast"]);
    test.args([
        "--test=bridge",
        "--test=bridge_boots",
        "--test=heavy",
        "--test=systemd_boot",
        "--test=debian_package",
        "--test=image_builders",
        "--test=adapt_boots",
    ]);
    if has_loop_devices(workspace) {
        test.args(["--features=loop-devices", "--test=others"]);
    }
    test.args(["--", "--test-threads=1"]);
    test
}

/// Runs the tests in v86, an emulator that needs node.
///
/// # Errors
///
/// As [`all`], or v86 cannot be installed.
pub(crate) fn v86(workspace: &Workspace) -> Result<()> {
    packages::ensure(TOOLS)?;
    let package = v86::installed(workspace)?;
    let (built, _) = Built::build(workspace)?;
    let mut test = built.test(workspace);
    test.env("GAPBOOT_V86", package);
    run(test.args(["--package=tests", "--features=v86", "--test=v86"]))
}

/// The tests of all host crates.
fn everything(workspace: &Workspace, built: &Built) -> Command {
    let mut test = built.test(workspace);
    only_host(&mut test).arg("--no-fail-fast");
    if has_loop_devices(workspace) {
        test.args([
            "--features",
            "cli/loop-devices,tests/loop-devices,volumes/loop-devices",
        ]);
    }
    test
}

/// Whether tests that need loop devices can run here. If not, says so.
fn has_loop_devices(workspace: &Workspace) -> bool {
    let made = loop_device(workspace);
    if let Err(error) = &made {
        eprintln!("x: not tested: installing on a block device, disks with GRUB ({error:#})");
    }
    made.is_ok()
}

/// Runs every fuzz target for some seconds.
fn hostile_input(workspace: &Workspace, tally: &mut Tally) {
    match Fuzzers::build(workspace) {
        Ok(fuzzers) => {
            for result in fuzzers.run_all(FUZZ_SECONDS) {
                tally.check("fuzz", result);
            }
        }
        Err(error) => tally.check("fuzz", Err(error)),
    }
}

/// Checks the instructions and sizes of the loader.
fn instructions(workspace: &Workspace, tally: &mut Tally) {
    let elf = freestanding::directory(workspace).join("link/stage2");
    match disassembly::functions(&elf) {
        Ok(functions) => {
            tally.check("panics", panics::none_in(&functions));
            tally.check("processor", processor::check(workspace, &functions));
        }
        Err(error) => tally.check("instructions", Err(error)),
    }
}

/// Fails if no loop device can be made, for example without root's rights or in a
/// container.
fn loop_device(workspace: &Workspace) -> Result<()> {
    let file = workspace.target.join("loop.img");
    fs::write(&file, [0; 4096])?;
    let device = output(
        Command::new("losetup")
            .args(["--find", "--show"])
            .arg(&file),
    )?;
    run(Command::new("losetup").args(["--detach", device.trim()]))
}
