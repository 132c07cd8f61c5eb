//! The commands of `gapboot`, one a file: its arguments, what it calls, what it prints.
//!
//! | module | what |
//! |---|---|
//! | [`install`], [`update`], [`status`], [`list`], [`set`], [`bless`], [`remove`], [`uki`], [`bridge`], [`kexec`], [`adapt`], [`find_root`] | the commands |
//! | `command_line` | all of them, as clap reads them |
//! | `parse` | arguments become a command to be run, or a text |
//! | `usage` | what is wrong with the arguments |
//! | [`context`] | what a command works with besides its arguments |
//! | `arguments` | what the commands' arguments have in common |
//! | `dry_run` | what `--dry-run` shows |
//! | `outlook` | what would boot from a disk |
//! | `report` | what `gapboot status --report` shows |

pub mod adapt;
mod arguments;
pub mod bless;
pub mod bridge;
mod command_line;
pub mod context;
mod dry_run;
pub mod find_root;
pub mod install;
pub mod kexec;
pub mod list;
mod outlook;
mod parse;
pub mod remove;
mod report;
pub mod set;
pub mod status;
pub mod uki;
pub mod update;
mod usage;

pub use context::Context;
pub(crate) use parse::{Request, command, parse};
