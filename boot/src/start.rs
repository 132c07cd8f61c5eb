//! From the entry that was chosen to a kernel in memory.

use crate::Handoff;
use crate::entries::type1::{self, Key, Main};
use crate::error::{Error, Kind};
use crate::fat::{File, Node, Volume};
use crate::load::cmdline::{self, CommandLine};
use crate::load::{Culprit, Image, Loader, Part, Source};
use crate::machine::{Disk, Memory};
use crate::report::Trail;
use crate::storage::Storage;
use crate::workspace::Scratch;

/// Initrds that an entry may have.
const MOST_INITRDS: usize = 32;

/// Reads the entry's file again, this time for what boots: the kernel, the
/// initrds and the options, in their order. Then loads them.
///
/// # Errors
/// What is wrong; `trail` names the file it is about.
pub(crate) fn type1<D: Disk, M: Memory>(
    storage: &mut Storage<D>,
    memory: &mut M,
    volume: &Volume,
    entry: &Node,
    scratch: &mut Scratch,
    command_line: &mut [u8; cmdline::LONGEST],
    trail: &mut Trail,
) -> Result<Handoff, Error> {
    let mut command_line = CommandLine::new(command_line);
    let mut initrds = [Source::Memory(b""); MOST_INITRDS];
    let mut free = initrds.iter_mut();
    scratch.path.clear();
    let mut file = File::open(volume, entry);
    while let Some(line) = file.line(storage, &mut scratch.line)? {
        match type1::pair(line) {
            Some((Key::Main(Main::Linux), path)) => {
                scratch.path.set(&[path]);
            }
            Some((Key::Initrd, value)) => {
                if let Some(path) = type1::initrd(value) {
                    trail.file(path);
                    let part = Part::whole(volume.find(storage, path)?);
                    let too_many = Error::new(Kind::InitrdsTooMany, widen(MOST_INITRDS));
                    *free.next().ok_or(too_many)? = Source::File(part);
                }
            }
            Some((Key::Options, value)) => command_line.add(value)?,
            _ => {}
        }
    }
    let path = scratch.path.get().unwrap_or_default();
    trail.file(path);
    let image = Image {
        volume,
        kernel: Part::whole(volume.find(storage, path)?),
        initrds: &initrds,
        command_line: command_line.as_bytes(),
    };
    let mut loader = Loader::new(storage, memory, &image);
    let result = loader
        .prepare()
        .and_then(|handoff| loader.load(&handoff).map(|()| handoff));
    let culprit = loader.culprit;
    if result.is_err() {
        match culprit {
            Culprit::Kernel => {}
            Culprit::Image => trail.file(b""),
            Culprit::Initrd(index) => name_initrd(storage, volume, entry, index, scratch, trail),
        }
    }
    result
}

/// Names the initrd that is to blame: its path stands in the entry's file only.
fn name_initrd<D: Disk>(
    storage: &mut Storage<D>,
    volume: &Volume,
    entry: &Node,
    index: usize,
    scratch: &mut Scratch,
    trail: &mut Trail,
) {
    let mut before = index;
    let mut file = File::open(volume, entry);
    while let Ok(Some(line)) = file.line(storage, &mut scratch.line) {
        if let Some((Key::Initrd, value)) = type1::pair(line)
            && let Some(path) = type1::initrd(value)
        {
            if before == 0 {
                return trail.file(path);
            }
            before = before.saturating_sub(1);
        }
    }
}

/// `usize` is 32 or 64 bits here.
fn widen(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
