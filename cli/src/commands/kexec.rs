//! `gapboot kexec`: starts a kernel from the running Linux ([`kexec`]).

use std::path::{Path, PathBuf};

use clap::Args;
use kexec::Payload;
use menus::menu::EnvironmentBlock;
use volumes::Volumes;
use volumes::host::Host;

use super::arguments::SystemArgument;
use super::context::Context;
use super::list;
use crate::disk::reader::Reader;
use crate::disk::{Access, Disk};
use crate::error::Error;
use crate::menu::Menu;
use crate::offers::choose::{Choice, Menus};
use crate::offers::{self, From, Others, TreeMenu, environment};
use crate::printable::printable;
use crate::uki::content::SourceFile;
use crate::uki::payload::{Extras, of_source};

/// Start a UKI, a kernel or an entry from this system, without the firmware.
///
/// Has Linux load FILE, and starts it: by `systemctl kexec` where systemd runs, else at
/// once. FILE is a unified kernel image, a bzImage of 64 or 32 bits, or a Multiboot
/// kernel such as Xen; kernels may be compressed by gzip. With --disk, what a menu of
/// DISK would start, be it of the Boot Loader Specification, GRUB's or SYSLINUX's:
/// ENTRY, an id as `gapboot list` shows it, or the default. With --system, what the
/// menu of this machine would start. The attempt is not counted.
#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    override_usage = "\
gapboot kexec [-l] FILE [--initrd FILE]... [--cmdline TEXT]
       gapboot kexec [-l] FILE [--module \"FILE ARGUMENTS\"]... [--cmdline TEXT]
       gapboot kexec [-l] --disk DISK [ENTRY] [--from LOADER] [--cmdline TEXT]
       gapboot kexec [-l] --system [ENTRY] [--from LOADER] [--list]
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
    /// a unified kernel image or a kernel; with --disk or --system, ENTRY stands
    /// here
    #[arg(value_name = "FILE")]
    what: Option<PathBuf>,
    /// take kernel, initrds and command line from an entry there: an image file, a
    /// block device or the directory of a mounted tree
    #[arg(long, value_name = "DISK")]
    disk: Option<PathBuf>,
    /// the same from the boot partitions of this system, as they are mounted
    #[arg(long)]
    system: bool,
    /// with --system, show the entries there are and start none
    #[arg(long)]
    list: bool,
    /// whose menus: bls (Boot Loader Specification), grub, syslinux or all
    #[arg(
        long,
        value_name = "LOADER",
        default_value = "all",
        hide_default_value = true,
        hide_possible_values = true
    )]
    from: From,
    /// an entry that GRUB is to start only once: clear that in its environment
    /// block, as GRUB does
    #[arg(long)]
    clear_once: bool,
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
    #[command(flatten)]
    root: SystemArgument,
}

/// What an entry of a menu starts.
struct Chosen {
    payload: Payload,
    /// What its loader would have written before it started the entry: that the entry
    /// was to be started once is done.
    clears: Vec<EnvironmentBlock>,
    volumes: Option<Volumes>,
}

impl Arguments {
    pub(super) fn run(self, context: &mut Context) -> Result<(), Error> {
        self.check()?;
        if self.exec {
            return Ok(kexec::start_at_once()?);
        }
        if self.list {
            return list::system(
                &self.root.system().path("/"),
                self.of_system()?,
                self.from,
                context,
            );
        }
        let chosen = self.chosen()?;
        let payload = &chosen.payload;
        let call = kexec::load(payload, self.by_segments)?.name();
        writeln!(context.out, "{}: loaded ({call})", printable(&payload.name))?;
        chosen.clear(self.clear_once, context)?;
        context.out.flush()?;
        match self.load {
            true => Ok(()),
            false => Ok(kexec::start()?),
        }
    }

    fn check(&self) -> Result<(), Error> {
        let has_menu = self.disk.is_some() || self.system;
        let loads = self.what.is_some() || has_menu;
        let others = loads || self.load || self.by_segments;
        Err(Error::usage(match self {
            _ if self.exec && others => "-e starts what was loaded before: leave the rest out",
            _ if self.exec => return Ok(()),
            _ if !loads => "FILE is missing: name a unified kernel image or a kernel, or --disk",
            _ if self.disk.is_some() && self.system => "--disk and --system exclude each other",
            _ if self.list && !self.system => "--list goes with --system: use `gapboot list DISK`",
            _ if !has_menu && self.from != From::All => "--from goes with --disk and --system",
            _ if !has_menu && self.clear_once => "--clear-once goes with --disk and --system",
            _ if has_menu && !(self.initrds.is_empty() && self.modules.is_empty()) => {
                "an entry names its own initrds: leave --initrd and --module out"
            }
            _ => return Ok(()),
        }))
    }

    /// Gathers what is to be started.
    fn chosen(&self) -> Result<Chosen, Error> {
        if self.system {
            return self.of_tree(self.of_system()?, self.root.system().has_bls_loader()?);
        }
        let Some(disk) = &self.disk else {
            let path = self.what.clone().unwrap_or_default();
            let cmdline = self.cmdline.as_deref().unwrap_or_default();
            let source = SourceFile::open(&path)?;
            let extras = Extras::open(&self.initrds, &self.modules)?;
            return of_source(&source, &extras, cmdline).map(Chosen::of);
        };
        let on = |error: Error| error.on(disk);
        // The disk is read past the caches of its mounted file systems.
        rustix::fs::sync();
        if disk.is_dir() {
            return self
                .of_tree(Others::of(disk, self.from).map_err(on)?, true)
                .map_err(on);
        }
        self.of_disk(disk).map_err(on)
    }

    /// The menus of the running system, from what is mounted.
    fn of_system(&self) -> Result<Others, Error> {
        let root = self.root.system().path("/");
        let volumes = Volumes::tree(&root, &Host::below(&root));
        let volumes =
            volumes.map_err(|failure| Error::failed(format!("{} {}", root.display(), failure)))?;
        Ok(Others::on(volumes, self.from))
    }

    /// What a menu of a mounted tree would start.
    fn of_tree(&self, others: Others, prefers_bls: bool) -> Result<Chosen, Error> {
        let tree = self.from.has_bls().then(|| TreeMenu::of(&others.volumes));
        let bls = tree.as_ref().map(|tree| &tree.menu);
        let bls = bls.filter(|menu| !menu.entries.is_empty());
        let menus = Menus {
            bls,
            others: &others,
        };
        let (payload, clears) = match (self.choice(&menus, prefers_bls)?, &tree) {
            (Choice::Bls(entry), Some(tree)) => {
                let cmdline = self.cmdline.as_deref();
                let payload = offers::payload::of_tree(&others.volumes, tree, entry, cmdline)?;
                (payload, Vec::new())
            }
            (choice, _) => self.of_other(&others, choice)?,
        };
        Ok(Chosen {
            payload,
            clears,
            volumes: Some(others.volumes),
        })
    }

    /// What a menu of a disk would start.
    fn of_disk(&self, disk: &Path) -> Result<Chosen, Error> {
        let open = || Disk::open(disk, Access::Read);
        let bls = self.from.has_bls().then(|| open().and_then(Menu::of));
        let others = match self.from {
            From::Bls => None,
            _ => Others::of(disk, self.from)
                .ok()
                .filter(|others| !others.menus.is_empty()),
        };
        let (bls, others) = match (bls, others) {
            (Some(Err(error)), None) => return Err(error),
            (None, None) => return Err(Error::failed("there is no menu of such a loader")),
            (Some(Ok(menu)), None) => return self.of_bls(open()?, self.wish(&menu)?),
            (bls, Some(others)) => (bls.and_then(Result::ok), others),
        };
        let menus = Menus {
            bls: bls.as_ref(),
            others: &others,
        };
        match self.choice(&menus, true)? {
            Choice::Bls(entry) => self.of_bls(open()?, Some(entry.id.clone())),
            choice => {
                let (payload, clears) = self.of_other(&others, choice)?;
                Ok(Chosen {
                    payload,
                    clears,
                    volumes: Some(others.volumes),
                })
            }
        }
    }

    /// The id of the entry that is named, by the menu that has it.
    fn wish(&self, menu: &Menu) -> Result<Option<String>, Error> {
        let Some(id) = self.id() else {
            return Ok(None);
        };
        let id = menu.without_counter(&id);
        match menu.select(&id) {
            None => Err(Error::failed(menu.no_entry(&id))),
            Some(_) => Ok(Some(id)),
        }
    }

    fn id(&self) -> Option<String> {
        self.what
            .as_ref()
            .map(|id| id.to_string_lossy().into_owned())
    }

    fn choice<'a>(&self, menus: &Menus<'a>, prefers_bls: bool) -> Result<Choice<'a>, Error> {
        match self.id() {
            Some(id) => menus.by_id(&id),
            None => menus.default(prefers_bls),
        }
    }

    /// What the loader starts of a disk: an entry of the Boot Loader Specification.
    fn of_bls(&self, disk: Disk, id: Option<String>) -> Result<Chosen, Error> {
        let mut payload = kexec::entry::load(Reader::new(disk), id.as_deref())?;
        if let Some(line) = &self.cmdline {
            payload.cmdline = line.clone().into_bytes();
        }
        Ok(Chosen::of(payload))
    }

    /// What an entry of another loader starts, and what is to be cleared then.
    fn of_other(
        &self,
        others: &Others,
        choice: Choice,
    ) -> Result<(Payload, Vec<EnvironmentBlock>), Error> {
        let Choice::Other { menu, entry, once } = choice else {
            return Err(Error::failed("the entry is gone: run the command again"));
        };
        let cmdline = self.cmdline.as_deref();
        let payload = offers::payload::of_entry(&others.volumes, menu, entry, cmdline)?;
        let clears = match once {
            true => menu.writes.clone(),
            false => Vec::new(),
        };
        Ok((payload, clears))
    }
}

impl Chosen {
    fn of(payload: Payload) -> Self {
        Self {
            payload,
            clears: Vec::new(),
            volumes: None,
        }
    }

    /// Clears that the entry was to be started once, or says that it will come again.
    fn clear(&self, is_wanted: bool, context: &mut Context) -> Result<(), Error> {
        let Some(volumes) = self.volumes.as_ref().filter(|_| !self.clears.is_empty()) else {
            return Ok(());
        };
        if !is_wanted {
            return Ok(writeln!(
                context.err,
                "gapboot: {}: GRUB was to start this entry once, and will start it again at the \
                 next boot; --clear-once clears that",
                printable(&self.payload.name)
            )?);
        }
        let mut blocks = self.clears.iter();
        blocks.try_for_each(|block| environment::write(volumes, block))
    }
}
