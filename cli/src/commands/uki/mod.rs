//! `gapboot uki`: makes, converts and explains Unified Kernel Images
//! ([`crate::uki`]).
//!
//! | module | what |
//! |---|---|
//! | [`build`], [`convert`], [`inspect`] | the commands |

pub mod build;
pub mod convert;
pub mod inspect;

use lexopt::Arg::{Long, Short, Value};

use super::command::{Command, Context};
use crate::error::Error;

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
