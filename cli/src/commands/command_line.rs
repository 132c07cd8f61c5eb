//! The command line as a whole. Programs that make man pages and completions
//! read the same description.

use clap::{ArgAction, Parser, Subcommand};

use super::context::Context;
use super::{
    adapt, bless, bridge, find_root, install, kexec, list, remove, set, status, uki, update,
};
use crate::error::Error;

/// The Boot Loader Specification for machines with a BIOS.
#[derive(Parser, Debug)]
#[command(
    name = "gapboot",
    version,
    disable_help_flag = true,
    disable_help_subcommand = true,
    disable_version_flag = true,
    max_term_width = 80,
    subcommand_value_name = "COMMAND",
    after_help = "\
`gapboot COMMAND --help` explains a command.

Exit status: 0 done, 1 failed, 2 wrong usage."
)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(super) command: Command,
    /// this text
    #[arg(short, long, global = true, action = ArgAction::HelpShort, display_order = 1000)]
    help: Option<bool>,
    /// this program's version
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
}

/// The commands, in the order in which the help names them.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Install(install::Arguments),
    Update(update::Arguments),
    Status(status::Arguments),
    List(list::Arguments),
    Set(set::Arguments),
    Bless(bless::Arguments),
    Remove(remove::Arguments),
    Uki(uki::Arguments),
    Bridge(bridge::Arguments),
    Kexec(kexec::Arguments),
    Adapt(adapt::Arguments),
    FindRoot(find_root::Arguments),
    /// Explain a command.
    Help {
        /// the command, and a command of that one
        #[arg(value_name = "COMMAND")]
        names: Vec<String>,
    },
}

impl Command {
    /// Does it.
    pub(crate) fn run(self, context: &mut Context) -> Result<(), Error> {
        match self {
            Self::Install(arguments) => arguments.run(context),
            Self::Update(arguments) => arguments.run(context),
            Self::Status(arguments) => arguments.run(context),
            Self::List(arguments) => arguments.run(context),
            Self::Set(arguments) => arguments.run(context),
            Self::Bless(arguments) => arguments.run(context),
            Self::Remove(arguments) => arguments.run(context),
            Self::Uki(arguments) => arguments.run(context),
            Self::Bridge(arguments) => arguments.run(context),
            Self::Kexec(arguments) => arguments.run(context),
            Self::Adapt(arguments) => arguments.run(context),
            Self::FindRoot(arguments) => arguments.run(context),
            // The parser has answered it.
            Self::Help { .. } => Ok(()),
        }
    }
}
