//! `gapboot uki`: makes, converts and explains Unified Kernel Images
//! ([`crate::uki`]).
//!
//! | module | what |
//! |---|---|
//! | [`build`], [`convert`], [`inspect`] | the commands |

pub mod build;
pub mod convert;
pub mod inspect;

use clap::{Args, Subcommand};

use super::context::Context;
use crate::error::Error;

/// Make, convert or explain a Unified Kernel Image.
///
/// Makes Unified Kernel Images that start on UEFI and are bzImages as well, so that
/// gapboot, GRUB, SYSLINUX, QEMU and kexec start them too; makes one from any
/// Unified Kernel Image; and says what is in one.
#[derive(Args, Debug)]
#[command(subcommand_value_name = "COMMAND")]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Build(build::Arguments),
    Convert(convert::Arguments),
    Inspect(inspect::Arguments),
}

impl Arguments {
    pub(super) fn run(self, context: &mut Context) -> Result<(), Error> {
        match self.command {
            Command::Build(arguments) => arguments.run(context),
            Command::Convert(arguments) => arguments.run(context),
            Command::Inspect(arguments) => arguments.run(context),
        }
    }
}
