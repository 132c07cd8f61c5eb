//! `gapboot list`: the menu that a disk gives.
//!
//! `--json` prints one array with the keys of `bootctl list --json=short`, see
//! [`MenuEntry`], and with `warnings`, a list of sentences. With `--all`, objects follow
//! for the files that give no entry: they have `type`, `source`, `path` and `problem`,
//! and no `id`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::arguments::DISK;
use super::context::Context;
use crate::disk::{Access, Disk, Sectors};
use crate::error::Error;
use crate::install::layout_advice::{self, WITHOUT_OVERLAY};
use crate::install::survey::Survey;
use crate::menu::{Menu, MenuEntry, SkippedFile, table};
use crate::printable::printable;
use crate::state::unselected::unselected;
use crate::table::read as read_table;

/// Show the menu that a disk gives, in its order.
///
/// Shows the boot entries of DISK in the order of the menu, as a complete loader
/// would on a machine with a 64-bit processor; and what will keep an entry from
/// booting, as far as that can be seen from here.
#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "\
A block device is read past the mounted file systems' caches: run `sync` first.

Exit status: 0 shown, even if there are no entries; 1 the disk has neither an
EFI system partition nor an extended boot loader partition, or cannot be read."
)]
pub struct Arguments {
    #[arg(value_name = "DISK", help = DISK)]
    disk: PathBuf,
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
        let on = |error: Error| error.on(&self.disk);
        let disk = Disk::open(&self.disk, Access::Read).map_err(on)?;
        // A disk may be too short to hold a loader, and have entries all the same.
        let lacks_overlay = Survey::new(&disk).is_ok_and(|found| found.lacks_overlay());
        let mut menu = Menu::of(disk).map_err(|error| on(explained(&self.disk, error)))?;
        if lacks_overlay {
            menu.problems.push(format!(
                "the loader on it has no overlay that fits: {WITHOUT_OVERLAY} (`gapboot status`)"
            ));
        }
        menu.problems.extend(unselected(&self.disk, &menu));
        for problem in &menu.problems {
            let (disk, problem) = (self.disk.display(), printable(problem));
            writeln!(context.err, "gapboot: {disk}: {problem}")?;
        }
        if !self.all {
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
        if self.json {
            json(&menu, context.out)
        } else {
            if menu.entries.is_empty() {
                let disk = self.disk.display();
                writeln!(
                    context.out,
                    "{disk}: no entry in /loader/entries or /EFI/Linux"
                )?;
            }
            Ok(table::write(&menu, context.out)?)
        }
    }
}

/// An element of the array.
#[derive(Serialize)]
#[serde(untagged)]
enum Element<'a> {
    Entry(&'a MenuEntry),
    Skipped(&'a SkippedFile),
}

fn json(menu: &Menu, out: &mut dyn Write) -> Result<(), Error> {
    let entries = menu.entries.iter().map(Element::Entry);
    let skipped = menu.skipped.iter().map(Element::Skipped);
    let all: Vec<_> = entries.chain(skipped).collect();
    let json = serde_json::to_string(&all).map_err(Error::failed)?;
    Ok(writeln!(out, "{json}")?)
}
