//! The build of gapboot: the only place that knows commands. `./x` starts it.
//!
//! Each command has a module:
//!
//! | module | command |
//! |---|---|
//! | [`dist`] | `./x dist`: everything that is shipped |
//! | [`mod@package`] | `./x package`: what people install |
//! | [`mod@test`] | `./x test`, `./x heavy`, `./x v86` |
//! | [`check`] | `./x check`, `./x clippy`: formatting, lints, licences, shape, documentation |
//! | [`fuzz`] | `./x fuzz`: hostile input |
//! | [`kill`] | `./x kill`: power cuts |
//! | [`coverage`] | `./x coverage`: lines that tests run |
//! | [`mod@bench`] | `./x bench`: the cost of loading |
//! | [`demo`] | `./x demo` |
//! | [`pictures`] | `./x pictures`: those of the documents |
//! | [`release`] | `./x release`: the files of a release |
//! | [`size`] | `./x size`: the ledgers of stage2 and the overlay |
//! | [`reproduce`] | `./x reproduce`: the same bytes elsewhere |
//!
//! The commands use:
//!
//! | module | content |
//! |---|---|
//! | [`usage`] | the usage text of `./x` |
//! | [`workspace`] | the directories of sources and built files |
//! | [`run`] | runs other programs |
//! | [`packages`] | the Debian packages of the tools |
//! | [`toolchain`] | the Rust that builds images without an operating system |
//! | [`freestanding`] | builds those images |
//! | [`fixtures`] | freestanding programs that only tests start |
//! | [`roots`], [`overlay`], [`link`] | the division of the loader into stage2 and overlay |
//! | [`pack`] | makes stage2 small |
//! | [`disassembly`], [`panics`], [`processor`] | checks of the loader's instructions |

mod bench;
mod check;
mod coverage;
mod demo;
mod disassembly;
mod dist;
mod fixtures;
mod freestanding;
mod fuzz;
mod kill;
mod link;
mod overlay;
mod pack;
mod package;
mod packages;
mod panics;
mod pictures;
mod processor;
mod release;
mod reproduce;
mod roots;
mod run;
mod size;
mod test;
mod toolchain;
#[cfg(test)]
mod unpack_test;
mod usage;
mod workspace;

use anyhow::{Result, bail};
use std::process::ExitCode;

use usage::{USAGE, Usage};
use workspace::Workspace;

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
        ["pictures"] => pictures::make(&workspace),
        ["release"] => release::make(&workspace),
        ["package"] => package::build(&workspace).map(drop),
        ["test"] => test::all(&workspace),
        ["test", "--quick"] => test::quick(&workspace),
        ["v86"] => test::v86(&workspace),
        ["heavy"] => test::heavy(&workspace),
        ["fuzz", words @ ..] => fuzz::run_words(&workspace, words),
        ["kill", times @ ..] => kill::run_words(&workspace, times),
        ["coverage"] => coverage::print(&workspace),
        ["pack-search", words @ ..] => pack::search::run(&dist::loader(&workspace)?.elf, words),
        ["bench"] => bench::run(&workspace),
        ["check"] => check::all(&workspace),
        ["clippy"] => check::lints(&workspace),
        ["size"] => size::print(&dist::loader(&workspace)?),
        ["reproduce"] => {
            package::build(&workspace)?;
            reproduce::from_nothing(&workspace)
        }
        _ => bail!(Usage(words.join(" "))),
    }
}
