//! `gapboot bless`: marks the running boot good or bad ([`crate::bless`]).

use clap::{Args, ValueEnum};

use super::arguments::SystemArgument;
use super::context::Context;
use crate::bless::{CountedBoot, Verdict};
use crate::disk::Access;
use crate::error::Error;
use crate::printable::printable;

/// Mark the running boot good or bad.
///
/// Where entries have a counter, the loader counts each attempt to boot one, and no
/// longer prefers it when its attempts are used up. This command says how the
/// running boot went, by renaming the entry's file.
#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "\
Verdicts:
  good           it works: takes the counter out of the name
  bad            it does not: leaves no attempts
  indeterminate  takes good or bad back
  status         prints one of
                   clean          the boot is not counted
                   indeterminate  not marked yet
                   good, bad      as it was marked
                   dirty          not marked, and no attempts are left
                   uefi           UEFI started this system:
                                  ask `systemd-bless-boot status`

systemd runs `gapboot bless good` once boot-complete.target is reached, see
gapboot-bless.service; other init systems call it when all services are up.
The partition need not be mounted. After a boot by UEFI this is the business of
systemd-bless-boot; then, after kexec, and where the boot was not counted, the
command says so and does nothing.

Exit status: 0 done, or nothing to do; 1 the file cannot be found or renamed."
)]
pub struct Arguments {
    /// how the boot went, or the question
    #[arg(value_enum, value_name = "VERDICT", hide_possible_values = true)]
    verb: Verb,
    /// say what would be renamed, and rename nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    system: SystemArgument,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Verb {
    Good,
    Bad,
    Indeterminate,
    Status,
}

impl Verb {
    /// The verdict to be written; nothing for the question.
    fn verdict(self) -> Option<Verdict> {
        match self {
            Self::Good => Some(Verdict::Good),
            Self::Bad => Some(Verdict::Bad),
            Self::Indeterminate => Some(Verdict::Indeterminate),
            Self::Status => None,
        }
    }
}

impl Arguments {
    pub(super) fn run(self, context: &mut Context) -> Result<(), Error> {
        let system = self.system.system();
        let entry = match CountedBoot::find(&system)? {
            Ok(counted) => {
                let access = match self.verb == Verb::Status || self.dry_run {
                    true => Access::Read,
                    false => Access::Write,
                };
                counted.open(&system, access)?
            }
            Err(reason) => {
                writeln!(
                    context.err,
                    "gapboot: {}: nothing to mark",
                    reason.sentence()
                )?;
                if self.verb == Verb::Status {
                    writeln!(context.out, "{}", reason.status())?;
                }
                return Ok(());
            }
        };
        let line = match self.verb.verdict() {
            Some(verdict) => entry.mark(verdict, self.dry_run)?,
            None => entry.status()?.to_owned(),
        };
        Ok(writeln!(context.out, "{}", printable(&line))?)
    }
}
