//! The build of gapboot: the only place that knows commands. `./x` starts it.

mod bench;
mod check;
mod coverage;
mod demo;
mod disassembly;
mod dist;
mod freestanding;
mod fuzz;
mod kill;
mod licences;
mod link;
mod overlay;
mod pack;
mod packages;
mod panics;
mod processor;
mod reproduce;
mod run;
mod size;
mod test;
mod toolchain;
#[cfg(test)]
mod unpack_test;
mod workspace;

use anyhow::{Result, bail};
use std::process::ExitCode;

use workspace::Workspace;

const USAGE: &str = "\
usage: ./x COMMAND

  demo        boot Debian's kernel in QEMU, down to a shell in the terminal
                --check   the same unattended, with a report
                --screen  in a window
                --kvm     with KVM, where it works for real mode
  dist        build everything into dist/
  test        build and run every test and check
  heavy       the tests that take minutes: images of 600 MiB, long runs beside systemd-boot
  fuzz        hostile input for every parser: [SECONDS of each] [TARGET...]
  kill        cut a machine's power [TIMES] at random moments of a boot (100)
  coverage    which lines of the boot loader its tests run
  bench       measure how fast gapboot, GRUB and SYSLINUX load a kernel
  pack-search look for better numbers of stage2's packer, in [ATTEMPTS]
  check       formatting, lints, licences and documentation of every crate
  clippy      the lints alone
  size        where the bytes of stage1, stage2 and the overlay go
  reproduce   build once more elsewhere and compare with dist/

What they need and is missing they install, as root or by sudo, from Debian.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let [] | ["help" | "-h" | "--help"] = words[..] {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    match command(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Usage>() => {
            eprintln!("x: {error}\n{USAGE}");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("x: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn command(words: &[&str]) -> Result<()> {
    let workspace = Workspace::here();
    match words {
        ["demo", options @ ..] => demo::run(&workspace, options),
        ["dist"] => dist::build(&workspace).map(drop),
        ["test"] => test::all(&workspace),
        ["heavy"] => test::heavy(&workspace),
        ["fuzz", words @ ..] => fuzz::run_words(&workspace, words),
        ["kill", times @ ..] => kill::run_words(&workspace, times),
        ["coverage"] => coverage::print(&workspace),
        ["pack-search", words @ ..] => pack::search::run_words(&workspace, words),
        ["bench"] => bench::run(&workspace),
        ["check"] => check::all(&workspace),
        ["clippy"] => check::lints(&workspace),
        ["size"] => size::print(&dist::loader(&workspace)?),
        ["reproduce"] => {
            dist::build(&workspace)?;
            reproduce::compare(&workspace)
        }
        _ => bail!(Usage(words.join(" "))),
    }
}

/// The command line makes no sense: exit status 2 and the usage.
#[derive(Debug)]
struct Usage(String);

impl std::fmt::Display for Usage {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "unknown command `{}`", self.0)
    }
}

impl std::error::Error for Usage {}
