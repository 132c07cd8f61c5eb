//! `gapboot list`: the menu that a disk gives.
//!
//! `--json` prints one array with the keys of `bootctl list --json=short`, see
//! [`MenuEntry`]. With `--all`, objects follow for the files that are no entries:
//! they have `type`, `source`, `path` and `problem`, and no `id`.

use std::io::Write;
use std::path::{Path, PathBuf};

use lexopt::Arg::{Long, Value};
use serde::Serialize;

use super::args::{self, DiskArgument};
use super::command::{Command, Context};
use crate::disk::{Access, Disk, Sectors};
use crate::error::Error;
use crate::install::layout_advice::{self, WITHOUT_OVERLAY};
use crate::install::survey::Survey;
use crate::menu::{Menu, MenuEntry, SkippedFile, table};
use crate::table::read as read_table;

/// `gapboot list`.
pub const COMMAND: Command = Command {
    name: "list",
    summary: "show the menu that a disk gives, in its order",
    help: "\
Usage: gapboot list DISK [--json] [--all]

Shows the boot entries of DISK, an image file or a block device, in the order of
the menu, as a whole loader would on a machine with a 64-bit processor; and what will
keep an entry from booting, as far as that can be seen from here.

      --json  print a JSON array with the keys of `bootctl list --json=short`
      --all   show also the files in /loader/entries and /EFI/Linux that are no
              entries, and why
  -h, --help  this text

A block device is read past the mounted file systems' caches: run `sync` first.

Exit status 0: shown, even if there are no entries; 1: the disk has neither an
EFI system partition nor an extended boot loader partition, or can't be read.
",
    run,
};

struct Options {
    disk: PathBuf,
    json: bool,
    all: bool,
}

impl Options {
    fn parse(mut parser: lexopt::Parser) -> Result<Self, Error> {
        let mut disk = DiskArgument::default();
        let (mut json, mut all) = (false, false);
        while let Some(argument) = parser.next()? {
            match argument {
                Long("json") => json = true,
                Long("all") => all = true,
                Value(value) => disk.set(value)?,
                unknown => return Err(args::other(unknown)),
            }
        }
        Ok(Self {
            disk: disk.get()?,
            json,
            all,
        })
    }
}

/// Why a disk has no menu. The loader says so in a line, which leaves no room for
/// what a look at the whole table tells.
fn explained(path: &Path, error: Error) -> Error {
    let look = |disk: Disk| {
        let table = read_table(&disk)?;
        Ok(layout_advice::table(&table, disk.sectors(), true))
    };
    match Disk::open(path, Access::Read).and_then(look) {
        Err(known) => known,
        Ok(notes) if notes.is_empty() => error,
        Ok(notes) => Error::failed(format!("{error} {}", notes.join("; "))),
    }
}

fn run(parser: lexopt::Parser, context: &mut Context) -> Result<(), Error> {
    let options = Options::parse(parser)?;
    let on = |error: Error| error.on(&options.disk);
    let disk = Disk::open(&options.disk, Access::Read).map_err(on)?;
    // A disk may be too short to hold a loader, and have entries all the same.
    let lacks_overlay = Survey::new(&disk).is_ok_and(|found| found.lacks_overlay());
    let mut menu = Menu::of(disk).map_err(|error| on(explained(&options.disk, error)))?;
    if lacks_overlay {
        menu.problems.push(format!(
            "the loader on it has no overlay that fits: {WITHOUT_OVERLAY} (`gapboot status`)"
        ));
    }
    for problem in &menu.problems {
        let disk = options.disk.display();
        writeln!(context.err, "gapboot: {disk}: {problem}")?;
    }
    if !options.all {
        let failed = menu.skipped.iter().filter(|file| file.should_be_one);
        let failed = failed.count();
        if failed > 0 {
            writeln!(
                context.err,
                "gapboot: files that should give an entry, and don't: {failed}; \
                 `gapboot list --all` says why"
            )?;
        }
        menu.skipped.clear();
    }
    if options.json {
        json(&menu, context.out)
    } else {
        if menu.entries.is_empty() {
            let disk = options.disk.display();
            writeln!(
                context.out,
                "{disk}: no entry in /loader/entries or /EFI/Linux"
            )?;
        }
        Ok(table::write(&menu, context.out)?)
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
