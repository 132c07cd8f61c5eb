//! `gapboot kexec`: starts a kernel from the running Linux ([`kexec`]).

use std::path::PathBuf;

use kexec::Payload;
use lexopt::Arg::{Long, Short, Value};

use super::args;
use super::command::{Command, Context};
use crate::disk::reader::Reader;
use crate::disk::{Access, Disk};
use crate::error::Error;
use crate::uki::payload;

/// `gapboot kexec`.
pub const COMMAND: Command = Command {
    name: "kexec",
    summary: "start a UKI, a kernel or an entry from this system, without the firmware",
    help: "\
Usage: gapboot kexec [-l] FILE [--initrd FILE]... [--cmdline TEXT]
       gapboot kexec [-l] --disk DISK [ENTRY] [--cmdline TEXT]
       gapboot kexec -e

Has Linux load FILE, a unified kernel image or a bzImage, and starts it: by
`systemctl kexec` where systemd runs, else at once. With --disk, what the menu of
DISK would start: ENTRY, an id as `gapboot list` shows it, or the default. The
attempt is not counted.

      --disk DISK     take kernel, initrds and command line from an entry there
      --initrd FILE   an initrd; several are put together in their order
      --cmdline TEXT  the command line, in place of the image's or the entry's;
                      in front of it, @N chooses profile N of an image
  -l, --load          load only
  -c, --kexec-syscall load by kexec_load even where Linux has kexec_file_load
  -e, --exec          start what was loaded before, at once: nothing is shut
                      down, file systems are flushed only
  -h, --help          this text

It needs root, and a Linux with CONFIG_KEXEC_FILE (kexec_file_load) or
CONFIG_KEXEC (kexec_load: no signatures are checked, and a machine with UEFI has
no runtime services in the new system).
",
    run,
};

#[derive(Default)]
struct Options {
    /// FILE, or with `disk` ENTRY.
    what: Option<PathBuf>,
    disk: Option<PathBuf>,
    initrds: Vec<PathBuf>,
    cmdline: Option<String>,
    load_only: bool,
    /// `kexec_load` and nothing else.
    by_segments: bool,
    start_only: bool,
}

impl Options {
    fn parse(mut parser: lexopt::Parser) -> Result<Self, Error> {
        let mut options = Self::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("disk") => options.disk = Some(parser.value()?.into()),
                Long("initrd") => options.initrds.push(parser.value()?.into()),
                Long("cmdline") => options.cmdline = Some(args::text(&mut parser)?),
                Long("load") | Short('l') => options.load_only = true,
                Long("kexec-syscall") | Short('c') => options.by_segments = true,
                Long("exec") | Short('e') => options.start_only = true,
                Value(value) if options.what.is_none() => options.what = Some(value.into()),
                unknown => return Err(args::other(unknown)),
            }
        }
        options.check()?;
        Ok(options)
    }

    fn check(&self) -> Result<(), Error> {
        let loads = self.what.is_some() || self.disk.is_some();
        Err(Error::usage(match self {
            _ if self.start_only && (loads || self.load_only || self.by_segments) => {
                "-e starts what was loaded before"
            }
            _ if self.start_only => return Ok(()),
            _ if !loads => "FILE is missing, or --disk",
            _ if self.disk.is_some() && !self.initrds.is_empty() => {
                "an entry names its own initrds"
            }
            _ => return Ok(()),
        }))
    }
}

fn run(parser: lexopt::Parser, context: &mut Context) -> Result<(), Error> {
    let options = Options::parse(parser)?;
    if options.start_only {
        return Ok(kexec::start_at_once()?);
    }
    let payload = options.payload()?;
    let call = kexec::load(&payload, options.by_segments)?.name();
    writeln!(context.out, "{}: loaded ({call})", payload.name)?;
    context.out.flush()?;
    match options.load_only {
        true => Ok(()),
        false => Ok(kexec::start()?),
    }
}

impl Options {
    /// Gathers what is to be started.
    fn payload(&self) -> Result<Payload, Error> {
        let Some(disk) = &self.disk else {
            let path = self.what.clone().unwrap_or_default();
            let cmdline = self.cmdline.as_deref().unwrap_or_default();
            return payload::of_file(&path, &self.initrds, cmdline);
        };
        let id = self.what.as_ref().map(|id| id.to_string_lossy());
        // The disk is read past the caches of its mounted file systems.
        rustix::fs::sync();
        let mut payload = Disk::open(disk, Access::Read)
            .and_then(|disk| Ok(kexec::entry::load(Reader::new(disk), id.as_deref())?))
            .map_err(|error| error.on(disk))?;
        if let Some(line) = &self.cmdline {
            payload.cmdline = line.clone().into_bytes();
        }
        Ok(payload)
    }
}
