//! What a disk has to boot: partition table, file systems, settings, entries.
//!
//! [`crate::boot`] begins with it. Programs that only look at a disk call
//! [`look`] and get what the menu would get, by the same code.

use crate::disk::partition::{Partition, Partitions};
use crate::disk::storage::{Caches, Storage};
use crate::disk::table::find_partitions;
use crate::entries::list::List;
use crate::entries::select::{self, Defaults};
use crate::entries::title;
use crate::fat::{File, Source, Sources, Volume};
use crate::find::scan::{Problem, Scan};
use crate::machine::Disk;
use crate::overlay::Overlay;
use crate::settings::conf::Conf;
use crate::settings::state::State;
use crate::workspace::{Desk, Scratch, Workspace};
use crate::{Error, Kind};
use layout::state::Setting;

/// Where the settings lie, on the EFI system partition only.
const CONF: &[u8] = b"/loader/loader.conf";

/// What was found on a disk, and the means to read more of it.
pub struct Inventory<'l, 's, 'd, D> {
    /// The entries in the order of the menu, their titles told apart.
    pub list: &'l List<'l>,
    /// The rank of the entry that boots when nobody chooses one.
    pub default: Option<usize>,
    /// The disk.
    pub storage: &'s mut Storage<'d, D>,
    /// The partitions that entries come from.
    pub sources: Sources,
}

/// Takes the inventory of `disk` for a machine that can run 64-bit kernels, or
/// not, and shows it to `then`. What goes wrong on the way goes to `problem`.
///
/// # Errors
/// Why there is no list.
pub fn look<D: Disk, T>(
    disk: &mut D,
    workspace: &mut Workspace,
    long_mode: bool,
    problem: &mut Problem,
    then: impl FnOnce(Inventory<D>) -> T,
) -> Result<T, Error> {
    let mut storage = Storage::new(
        disk,
        Caches {
            blocks: &mut workspace.blocks,
            table: &mut workspace.table,
        },
    );
    let Desk {
        scratch,
        conf,
        state,
        ..
    } = &mut workspace.desk;
    let mut list = List::new(&mut workspace.entries);
    let overlay = Overlay::linked();
    let mut sources = [None; 2];
    take(
        &mut storage,
        Some(overlay),
        long_mode,
        scratch,
        conf,
        (&mut sources, &mut list),
        (false, problem),
    )?;
    title::tell_apart(&mut list);
    if let [Some(esp), _] = &sources {
        state.read(&mut storage, &esp.volume);
    }
    Ok(then(Inventory {
        default: default(&list, conf, state, None),
        list: &list,
        storage: &mut storage,
        sources,
    }))
}

/// Finds the file systems of the disk, takes their settings into `conf` and offers
/// their entries to `list`. Settings and unified kernel images are found with the
/// overlay only. `problem` is told of the files that are left out; where `log-level`
/// `counts`, only if that wants to hear of them.
///
/// # Errors
/// There is no partition to look at. All else costs itself and goes to `problem`.
pub(crate) fn take<D: Disk>(
    storage: &mut Storage<D>,
    overlay: Option<Overlay>,
    long_mode: bool,
    scratch: &mut Scratch,
    conf: &mut Conf,
    (sources, list): (&mut Sources, &mut List),
    (counts, mut problem): (bool, &mut Problem),
) -> Result<(), Error> {
    let mut partitions = Partitions::default();
    find_partitions(storage, overlay, &mut partitions)?;
    if partitions.esp.is_none() && partitions.xbootldr.is_none() {
        return Err(Error::new(Kind::NoEsp, 0));
    }
    let [esp, xbootldr] = &mut *sources;
    open(storage, &partitions.esp, esp, problem);
    open(storage, &partitions.xbootldr, xbootldr, problem);

    let nobody: &mut Problem = &mut |_, _, _| ();
    if let Some(overlay) = overlay {
        overlay.settings(storage, esp, scratch, conf, problem);
        if counts && !conf.warns {
            problem = nobody;
        }
    }
    for (source, tag) in sources.iter().zip(0..) {
        let Some(Source { volume, .. }) = source else {
            continue;
        };
        let mut scan = Scan {
            storage,
            volume,
            tag,
            long_mode,
            overlay,
        };
        scan.all(scratch, list, problem);
    }
    Ok(())
}

/// The rank of the entry that boots when nobody chooses one, as the settings and
/// what is remembered from earlier boots have it. `wish` comes before them.
pub(crate) fn default(
    list: &List,
    conf: &Conf,
    state: &State,
    wish: Option<&[u8]>,
) -> Option<usize> {
    let defaults = Defaults {
        one_shot: wish.or(state.text(Setting::OneShot)),
        preferred: [state.text(Setting::Preferred), conf.preferred()],
        default: [state.text(Setting::Default), conf.default()],
        last_booted: state.text(Setting::LastBooted),
    };
    select::default(list, &defaults)
}

/// The file system of a partition, if there is one. A damaged one is reported,
/// and costs what is on it.
fn open<D: Disk>(
    storage: &mut Storage<D>,
    partition: &Option<Partition>,
    source: &mut Option<Source>,
    problem: &mut Problem,
) {
    if let Some(partition) = partition {
        match Volume::open(storage, partition) {
            Ok(volume) => {
                *source = Some(Source {
                    partition: *partition,
                    volume,
                });
            }
            Err(error) => problem(b"", b"", error),
        }
    }
}

impl Overlay {
    /// Takes in loader.conf, if there is one.
    #[inline(never)]
    fn settings<D: Disk>(
        self,
        storage: &mut Storage<D>,
        esp: &Option<Source>,
        scratch: &mut Scratch,
        conf: &mut Conf,
        problem: &mut Problem,
    ) {
        conf.reset();
        if let Some(esp) = esp
            && let Err(error) = read_conf(storage, &esp.volume, scratch, conf)
        {
            problem(b"", CONF, error);
        }
    }
}

fn read_conf<D: Disk>(
    storage: &mut Storage<D>,
    esp: &Volume,
    scratch: &mut Scratch,
    conf: &mut Conf,
) -> Result<(), Error> {
    let node = match esp.find(storage, CONF) {
        Err(error) if error.is(Kind::NotFound) => return Ok(()),
        found => found?,
    };
    let mut file = File::open(esp, &node);
    while let Some(line) = file.line(storage, &mut scratch.line)? {
        conf.line(line);
    }
    Ok(())
}
