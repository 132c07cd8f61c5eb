//! `gapboot bless`: marks the running boot good or bad ([`crate::bless`]).

use lexopt::Arg::{Long, Value};

use super::args;
use super::command::{Command, Context};
use crate::bless::{CountedBoot, NotCounted, Verdict};
use crate::disk::Access;
use crate::error::Error;
use crate::system::System;

/// `gapboot bless`.
pub const COMMAND: Command = Command {
    name: "bless",
    summary: "mark the running boot good or bad",
    help: "\
Usage: gapboot bless good|bad|indeterminate|status [--dry-run]

Where entries have a counter, the loader counts each attempt to boot one, and no
longer prefers it when its attempts are used up. This command says how the
running boot went, by renaming the entry's file:

  good           it works: takes the counter out of the name
  bad            it does not: leaves no attempts
  indeterminate  takes good or bad back
  status         prints one of
                   clean          the boot is not counted
                   indeterminate  not marked yet
                   good, bad      as it was marked
                   dirty          not marked, and no attempts are left

      --dry-run  say what would be renamed, and rename nothing
  -h, --help     this text

systemd runs `gapboot bless good` once boot-complete.target is reached, see
gapboot-bless.service; other init systems call it when all services are up. The
partition need not be mounted. After a boot by UEFI this is systemd-bless-boot's
business; after that, after kexec, or where the boot was not counted, the
command says so and does nothing.

Exit status: 0 done, or nothing to do; 1 the file can't be found or renamed.
",
    run,
};

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Mark(Verdict),
    Status,
}

impl Verb {
    fn parse(word: &std::ffi::OsStr) -> Option<Self> {
        match word.to_str()? {
            "status" => Some(Self::Status),
            word => Verdict::parse(word).map(Self::Mark),
        }
    }
}

struct Options {
    verb: Verb,
    dry_run: bool,
    system: System,
}

impl Options {
    fn parse(mut parser: lexopt::Parser) -> Result<Self, Error> {
        let mut verb = None;
        let mut dry_run = false;
        let mut system = System::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("dry-run") => dry_run = true,
                Long("root") => system = args::system(&mut parser)?,
                Value(value) if verb.is_none() => {
                    verb = Some(Verb::parse(&value).ok_or(value));
                }
                unknown => return Err(args::other(unknown)),
            }
        }
        let what = "good, bad, indeterminate or status";
        Ok(Self {
            verb: match verb {
                Some(Ok(verb)) => verb,
                Some(Err(value)) => {
                    return Err(Error::usage(format!("{value:?} is none of {what}")));
                }
                None => return Err(Error::usage(format!("say {what}"))),
            },
            dry_run,
            system,
        })
    }
}

fn run(parser: lexopt::Parser, context: &mut Context) -> Result<(), Error> {
    let options = Options::parse(parser)?;
    let entry = match CountedBoot::find(&options.system)? {
        Ok(counted) => {
            let access = match options.verb == Verb::Status || options.dry_run {
                true => Access::Read,
                false => Access::Write,
            };
            counted.open(&options.system, access)?
        }
        Err(reason) => {
            writeln!(
                context.err,
                "gapboot: {}: nothing to mark",
                reason.sentence()
            )?;
            if options.verb == Verb::Status && reason != NotCounted::Uefi {
                writeln!(context.out, "clean")?;
            }
            return Ok(());
        }
    };
    let line = match options.verb {
        Verb::Status => entry.status()?.to_owned(),
        Verb::Mark(verdict) => entry.mark(verdict, options.dry_run)?,
    };
    Ok(writeln!(context.out, "{line}")?)
}
