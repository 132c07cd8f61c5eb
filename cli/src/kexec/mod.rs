//! `gapboot kexec`: starts a kernel from the running Linux, without the firmware.
//!
//! Linux does the loading (`kexec_file_load`). A UKI that is a bzImage goes to it
//! as it is; any other is first made one, so that its command line, initrds and
//! companion archives come together as the stub has them on every other way.

mod syscall;

use std::ffi::CString;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;

use lexopt::Arg::{Long, Short, Value};
use rustix::fs::MemfdFlags;

use crate::args;
use crate::disk::{Access, Disk};
use crate::error::Error;
use crate::menu::{Entry, Menu};
use crate::reader;
use crate::system::{System, cannot};
use crate::uki::content::Source;
use crate::uki::convert;
use crate::uki::stub::Stub;
use crate::{Command, Context};

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
      --cmdline TEXT  the command line, in place of the image's or the entry's
  -l, --load          load only
  -e, --exec          start what was loaded before, at once: nothing is shut
                      down, file systems are flushed only
  -h, --help          this text

It needs root and a Linux with kexec_file_load (CONFIG_KEXEC_FILE).
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
    start_only: bool,
}

impl Options {
    fn parse(mut parser: lexopt::Parser) -> Result<Self, Error> {
        let mut options = Self::default();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("disk") => options.disk = Some(parser.value()?.into()),
                Long("initrd") => options.initrds.push(parser.value()?.into()),
                Long("cmdline") => {
                    let text = parser.value()?.into_string();
                    options.cmdline =
                        Some(text.map_err(|_| Error::usage("the command line is not UTF-8"))?);
                }
                Long("load") | Short('l') => options.load_only = true,
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
            _ if self.start_only && (loads || self.load_only) => "-e starts what was loaded before",
            _ if self.start_only => return Ok(()),
            _ if !loads => "FILE is missing, or --disk",
            _ if self.disk.is_some() && !self.initrds.is_empty() => {
                "an entry names its own initrds"
            }
            _ => return Ok(()),
        }))
    }
}

/// What is to be started.
struct Load {
    name: String,
    kernel: File,
    initrd: Option<File>,
    cmdline: String,
}

fn run(parser: lexopt::Parser, context: &mut Context) -> Result<(), Error> {
    let options = Options::parse(parser)?;
    if options.start_only {
        return start_at_once();
    }
    let load = match &options.disk {
        Some(disk) => Load::entry(disk, options.what.as_deref()).map_err(|error| error.on(disk))?,
        None => Load::file(&options, context)?,
    };
    let cmdline = options.cmdline.unwrap_or(load.cmdline);
    let text = CString::new(cmdline)
        .map_err(|_| Error::failed("the command line holds a NUL, at which it would end"))?;
    syscall::load(&load.kernel, load.initrd.as_ref(), &text)
        .map_err(|error| refused(&load.name, &error))?;
    writeln!(context.out, "{}: loaded (kexec_file_load)", load.name)?;
    context.out.flush()?;
    match options.load_only {
        true => Ok(()),
        false => start(),
    }
}

/// Why Linux did not take it, and what may help.
fn refused(name: &str, error: &io::Error) -> Error {
    let reason = match error.raw_os_error() {
        Some(libc::ENOSYS) => {
            "this Linux has no kexec_file_load (CONFIG_KEXEC_FILE): use kexec-tools".to_owned()
        }
        Some(libc::EPERM) => {
            "not permitted: run gapboot as root; sysctl kernel.kexec_load_disabled and lockdown \
             forbid it even then"
                .to_owned()
        }
        Some(libc::ENOEXEC) => "Linux can't load it: is it a 64-bit bzImage or UKI?".to_owned(),
        Some(libc::EADDRNOTAVAIL) => "there is not enough free memory for it".to_owned(),
        _ => format!("Linux did not load it: {error}"),
    };
    Error::failed(format!("{name}: {reason}"))
}

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

impl Load {
    /// An image file.
    fn file(options: &Options, context: &mut Context) -> Result<Self, Error> {
        let path = options.what.as_deref().unwrap_or(Path::new(""));
        let initrd = match options.initrds.as_slice() {
            [] => None,
            initrds => {
                let mut together = memory("initrd")?;
                for path in initrds {
                    let copied = File::open(path).and_then(|mut from| {
                        io::copy(&mut from, &mut together)?;
                        pad(&mut together)
                    });
                    copied.map_err(|error| cannot("read", path, &error))?;
                }
                Some(together)
            }
        };
        Ok(Self {
            name: path.display().to_string(),
            kernel: bzimage(path, context)?,
            initrd,
            cmdline: String::new(),
        })
    }

    /// The default entry of a disk, or the one with this id.
    fn entry(disk: &Path, id: Option<&Path>) -> Result<Self, Error> {
        // The disk is read past the caches of its mounted file systems.
        rustix::fs::sync();
        let open = || Disk::open(disk, Access::Read);
        let menu = Menu::of(open()?)?;
        let entry = choose(&menu, id)?;
        let linux = entry.linux.as_ref().ok_or_else(|| {
            Error::failed(format!("{} has no kernel (`linux`) to load", entry.id))
        })?;
        let partitions = reader::partitions(open()?)?;
        let partition = match entry.source {
            "xbootldr" => partitions.xbootldr,
            _ => partitions.esp,
        };
        let partition = partition.ok_or_else(|| {
            Error::failed("the partition of the entry is gone; run the command again")
        })?;
        let read = |path: &str, into: &mut File| {
            reader::copy(open()?, &partition, path, into)
                .map_err(|error| Error::failed(format!("{path}: {error}")))
        };
        let mut kernel = memory("kernel")?;
        read(linux, &mut kernel)?;
        let mut initrd = None;
        for path in &entry.initrd {
            let together = match &mut initrd {
                Some(together) => together,
                none => none.insert(memory("initrd")?),
            };
            read(path, together)?;
            pad(together).map_err(|error| cannot("copy", path.as_ref(), &error))?;
        }
        Ok(Self {
            name: entry.id.clone(),
            kernel,
            initrd,
            cmdline: entry.options.clone().unwrap_or_default(),
        })
    }
}

fn choose<'m>(menu: &'m Menu, id: Option<&Path>) -> Result<&'m Entry, Error> {
    let mut entries = menu.entries.iter();
    let found = match id {
        None => entries.find(|entry| entry.is_default == Some(true)),
        Some(id) => {
            let id = id.to_string_lossy();
            entries.find(|entry| {
                let suffix = entry.id.len()
                    - Path::new(&entry.id)
                        .extension()
                        .map_or(0, |suffix| suffix.len() + 1);
                entry.id == id || entry.id[..suffix] == *id
            })
        }
    };
    found.ok_or_else(|| {
        Error::failed(match id {
            None => "no entry boots by itself; name one (`gapboot list` shows them)".to_owned(),
            Some(id) => format!("no entry {}; `gapboot list` shows them", id.display()),
        })
    })
}

/// Opens an image that Linux can load: a bzImage, which some UKIs are as well;
/// others are made one.
fn bzimage(path: &Path, context: &mut Context) -> Result<File, Error> {
    let magic = Source::open(path)?.all().head(0x206)?;
    if magic.get(0x202..0x206) == Some(b"HdrS") {
        return File::open(path).map_err(|error| cannot("open", path, &error));
    }
    let directory = tempfile::tempdir();
    let directory = directory
        .map_err(|error| Error::failed(format!("cannot make a temporary directory: {error}")))?;
    let converted = directory.path().join("image.efi");
    convert::convert(Stub::embedded()?, path, &converted, context)?;
    // The file lives on, without its name, while it is open.
    File::open(&converted).map_err(|error| cannot("open", &converted, &error))
}

/// A file in memory.
fn memory(name: &str) -> Result<File, Error> {
    let file = rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC);
    file.map(File::from)
        .map_err(|error| Error::failed(format!("cannot make a file in memory: {error}")))
}

/// Initrds that follow each other begin at multiples of four bytes.
fn pad(file: &mut File) -> io::Result<()> {
    let size = file.metadata()?.len();
    let zeros = size.next_multiple_of(4) - size;
    file.write_all(&[0; 4][..zeros as usize])
}
