//! `./x coverage`: shows which lines of the boot loader its tests run.
//!
//! Programs that rustc has instrumented count the lines. The tools of the same LLVM add
//! the counts up: those of rustup's component `llvm-tools`, or of Debian's package of
//! the same version.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::packages;
use crate::run::{cargo, output, run};
use crate::workspace::Workspace;

/// The packages whose tests call `boot` without a machine.
const PACKAGES: [&str; 3] = ["--package=boot", "--package=emu", "--package=fuzz"];
/// The files of `boot` that are tests, wherever the source tree lies.
const TESTS: &str = r"/boot/(src/.*)?tests?(/|\.rs)|_tests\.rs";
/// The directory of Debian's LLVM tools.
const DEBIAN: &str = "/usr/lib/llvm-22/bin";

/// Runs the tests and prints a line for each file.
pub(crate) fn print(workspace: &Workspace) -> Result<()> {
    packages::ensure(&[
        "fsck.vfat",
        "mcopy",
        "mkfs.vfat",
        "sfdisk",
        "sgdisk",
        "systemd-analyze",
    ])?;
    let tools = tools()?;
    let counted = Workspace {
        root: workspace.root.clone(),
        target: workspace.target.join("coverage"),
    };
    let profiles = counted.target.join("profiles");
    // Counts of an earlier run are removed.
    let _ = std::fs::remove_dir_all(&profiles);
    let test = || {
        let mut test = cargo(&counted, "test");
        test.env("RUSTFLAGS", "-Cinstrument-coverage")
            .env("LLVM_PROFILE_FILE", profiles.join("%p-%m.profraw"))
            .args(PACKAGES);
        test
    };
    let built = output(test().args(["--no-run", "--message-format=json"]))?;
    run(&mut test())?;

    let merged = counted.target.join("profile");
    let mut found: Vec<PathBuf> = Vec::new();
    for file in std::fs::read_dir(&profiles)? {
        found.push(file?.path());
    }
    run(Command::new(tools.join("llvm-profdata"))
        .args(["merge", "--sparse", "--output"])
        .arg(&merged)
        .args(found))?;
    let mut report = Command::new(tools.join("llvm-cov"));
    report.arg("report").arg("--instr-profile").arg(&merged);
    for program in executables(&built) {
        report.arg("--object").arg(program);
    }
    report
        .args(["--show-branch-summary=false", "--show-region-summary=false"])
        .args(["--ignore-filename-regex", TESTS])
        .arg("--sources")
        .arg(workspace.root.join("boot/src"));
    run(&mut report)
}

/// The program that cargo reports as built: `..."executable":"/path"...`, or null.
fn executables(messages: &str) -> impl Iterator<Item = &str> {
    let after = messages.split("\"executable\":\"").skip(1);
    after.filter_map(|rest| rest.split('"').next())
}

/// The directory of `llvm-cov` and `llvm-profdata` that fit rustc.
fn tools() -> Result<PathBuf> {
    let rustc = || Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let sysroot = output(rustc().args(["--print", "sysroot"]))?;
    let version = output(rustc().arg("-vV"))?;
    let field = |name: &str| version.lines().find_map(|line| line.strip_prefix(name));
    let host = field("host: ").context("rustc does not name its host")?;
    let of_rustup = Path::new(&sysroot)
        .join("lib/rustlib")
        .join(host)
        .join("bin");
    if of_rustup.join("llvm-cov").exists() {
        return Ok(of_rustup);
    }
    let llvm = field("LLVM version: ").unwrap_or("?");
    if !llvm.starts_with("22.") {
        bail!("this rustc has LLVM {llvm}: run `rustup component add llvm-tools`");
    }
    packages::ensure(&["/usr/lib/llvm-22/bin/llvm-cov"])?;
    Ok(DEBIAN.into())
}
