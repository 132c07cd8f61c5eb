//! `gapboot uki`: makes, converts and explains Unified Kernel Images.
//!
//! What it makes is a PE file for UEFI and a bzImage for every other loader in
//! one, see `docs/legacy-uki.md`. Nothing is held in memory but headers and
//! small sections: kernels and initrds are copied from file to file.
//!
//! | module | what it is |
//! |---|---|
//! | [`pe`] | PE files, read |
//! | [`content`] | what a section holds, and where it comes from |
//! | [`sections`] | sections by name, profile and purpose |
//! | [`kernel`] | the inner kernel's header, and ours |
//! | [`osrel`] | os-release and profile texts |
//! | [`cpio`] | the archives that systemd-stub makes |
//! | [`shell`] | PE headers, written |
//! | [`stub`] | the code that makes the file a bzImage |
//! | [`debug`] | offsets into the file that move with it |
//! | [`image`] | the file: what lies where, written |
//! | [`options`] | the arguments of `build` |
//! | [`build`], [`convert`], [`inspect`] | the commands |

pub mod build;
pub mod content;
pub mod convert;
pub mod cpio;
pub mod debug;
pub mod image;
pub mod inspect;
pub mod kernel;
pub mod options;
pub mod osrel;
pub mod pe;
pub mod sections;
pub mod shell;
pub mod stub;

use lexopt::Arg::{Long, Short, Value};

use crate::error::Error;
use crate::{Command, Context};

/// `gapboot uki`.
pub const COMMAND: Command = Command {
    name: "uki",
    summary: "make, convert or explain a Unified Kernel Image",
    help: "\
Usage: gapboot uki build --linux KERNEL [OPTIONS] --output FILE
       gapboot uki convert IN OUT
       gapboot uki inspect FILE [--json]

build makes a Unified Kernel Image that starts on UEFI and is a bzImage as well,
so that gapboot, GRUB, SYSLINUX, QEMU and kexec start it too.
convert makes one from any Unified Kernel Image; it has to be signed again.
inspect says what is in one, what it starts on, and whether anything is wrong.

`gapboot uki build --help` lists the options.
",
    run,
};

fn run(mut parser: lexopt::Parser, context: &mut Context) -> Result<(), Error> {
    let name = match parser.next()? {
        Some(Value(name)) => name,
        Some(Short('h') | Long("help")) => return Err(Error::Help),
        Some(other) => return Err(Error::usage(other.unexpected())),
        None => return Err(Error::usage("build, convert or inspect is missing")),
    };
    match name.to_str() {
        Some("build") => build::run(parser, context),
        Some("convert") => convert::run(parser, context),
        Some("inspect") => inspect::run(parser, context),
        // Who asks for help gets it, whatever else he wrote.
        _ if parser
            .raw_args()?
            .any(|argument| argument == "--help" || argument == "-h") =>
        {
            Err(Error::Help)
        }
        _ => Err(Error::usage(format!(
            "{name:?} is neither build, convert nor inspect"
        ))),
    }
}
