//! `gapboot bridge`: makes the bridge ([`crate::bridge`]).

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::arguments::SystemArgument;
use super::context::Context;
use crate::bridge::build::{COMMAND_LINE, Request, build};
use crate::bridge::include::Include;
use crate::bridge::init;
use crate::bridge::options::Setting;
use crate::bridge::sets::Set;
use crate::error::Error;
use crate::uki::inputs::installed_stub;
use crate::uki::stub::Stub;

/// Make a small Linux that boots what the firmware cannot see.
///
/// Makes the bridge: one file that every firmware and every loader starts, with a
/// kernel, its drivers and gapboot, which shows the menus of all disks that Linux
/// can see, and starts the choice by kexec.
#[derive(Args, Debug)]
#[command(subcommand_value_name = "COMMAND")]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Build(Box<BuildArguments>),
}

/// Make the file of the bridge.
///
/// It is a Unified Kernel Image that is a bzImage as well, with a kernel, those of
/// its modules that --set and --module name, what they need, and gapboot as the
/// init. The same parts make the same bytes.
#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    override_usage = "gapboot bridge build [OPTIONS] --output FILE",
    after_help = "\
Sets:
  small     USB, SATA, IDE, NVMe, virtio; FAT, ext4, ISO 9660
  standard  also SAS and RAID controllers, SD cards, md, device mapper, Hyper-V,
            Xen, VMware; XFS, btrfs, F2FS, UDF, squashfs, exFAT
  all       every module of the kernel

Options of the bridge (--option):
  timeout, default, device, medium, config, grub-path, module, console, debug,
  unbind-xhci, wait, save, text-mode, grub-map. docs/bridge.md explains them.

Example:
  gapboot bridge build --set small --option timeout=5 --output bridge.efi"
)]
pub struct BuildArguments {
    /// the kernel, a bzImage; default: the running one's, in /boot
    #[arg(long, value_name = "VMLINUZ")]
    kernel: Option<PathBuf>,
    /// the directory of its modules; default: /lib/modules/ and its version
    #[arg(long, value_name = "DIR")]
    modules: Option<PathBuf>,
    /// a module besides those of the set
    #[arg(long = "module", value_name = "NAME")]
    names: Vec<String>,
    /// how many modules: small, standard or all
    #[arg(
        long,
        value_name = "SET",
        value_enum,
        default_value = "standard",
        hide_possible_values = true
    )]
    set: Set,
    /// a file to be added, at PATH; default: /bin/ and its name for a program, / and
    /// its name for another file
    #[arg(long = "include", value_name = "FILE[:PATH]")]
    includes: Vec<OsString>,
    /// an option of the bridge, to be built in
    #[arg(
        long = "option",
        value_name = "KEY=VALUE",
        value_parser = |text: &str| text.parse::<Setting>()
    )]
    settings: Vec<Setting>,
    /// the command line of the bridge's own kernel; default: quiet
    #[arg(long, value_name = "TEXT", default_value = COMMAND_LINE, hide_default_value = true)]
    cmdline: String,
    /// the EFI stub; default: systemd's
    #[arg(long, value_name = "FILE")]
    stub: Option<PathBuf>,
    /// the file to be made
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// The program to be packed as the init. Tests name another one.
    #[arg(long, hide = true, value_name = "FILE", default_value = init::RUNNING)]
    init: PathBuf,
    #[command(flatten)]
    system: SystemArgument,
}

impl Arguments {
    pub(super) fn run(self, context: &mut Context) -> Result<(), Error> {
        let Command::Build(arguments) = self.command;
        let request = arguments.request()?;
        build(Stub::of_this_system()?, &request, context.out, context.err)
    }
}

impl BuildArguments {
    /// What the arguments ask for.
    ///
    /// # Errors
    /// One of them makes no sense.
    pub fn request(self) -> Result<Request, Error> {
        let includes = self.includes.iter().map(|include| Include::parse(include));
        Ok(Request {
            kernel: self.kernel,
            modules: self.modules,
            set: self.set,
            names: self.names,
            includes: includes.collect::<Result<_, Error>>()?,
            settings: self.settings,
            cmdline: self.cmdline,
            efi_stub: self.stub.or_else(installed_stub),
            output: self.output,
            init: self.init,
            system: self.system.system(),
        })
    }
}
