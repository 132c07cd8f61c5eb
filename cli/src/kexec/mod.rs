//! `gapboot kexec`: starts a kernel from the running Linux, without the firmware.
//!
//! Linux does the loading, by `kexec_file_load` if it has that, else by
//! `kexec_load`, which leaves more of it to us.
//!
//! | module | what it is |
//! |---|---|
//! | `load` | kernel, initrds and command line: what is to be started |
//! | `entry` | the same from an entry of a disk |
//! | `segments` | what lies where, for `kexec_load` |
//! | `running` | the machine, as the running kernel knows it |
//! | `trampoline` | the way from Linux to the kernel's entry |
//! | `syscall` | the system calls |

mod entry;
mod load;
mod running;
mod segments;
mod syscall;
mod trampoline;

use std::ffi::CString;
use std::io;
use std::path::PathBuf;
use std::process;

use lexopt::Arg::{Long, Short, Value};

use crate::args;
use crate::error::Error;
use crate::system::System;
use crate::{Command, Context};
use load::Load;

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
        return start_at_once();
    }
    let load = options.load()?;
    let call = load_by(&load, options.by_segments)?;
    writeln!(context.out, "{}: loaded ({call})", load.name)?;
    context.out.flush()?;
    match options.load_only {
        true => Ok(()),
        false => start(),
    }
}

impl Options {
    /// Gathers what is to be started.
    fn load(&self) -> Result<Load, Error> {
        let Some(disk) = &self.disk else {
            let path = self.what.clone().unwrap_or_default();
            let cmdline = self.cmdline.as_deref().unwrap_or_default();
            return Load::file(&path, &self.initrds, cmdline);
        };
        let id = self.what.as_ref().map(|id| id.to_string_lossy());
        let mut load = entry::load(disk, id.as_deref()).map_err(|error| error.on(disk))?;
        if let Some(line) = &self.cmdline {
            load.cmdline = line.clone().into_bytes();
        }
        Ok(load)
    }
}

/// Has Linux load it, and says by which system call.
fn load_by(load: &Load, by_segments: bool) -> Result<&'static str, Error> {
    let cmdline = CString::new(load.cmdline.as_slice())
        .map_err(|_| Error::failed("the command line holds a NUL, at which it would end"))?;
    if !by_segments {
        match syscall::load_files(&load.kernel, load.initrd.as_ref(), &cmdline) {
            Ok(()) => return Ok("kexec_file_load"),
            Err(error) if error.raw_os_error() == Some(libc::ENOSYS) => {}
            Err(error) => return Err(refused(&load.name, &error)),
        }
    }
    let machine = running::Machine::of(&System::default())?;
    segments::load(load, cmdline.as_bytes(), &machine)?;
    Ok("kexec_load")
}

/// Why Linux did not take it, and what may help.
fn refused(name: &str, error: &io::Error) -> Error {
    let reason = match error.raw_os_error() {
        Some(libc::ENOSYS) => {
            "this Linux has no kexec (CONFIG_KEXEC_FILE or CONFIG_KEXEC): use another".to_owned()
        }
        Some(libc::EPERM) => {
            "not permitted: run gapboot as root; sysctl kernel.kexec_load_disabled and lockdown \
             forbid it even then"
                .to_owned()
        }
        Some(libc::ENOEXEC) => UNKNOWN.to_owned(),
        Some(libc::EADDRNOTAVAIL | libc::ENOMEM) => {
            "there is not enough free memory for it".to_owned()
        }
        Some(libc::EINVAL) => {
            "Linux did not load it: is the command line too long, or is it more than half of \
             this machine's memory?"
                .to_owned()
        }
        _ => format!("Linux did not load it: {error}"),
    };
    Error::failed(format!("{name}: {reason}"))
}

/// Why a kernel is not taken.
const UNKNOWN: &str = "Linux can't load it: is it a 64-bit bzImage or UKI?";

/// Starts what was loaded as the system's manager would: services are stopped
/// and file systems unmounted first.
fn start() -> Result<(), Error> {
    if !System::default().path("/run/systemd/system").exists() {
        return start_at_once();
    }
    let status = process::Command::new("systemctl").arg("kexec").status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Error::failed(format!(
            "loaded, but `systemctl kexec` ended with {status}"
        ))),
        Err(error) => Err(Error::failed(format!(
            "loaded, but systemctl does not start: {error}"
        ))),
    }
}

fn start_at_once() -> Result<(), Error> {
    rustix::fs::sync();
    let result = rustix::system::reboot(rustix::system::RebootCommand::Kexec);
    result.map_err(|error| {
        Error::failed(format!(
            "nothing starts: {error}; was a kernel loaded (`gapboot kexec -l`), and is this root?"
        ))
    })
}
