//! `gapboot list`: the menus that a disk or a mounted tree gives.
//!
//! `--json` prints one array. Entries of the Boot Loader Specification have the keys of
//! `bootctl list --json=short`, see [`MenuEntry`], and `warnings`, a list of sentences;
//! those of other loaders' menus have the keys of [`Listed`]. With `--all`, objects follow
//! for the files that give no entry: they have `type`, `source`, `path` and `problem`,
//! and no `id`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::arguments::DISK_OR_DIRECTORY;
use super::context::Context;
use crate::disk::{Access, Disk, Sectors, reader};
use crate::error::Error;
use crate::install::layout_advice::{self, WITHOUT_OVERLAY};
use crate::install::survey::Survey;
use crate::menu::{Menu, MenuEntry, SkippedFile, table};
use crate::offers::listed::{self, Listed};
use crate::offers::{From, Others, TreeMenu};
use crate::printable::printable;
use crate::state::unselected::unselected;
use crate::table::read as read_table;

/// Show the menus that a disk or a mounted tree gives.
///
/// Shows the boot entries of DISK in the order of the menu, as a complete loader
/// would on a machine with a 64-bit processor; and what will keep an entry from
/// booting, as far as that can be seen from here. The menus of other loaders follow,
/// in their own order: from FAT, ext2, ext3, ext4 and ISO 9660, or from any file
/// system that is mounted in a directory.
#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "\
A block device is read past the mounted file systems' caches: run `sync` first.
Nothing is written.

Exit status: 0 shown, even if there are no entries; 1 the disk has neither an
EFI system partition nor an extended boot loader partition nor another loader's
menu, or cannot be read."
)]
pub struct Arguments {
    #[arg(value_name = "DISK", help = DISK_OR_DIRECTORY)]
    disk: PathBuf,
    /// whose menus: bls (Boot Loader Specification), grub, syslinux or all
    #[arg(
        long,
        value_name = "LOADER",
        default_value = "all",
        hide_default_value = true,
        hide_possible_values = true
    )]
    from: From,
    /// print a JSON array with the keys of `bootctl list --json=short`
    #[arg(long)]
    json: bool,
    /// show also the files in /loader/entries and /EFI/Linux that give no entry,
    /// and why
    #[arg(long)]
    all: bool,
}

/// Why a disk has no menu. The loader says so in a line, which leaves no room for
/// what a look at the whole table tells: that follows, a line for each note.
fn explained(path: &Path, error: Error) -> Error {
    let look = |disk: Disk| {
        let table = read_table(&disk)?;
        Ok(layout_advice::table(&table, disk.sectors()))
    };
    match Disk::open(path, Access::Read).and_then(look) {
        Err(known) => known,
        Ok(notes) if notes.is_empty() => error,
        Ok(notes) => Error::failed(format!("{error}\n{}", notes.join("\n"))),
    }
}

impl Arguments {
    pub(super) fn run(self, context: &mut Context) -> Result<(), Error> {
        let others = match self.from == From::Bls && !self.disk.is_dir() {
            true => None,
            false => Some(Others::of(&self.disk, self.from)),
        };
        let bls = match (self.from.has_bls(), &others) {
            (false, _) => None,
            (true, Some(Ok(others))) if self.disk.is_dir() => {
                Some(Ok(TreeMenu::of(&others.volumes).menu))
            }
            (true, _) => Some(self.of_disk()),
        };
        let (bls, others) = self.both(bls, others, context)?;
        let listing = Listing {
            disk: &self.disk,
            bls,
            others,
        };
        listing.show(self.all, self.json, context)
    }

    /// What there is of both. Only where nothing is there, it matters that one of them
    /// cannot be read.
    fn both(
        &self,
        bls: Option<Result<Menu, Error>>,
        others: Option<Result<Others, Error>>,
        context: &mut Context,
    ) -> Result<(Option<Menu>, Option<Others>), Error> {
        let on = |error: Error| error.on(&self.disk);
        let has_menus = |others: &Others| !others.menus.is_empty();
        match (bls, others) {
            (Some(Err(error)), Some(Ok(others))) if has_menus(&others) => {
                if has_bls_partition(&self.disk) {
                    let disk = self.disk.display();
                    writeln!(
                        context.err,
                        "gapboot: {disk}: {}",
                        printable(&error.to_string())
                    )?;
                }
                Ok((None, Some(others)))
            }
            (Some(Err(error)), others) => {
                if let Some(Ok(others)) = others {
                    notes(&self.disk, &others.unread(), context)?;
                }
                Err(on(explained(&self.disk, error)))
            }
            (Some(Ok(menu)), others) => Ok((Some(menu), others.and_then(Result::ok))),
            (None, others) => Ok((None, others.transpose().map_err(on)?)),
        }
    }

    /// The menu of the Boot Loader Specification of a disk.
    fn of_disk(&self) -> Result<Menu, Error> {
        let disk = Disk::open(&self.disk, Access::Read)?;
        // A disk may be too short to hold a loader, and have entries all the same.
        let lacks_overlay = Survey::new(&disk).is_ok_and(|found| found.lacks_overlay());
        let mut menu = Menu::of(disk)?;
        if lacks_overlay {
            menu.problems.push(format!(
                "the loader on it has no overlay that fits: {WITHOUT_OVERLAY} (`gapboot status`)"
            ));
        }
        menu.problems.extend(unselected(&self.disk, &menu));
        Ok(menu)
    }
}

/// Whether a disk has a partition for entries of the Boot Loader Specification.
fn has_bls_partition(disk: &Path) -> bool {
    let disk = Disk::open(disk, Access::Read);
    disk.is_ok_and(|disk| reader::partitions(disk).is_ok())
}

fn notes(disk: &Path, notes: &[String], context: &mut Context) -> Result<(), Error> {
    for note in notes {
        writeln!(
            context.err,
            "gapboot: {}: {}",
            disk.display(),
            printable(note)
        )?;
    }
    Ok(())
}

/// All that is shown.
struct Listing<'a> {
    disk: &'a Path,
    bls: Option<Menu>,
    others: Option<Others>,
}

impl Listing<'_> {
    fn show(mut self, all: bool, as_json: bool, context: &mut Context) -> Result<(), Error> {
        if let Some(menu) = &mut self.bls {
            notes(self.disk, &menu.problems, context)?;
            if !all {
                let failed = menu.skipped.iter().filter(|file| file.should_be_one);
                let failed = failed.count();
                if failed > 0 {
                    writeln!(
                        context.err,
                        "gapboot: files that should give an entry, and do not: {failed}; \
                     `gapboot list --all` says why"
                    )?;
                }
                menu.skipped.clear();
            }
        }
        if let Some(others) = &self.others {
            notes(self.disk, &others.unread(), context)?;
            notes(self.disk, &others.notes(), context)?;
        }
        match as_json {
            true => self.json(context.out),
            false => self.tables(context.out),
        }
    }

    /// The tables of all menus. That of the Boot Loader Specification alone has no
    /// heading.
    fn tables(&self, out: &mut dyn Write) -> Result<(), Error> {
        let disk = self.disk.display();
        let others = self.others.as_ref();
        let menus = others
            .map(|others| others.menus.as_slice())
            .unwrap_or_default();
        let is_empty = |menu: &Menu| menu.entries.is_empty() && menu.skipped.is_empty();
        match &self.bls {
            Some(menu) if menus.is_empty() => {
                let others = match self.disk.is_dir() && others.is_some() {
                    true => ", and no menu of GRUB or SYSLINUX",
                    false => "",
                };
                if menu.entries.is_empty() {
                    let bls = "no entry in /loader/entries or /EFI/Linux";
                    writeln!(out, "{disk}: {bls}{others}")?;
                }
                table::write(menu, out)?;
            }
            Some(menu) if !is_empty(menu) => {
                writeln!(out, "Boot Loader Specification")?;
                table::write(menu, out)?;
                writeln!(out)?;
            }
            None if menus.is_empty() => writeln!(out, "{disk}: no menu of such a loader")?,
            _ => {}
        }
        for (menu, number) in menus.iter().zip(0_u32..) {
            if number > 0 {
                writeln!(out)?;
            }
            if let Some(others) = others {
                listed::write(others, menu, out)?;
            }
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write) -> Result<(), Error> {
        let mut all = Vec::new();
        if let Some(menu) = &self.bls {
            all.extend(menu.entries.iter().map(Element::Entry));
        }
        if let Some(Others { volumes, menus }) = &self.others {
            let entries = menus.iter().flat_map(|menu| Listed::all(volumes, menu));
            all.extend(entries.map(Box::new).map(Element::Listed));
        }
        if let Some(menu) = &self.bls {
            all.extend(menu.skipped.iter().map(Element::Skipped));
        }
        let json = serde_json::to_string(&all).map_err(Error::failed)?;
        Ok(writeln!(out, "{json}")?)
    }
}

/// An element of the array.
#[derive(Serialize)]
#[serde(untagged)]
enum Element<'a> {
    Entry(&'a MenuEntry),
    Listed(Box<Listed>),
    Skipped(&'a SkippedFile),
}

/// Shows the menus of the running system.
pub(super) fn system(
    disk: &Path,
    others: Others,
    from: From,
    context: &mut Context,
) -> Result<(), Error> {
    let bls = from.has_bls().then(|| TreeMenu::of(&others.volumes).menu);
    let listing = Listing {
        disk,
        bls,
        others: Some(others),
    };
    listing.show(false, false, context)
}
