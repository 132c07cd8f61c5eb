//! `gapboot bless`: the running boot's verdict, written into the name of its
//! entry's file (UAPI.1, "Boot counting").
//!
//! What systemd-bless-boot does after a boot by UEFI, in its words. It learns
//! from the loader's node which file was counted and on which partition it lies,
//! be that the EFI system partition or XBOOTLDR.

mod names;

use std::os::fd::OwnedFd;

use layout::node::{BOOT_COUNT_PATH, DEVICE_PART_UUID};
use lexopt::Arg::{Long, Value};
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::args;
use crate::disk::Access;
use crate::error::Error;
use crate::mounts;
use crate::system::{System, cannot};
use crate::{Command, Context};
use names::Names;

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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verb {
    Good,
    Bad,
    Indeterminate,
    Status,
}

impl Verb {
    const ALL: [(&str, Self); 4] = [
        ("good", Self::Good),
        ("bad", Self::Bad),
        ("indeterminate", Self::Indeterminate),
        ("status", Self::Status),
    ];

    fn name(self) -> &'static str {
        let mut all = Self::ALL.into_iter();
        all.find(|(_, verb)| *verb == self)
            .map_or("", |(name, _)| name)
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
                    let mut all = Verb::ALL.iter();
                    verb = Some(all.find(|(name, _)| value == *name).ok_or(value));
                }
                unknown => return Err(args::other(unknown)),
            }
        }
        let what = "good, bad, indeterminate or status";
        Ok(Self {
            verb: match verb {
                Some(Ok((_, verb))) => *verb,
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
    let entry = match Counted::find(&options.system)? {
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
            if options.verb == Verb::Status && reason != Reason::Uefi {
                writeln!(context.out, "clean")?;
            }
            return Ok(());
        }
    };
    let line = match options.verb {
        Verb::Status => entry.status()?.to_owned(),
        verb => entry.mark(verb, options.dry_run)?,
    };
    Ok(writeln!(context.out, "{line}")?)
}

/// Why there is nothing to mark.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
    Uefi,
    OtherLoader,
    NotCounted,
}

impl Reason {
    fn sentence(self) -> &'static str {
        match self {
            Self::Uefi => "UEFI started this system, so systemd-bless-boot marks its boot",
            Self::OtherLoader => {
                "gapboot did not start this system; another loader did, or kexec started it anew"
            }
            Self::NotCounted => "this boot was not counted",
        }
    }
}

/// The counted boot, as the loader describes it.
struct Counted {
    names: Names,
    uuid: String,
}

impl Counted {
    fn find(system: &System) -> Result<Result<Self, Reason>, Error> {
        if system.is_uefi() {
            return Ok(Err(Reason::Uefi));
        }
        let Some(node) = system.node()? else {
            return Ok(Err(Reason::OtherLoader));
        };
        let Some(path) = node.get(BOOT_COUNT_PATH) else {
            return Ok(Err(Reason::NotCounted));
        };
        let uuid = node.get(DEVICE_PART_UUID).ok_or_else(|| {
            Error::failed(format!(
                "the loader did not say on which partition {path} lies"
            ))
        })?;
        Ok(Ok(Self {
            names: Names::parse(path)?,
            uuid: uuid.to_owned(),
        }))
    }

    /// Opens the entry's directory where its partition is mounted, or mounts it.
    fn open(self, system: &System, access: Access) -> Result<Entry, Error> {
        let device = system.partition(&self.uuid)?;
        let root = match mounts::of(system, &device)? {
            Some(mount) => mounts::open(system, &mount)?,
            None => mounts::privately(system, &device, access)?,
        };
        let names = self.names;
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let path = names.directory.trim_start_matches('/');
        match rustix::fs::openat(&root, path, flags, Mode::empty()) {
            Ok(directory) => Ok(Entry {
                _root: root,
                directory,
                names,
            }),
            Err(error) => Err(cannot("open", names.directory.as_ref(), &error.into())),
        }
    }
}

/// A counted entry within reach.
struct Entry {
    /// Keeps a mount of our own alive. It may be no more than a path.
    _root: OwnedFd,
    directory: OwnedFd,
    names: Names,
}

impl Entry {
    fn exists(&self, name: &str) -> Result<bool, Error> {
        match rustix::fs::statat(&self.directory, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(cannot("find", self.path(name).as_ref(), &error.into())),
        }
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.names.directory)
    }

    fn status(&self) -> Result<&'static str, Error> {
        let Names {
            booted, good, bad, ..
        } = &self.names;
        if self.exists(booted)? {
            // The name for a bad boot may be the one that it has already.
            return Ok(match self.names.exhausted {
                true => "dirty",
                false => "indeterminate",
            });
        }
        for (name, word) in [(good, "good"), (bad, "bad")] {
            if self.exists(name)? {
                return Ok(word);
            }
        }
        Err(self.lost())
    }

    /// Renames the file, and says from what to what.
    fn mark(&self, verb: Verb, dry_run: bool) -> Result<String, Error> {
        let Names {
            booted, good, bad, ..
        } = &self.names;
        let (target, sources) = match verb {
            Verb::Bad => (bad, [booted, good]),
            Verb::Indeterminate if self.names.exhausted => {
                return Err(Error::failed(format!(
                    "{} had no attempts left when it was booted: it can be marked good, or stay \
                     bad",
                    self.path(booted)
                )));
            }
            Verb::Indeterminate => (booted, [good, bad]),
            _ => (good, [booted, bad]),
        };
        let word = verb.name();
        let mut source = None;
        for name in sources {
            if source.is_none() && name != target && self.exists(name)? {
                source = Some(name);
            }
        }
        let taken = |source: &str| {
            Error::failed(format!(
                "cannot mark the boot {word}: {} and {target} both exist; remove the one that is \
                 not this system's",
                self.path(source)
            ))
        };
        match (source, self.exists(target)?) {
            (None, false) => Err(self.lost()),
            (None, true) => Ok(format!("marked {word} already: {}", self.path(target))),
            (Some(source), true) => Err(taken(source)),
            (Some(source), false) if dry_run => Ok(format!(
                "would mark the boot {word}: {} would become {target}",
                self.path(source)
            )),
            (Some(source), false) => match self.rename(source, target) {
                Err(Errno::EXIST) => Err(taken(source)),
                Err(error) => Err(cannot("rename", self.path(source).as_ref(), &error.into())),
                Ok(()) => Ok(format!(
                    "marked {word}: {} is now {target}",
                    self.path(source)
                )),
            },
        }
    }

    /// Returns when the new name is on the medium.
    fn rename(&self, from: &str, to: &str) -> rustix::io::Result<()> {
        let directory = &self.directory;
        rustix::fs::renameat_with(directory, from, directory, to, RenameFlags::NOREPLACE)?;
        rustix::fs::fsync(directory)?;
        rustix::fs::syncfs(directory)
    }

    fn lost(&self) -> Error {
        let Names {
            booted, good, bad, ..
        } = &self.names;
        let path = self.path(booted);
        Error::failed(format!(
            "neither {path}, as it was booted, nor {good} nor {bad} is there: has its kernel been \
             removed?"
        ))
    }
}
