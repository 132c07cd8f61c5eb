//! `./x test`: every test and check there is.

use anyhow::{Context, Result, bail};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::check::{self, only_host};
use crate::freestanding::{self, Image};
use crate::fuzz::Fuzzers;
use crate::run::{cargo, output, run};
use crate::toolchain::Toolchain;
use crate::workspace::Workspace;
use crate::{disassembly, dist, packages, panics, processor, reproduce, size};

/// The programs that tests call, whatever the crate.
const TOOLS: &[&str] = &[
    "/usr/lib/x86_64-linux-gnu/libxenctrl.so.4.17",
    "/usr/share/bochs/BIOS-bochs-legacy",
    "/usr/share/vgabios/vgabios.bin",
    "as",
    "bochs-bin",
    "cpio",
    "dpkg-deb",
    "fsck.vfat",
    "git",
    "grub-mkrescue",
    "gzip",
    "kernel-install",
    "ld",
    "ldd",
    "losetup",
    "mcopy",
    "mke2fs",
    "mkfs.vfat",
    "objcopy",
    "objdump",
    "openssl",
    "qemu-system-i386",
    "qemu-system-x86_64",
    "sfdisk",
    "sgdisk",
    "systemd-analyze",
    "tar",
    "xorriso",
    "/usr/bin/python3",
];

/// Seconds of hostile input for each parser. `./x fuzz` takes more.
const FUZZ_SECONDS: u32 = 5;

/// How many tests and checks went well, and how many did not.
#[derive(Default)]
struct Tally {
    passed: u32,
    failed: u32,
}

impl Tally {
    fn check(&mut self, name: &str, result: Result<()>) {
        match result {
            Ok(()) => self.passed += 1,
            Err(error) => {
                eprintln!("x: {name}: {error:#}");
                self.failed += 1;
            }
        }
    }

    /// Adds one of cargo's lines `test result: ok. 5 passed; 0 failed; ...`.
    fn add(&mut self, line: &str) {
        let Some(line) = line.strip_prefix("test result: ") else {
            return;
        };
        let words: Vec<&str> = line.split([' ', ';']).collect();
        for pair in words.windows(2) {
            let Ok(number) = pair[0].parse::<u32>() else {
                continue;
            };
            match pair[1] {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                _ => {}
            }
        }
    }
}

/// Runs all of it, and goes on after a failure: one run shows as much as it can.
pub(crate) fn all(workspace: &Workspace) -> Result<()> {
    packages::ensure(TOOLS)?;
    let mut tally = Tally::default();
    let start = Instant::now();
    let step = |name: &str| eprintln!("x: {:4} s: {name}", start.elapsed().as_secs());

    // Without these there is nothing to test.
    step("dist");
    let loader = dist::build(workspace)?;
    let probe = probe(workspace)?;
    let firmware = flat(workspace, "firmware")?;
    step("tests");
    if let Err(error) = tests(workspace, &probe, &firmware, &mut tally) {
        tally.check("tests", Err(error));
    }
    step("formatting, lints, documentation");
    tally.check("check", check::all(workspace));
    step("hostile input");
    match Fuzzers::build(workspace) {
        Ok(fuzzers) => {
            for target in &fuzzers.targets {
                tally.check("fuzz", fuzzers.run(target, FUZZ_SECONDS));
            }
        }
        Err(error) => tally.check("fuzz", Err(error)),
    }
    step("reproducing");
    tally.check("reproduce", reproduce::compare(workspace));
    step("instructions");
    let elf = freestanding::directory(workspace).join("link/stage2");
    match disassembly::functions(&elf) {
        Ok(functions) => {
            tally.check("panics", panics::none_in(&functions));
            tally.check("processor", processor::check(workspace, &functions));
        }
        Err(error) => tally.check("instructions", Err(error)),
    }
    step("sizes");
    tally.check("size", size::print(&loader));
    step("done");

    let Tally { passed, failed } = tally;
    println!("{passed} passed, {failed} failed");
    if failed > 0 {
        bail!("{failed} tests or checks failed, see above");
    }
    Ok(())
}

/// Runs the tests that take minutes, one after another: two machines of 4 GiB
/// are too much for many a host.
pub(crate) fn heavy(workspace: &Workspace) -> Result<()> {
    packages::ensure(TOOLS)?;
    dist::build(workspace)?;
    let mut test = cargo(workspace, "test");
    test.env("GAPBOOT_DIST", workspace.dist());
    test.env("GAPBOOT_PROBE", probe(workspace)?);
    test.args([
        "--package",
        "tests",
        "--features",
        "heavy",
        "--test",
        "heavy",
        "--test",
        "systemd_boot",
    ]);
    run(test.args(["--", "--test-threads=1"]))
}

/// Runs the tests of all host crates, which show their own results.
fn tests(workspace: &Workspace, probe: &Path, firmware: &Path, tally: &mut Tally) -> Result<()> {
    let mut test = cargo(workspace, "test");
    test.env("GAPBOOT_DIST", workspace.dist())
        .env("GAPBOOT_PROBE", probe)
        .env("GAPBOOT_FIRMWARE", firmware)
        .stdout(Stdio::piped());
    let failed = tally.failed;
    only_host(&mut test).arg("--no-fail-fast");
    match loop_device(workspace) {
        Ok(()) => drop(test.args(["--features", "cli/loop-devices"])),
        Err(error) => eprintln!("x: not tested: installing on a block device ({error:#})"),
    }
    let mut cargo = test.spawn()?;
    let stdout = cargo.stdout.take().context("stdout is piped")?;
    for line in BufReader::new(stdout).lines() {
        let line = line?;
        println!("{line}");
        tally.add(&line);
    }
    // What did not even compile or start.
    if !cargo.wait()?.success() && tally.failed == failed {
        bail!("cargo test failed, see above");
    }
    Ok(())
}

/// Fails where no loop device can be made: not as root, or not in this container.
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

/// Builds the kernel that tests boot, and returns where its file lies.
pub(crate) fn probe(workspace: &Workspace) -> Result<PathBuf> {
    flat(workspace, "probe")
}

/// Builds a freestanding package, and returns the file of the bytes that it is
/// in memory.
fn flat(workspace: &Workspace, package: &str) -> Result<PathBuf> {
    freestanding::build(workspace, &Toolchain::find()?, &[package])?;
    let image = Image::read(&freestanding::image(workspace, package))?;
    let file = freestanding::directory(workspace).join(format!("{package}.bin"));
    fs::write(&file, image.whole()?)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn results_add_up() {
        let mut tally = Tally::default();
        tally.add("test result: ok. 5 passed; 0 failed; 2 ignored; 0 measured; 1 filtered out");
        tally.add("test result: FAILED. 10 passed; 3 failed; 0 ignored; finished in 0.01s");
        tally.add("running 5 tests");
        assert_eq!((tally.passed, tally.failed), (15, 3));
    }
}
