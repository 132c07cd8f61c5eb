//! `gapboot list`: the menu that a disk gives.
//!
//! `--json` prints one array with the keys of `bootctl list --json=short`, see
//! [`Entry`]. With `--all`, objects follow for the files that are no entries:
//! they have `type`, `source`, `path` and `problem`, and no `id`.

use std::io::Write;
use std::path::{Path, PathBuf};

use lexopt::Arg::{Long, Value};
use serde::Serialize;

use crate::args::{self, DiskArgument};
use crate::disk::{Access, Disk, Sectors};
use crate::error::Error;
use crate::menu::{Entry, Menu, Other};
use crate::notes::{self, WITHOUT_OVERLAY};
use crate::survey::Survey;
use crate::table;
use crate::{Command, Context};

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
        let table = table::read(&disk)?;
        Ok(notes::table(&table, disk.sectors(), true))
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
        let failed = menu.others.iter().filter(|other| other.should_be_one);
        let failed = failed.count();
        if failed > 0 {
            writeln!(
                context.err,
                "gapboot: files that should give an entry, and don't: {failed}; \
                 `gapboot list --all` says why"
            )?;
        }
        menu.others.clear();
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
        Ok(text(&menu, context.out)?)
    }
}

/// An element of the array.
#[derive(Serialize)]
#[serde(untagged)]
enum Element<'a> {
    Entry(&'a Entry),
    Other(&'a Other),
}

fn json(menu: &Menu, out: &mut dyn Write) -> Result<(), Error> {
    let entries = menu.entries.iter().map(Element::Entry);
    let others = menu.others.iter().map(Element::Other);
    let all: Vec<_> = entries.chain(others).collect();
    let json = serde_json::to_string(&all).map_err(Error::failed)?;
    Ok(writeln!(out, "{json}")?)
}

fn text(menu: &Menu, out: &mut dyn Write) -> std::io::Result<()> {
    for (entry, number) in menu.entries.iter().zip(1..) {
        let mark = match entry.is_default {
            Some(true) => " (default)",
            _ => "",
        };
        let title = printable(&entry.show_title);
        writeln!(out, "{number:3}  {title}{mark}")?;
        for (name, value) in rows(entry) {
            writeln!(out, "     {name:<9}{}", printable(&value))?;
        }
    }
    for other in &menu.others {
        writeln!(out, "  -  {}", printable(&other.path))?;
        writeln!(out, "     {:<9}{}", "problem", printable(&other.problem))?;
    }
    Ok(())
}

/// What is said of an entry below its title.
fn rows(entry: &Entry) -> Vec<(&'static str, String)> {
    let id = match entry.source {
        "esp" => entry.id.clone(),
        source => format!("{} ({source})", entry.id),
    };
    let mut rows = vec![("id", id)];
    let version = entry.version.iter();
    rows.extend(version.map(|version| ("version", version.clone())));
    rows.push(("state", state(entry)));
    let kernels = [&entry.linux, &entry.uki, &entry.efi];
    let kernels = kernels.into_iter().flatten();
    rows.extend(kernels.map(|kernel| ("kernel", kernel.clone())));
    let warnings = entry.warnings.iter();
    rows.extend(warnings.map(|warning| ("warning", warning.clone())));
    rows
}

/// Good, bad or in between, and what that comes from.
fn state(entry: &Entry) -> String {
    let mut state = entry.state().to_owned();
    if let Some(left) = entry.tries_left {
        state += &format!(", {left} tries left");
    }
    if let Some(done) = entry.tries_done {
        state += &format!(", {done} done");
    }
    state
}

/// Text from a disk without what could command the terminal.
fn printable(text: &str) -> String {
    text.replace(char::is_control, "?")
}
