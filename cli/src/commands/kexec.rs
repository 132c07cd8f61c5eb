//! `gapboot kexec`: starts a kernel from the running Linux ([`kexec`]).

use std::path::{Path, PathBuf};

use clap::Args;
use kexec::Payload;

use super::context::Context;
use crate::disk::reader::Reader;
use crate::disk::{Access, Disk};
use crate::error::Error;
use crate::menu::Menu;
use crate::printable::printable;
use crate::uki::payload::{self, Extras};

/// Start a UKI, a kernel or an entry from this system, without the firmware.
///
/// Has Linux load FILE, and starts it: by `systemctl kexec` where systemd runs, else at
/// once. FILE is a unified kernel image, a bzImage of 64 or 32 bits, or a Multiboot
/// kernel such as Xen; kernels may be compressed by gzip. With --disk, what the menu of
/// DISK would start: ENTRY, an id as `gapboot list` shows it, or the default. The
/// attempt is not counted.
#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    override_usage = "\
gapboot kexec [-l] FILE [--initrd FILE]... [--cmdline TEXT]
       gapboot kexec [-l] FILE [--module \"FILE ARGUMENTS\"]... [--cmdline TEXT]
       gapboot kexec [-l] --disk DISK [ENTRY] [--cmdline TEXT]
       gapboot kexec -e",
    after_help = "\
It needs root, and a Linux with CONFIG_KEXEC_FILE (kexec_file_load) or
CONFIG_KEXEC (kexec_load: no signatures are checked, and a machine with UEFI has
no runtime services in the new system). Kernels of 32 bits, kernels that are not
relocatable and Multiboot kernels need CONFIG_KEXEC. A Multiboot kernel finds FILE
in front of its command line; it cannot be told where ACPI's tables are, so after a
boot by UEFI it may not find them.

Examples:
  gapboot kexec os.efi
  gapboot kexec vmlinuz --initrd initrd.img --cmdline \"root=/dev/sda2 ro\"
  gapboot kexec xen.gz --module \"vmlinuz root=/dev/sda2 ro\" --module initrd.img
  gapboot kexec --disk /dev/sda debian"
)]
pub struct Arguments {
    /// a unified kernel image or a kernel; with --disk, ENTRY stands here
    #[arg(value_name = "FILE")]
    what: Option<PathBuf>,
    /// take kernel, initrds and command line from an entry there
    #[arg(long, value_name = "DISK")]
    disk: Option<PathBuf>,
    /// an initrd; several are put together in their order
    #[arg(long = "initrd", value_name = "FILE")]
    initrds: Vec<PathBuf>,
    /// a module of a Multiboot kernel, and after a space its arguments
    #[arg(long = "module", value_name = "FILE ARGUMENTS")]
    modules: Vec<String>,
    /// the command line, in place of the image's or the entry's; in front of it,
    /// @N chooses profile N of an image
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    cmdline: Option<String>,
    /// load only
    #[arg(short, long)]
    load: bool,
    /// load by kexec_load even where Linux has kexec_file_load
    #[arg(short = 'c', long = "kexec-syscall")]
    by_segments: bool,
    /// start what was loaded before, at once: nothing is shut down, file systems
    /// are flushed only
    #[arg(short, long)]
    exec: bool,
}

impl Arguments {
    pub(super) fn run(self, context: &mut Context) -> Result<(), Error> {
        self.check()?;
        if self.exec {
            return Ok(kexec::start_at_once()?);
        }
        let payload = self.payload()?;
        let call = kexec::load(&payload, self.by_segments)?.name();
        writeln!(context.out, "{}: loaded ({call})", printable(&payload.name))?;
        context.out.flush()?;
        match self.load {
            true => Ok(()),
            false => Ok(kexec::start()?),
        }
    }

    fn check(&self) -> Result<(), Error> {
        let loads = self.what.is_some() || self.disk.is_some();
        let others = loads || self.load || self.by_segments;
        Err(Error::usage(match self {
            _ if self.exec && others => "-e starts what was loaded before: leave the rest out",
            _ if self.exec => return Ok(()),
            _ if !loads => "FILE is missing: name a unified kernel image or a kernel, or --disk",
            _ if self.disk.is_some() && !(self.initrds.is_empty() && self.modules.is_empty()) => {
                "an entry names its own initrds: leave --initrd and --module out"
            }
            _ => return Ok(()),
        }))
    }

    /// Gathers what is to be started.
    fn payload(&self) -> Result<Payload, Error> {
        let Some(disk) = &self.disk else {
            let path = self.what.clone().unwrap_or_default();
            let cmdline = self.cmdline.as_deref().unwrap_or_default();
            let extras = Extras {
                initrds: &self.initrds,
                modules: &self.modules,
            };
            return payload::of_file(&path, &extras, cmdline);
        };
        // The disk is read past the caches of its mounted file systems.
        rustix::fs::sync();
        let mut payload = self.entry(disk).map_err(|error| error.on(disk))?;
        if let Some(line) = &self.cmdline {
            payload.cmdline = line.clone().into_bytes();
        }
        Ok(payload)
    }

    /// What the menu of the disk would start.
    fn entry(&self, disk: &Path) -> Result<Payload, Error> {
        let open = || Disk::open(disk, Access::Read);
        let mut id = self
            .what
            .as_ref()
            .map(|id| id.to_string_lossy().into_owned());
        if let Some(id) = &mut id {
            let menu = Menu::of(open()?)?;
            *id = menu.without_counter(id);
            if menu.select(id).is_none() {
                return Err(Error::failed(menu.no_entry(id)));
            }
        }
        Ok(kexec::entry::load(Reader::new(open()?), id.as_deref())?)
    }
}
