//! The commands of `gapboot`, one a file: its arguments, what it calls, what it prints.
//!
//! | module | what |
//! |---|---|
//! | [`install`], [`status`], [`list`], [`set`], [`bless`], [`remove`], [`uki`], [`kexec`], [`find_root`] | the commands |
//! | [`command`] | what a [`Command`] is, and the [`Context`] that it works with |
//! | `args` | what the commands' arguments have in common |
//! | `dry_run` | what `--dry-run` shows |

mod args;
pub mod bless;
pub mod command;
mod dry_run;
pub mod find_root;
pub mod install;
pub mod kexec;
pub mod list;
pub mod remove;
pub mod set;
pub mod status;
pub mod uki;

pub use command::{Command, Context};

/// The commands, in the order in which the help names them.
pub const ALL: &[&Command] = &[
    &install::COMMAND,
    &status::COMMAND,
    &list::COMMAND,
    &set::COMMAND,
    &bless::COMMAND,
    &remove::COMMAND,
    &uki::COMMAND,
    &kexec::COMMAND,
    &find_root::COMMAND,
];
