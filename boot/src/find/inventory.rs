//! The inventory of a disk: partition table, file systems, settings, entries.
//!
//! [`crate::boot`] begins with these steps.

use super::scan::{Problem, Scan};
use crate::disk::partition::{Partition, Partitions};
use crate::disk::storage::Storage;
use crate::disk::table::find_partitions;
use crate::entries::entry::Entry;
use crate::entries::list::List;
use crate::entries::select::{self, Defaults, Step};
use crate::fat::{File, Source, Sources, Volume};
use crate::machine::Disk;
use crate::overlay::Overlay;
use crate::settings::conf::Conf;
use crate::settings::state::State;
use crate::workspace::Scratch;
use crate::{Error, Kind};
use layout::state::Setting;

/// Where the settings lie, on the EFI system partition only.
const CONF: &[u8] = b"/loader/loader.conf";

/// Finds volumes, settings and entries, in this order. A fault costs only the part that
/// has it: the search reports it to `problem` and goes on.
pub(crate) struct Finder<'a, 'd, D> {
    /// The disk.
    pub(crate) storage: &'a mut Storage<'d, D>,
    /// Without it there are no settings and no unified kernel images, only kernels.
    pub(crate) overlay: Option<Overlay>,
    /// True where the processor can run 64-bit kernels.
    pub(crate) long_mode: bool,
    /// To read files with.
    pub(crate) scratch: &'a mut Scratch,
}

impl<D: Disk> Finder<'_, '_, D> {
    /// Finds the volumes that may have entries.
    ///
    /// # Errors
    /// There is no partition to look at: [`Kind::NoEsp`], and those of
    /// [`find_partitions`].
    pub(crate) fn sources(
        &mut self,
        sources: &mut Sources,
        problem: &mut Problem,
    ) -> Result<(), Error> {
        let mut partitions = Partitions::default();
        find_partitions(self.storage, self.overlay, &mut partitions)?;
        let Partitions { esp, xbootldr } = &partitions;
        if esp.is_none() && xbootldr.is_none() {
            return Err(Error::new(Kind::NoEsp, 0));
        }
        for (partition, source) in [esp, xbootldr].into_iter().zip(sources) {
            *source = self.open(partition, problem);
        }
        Ok(())
    }

    /// The file system of a partition, if there is one.
    #[inline(never)] // its own frame saves 66 bytes
    fn open(&mut self, partition: &Option<Partition>, problem: &mut Problem) -> Option<Source> {
        let partition = partition.as_ref()?;
        match Volume::open(self.storage, partition) {
            Ok(volume) => Some(Source {
                partition: *partition,
                volume,
            }),
            Err(error) => {
                problem(b"", b"", error);
                None
            }
        }
    }

    /// Offers the entries of all volumes to `list`.
    pub(crate) fn entries(&mut self, sources: &Sources, list: &mut List, problem: &mut Problem) {
        for (source, tag) in sources.iter().zip(0..) {
            let Some(Source { volume, .. }) = source else {
                continue;
            };
            let mut scan = Scan {
                storage: self.storage,
                volume,
                tag,
                long_mode: self.long_mode,
                overlay: self.overlay,
            };
            scan.all(self.scratch, list, problem);
        }
    }
}

impl Overlay {
    /// Reads the settings of loader.conf into `conf`. A disk without that file has the
    /// defaults.
    #[inline(never)] // a way into the overlay
    pub(crate) fn read_settings<D: Disk>(
        self,
        finder: &mut Finder<D>,
        sources: &Sources,
        conf: &mut Conf,
        problem: &mut Problem,
    ) {
        conf.reset();
        if let [Some(esp), _] = sources
            && let Err(error) = finder.read_conf(&esp.volume, conf)
        {
            problem(b"", CONF, error);
        }
    }
}

impl<D: Disk> Finder<'_, '_, D> {
    fn read_conf(&mut self, esp: &Volume, conf: &mut Conf) -> Result<(), Error> {
        let node = match esp.find(self.storage, CONF) {
            Err(error) if error.is(Kind::NotFound) => return Ok(()),
            found => found?,
        };
        let mut file = File::open(esp, &node);
        while let Some(line) = file.line(self.storage, &mut self.scratch.line)? {
            conf.line(line);
        }
        Ok(())
    }
}

impl<D: Disk> Finder<'_, '_, D> {
    /// The rank of the entry that boots when nobody chooses one, by the settings and by
    /// the memory of earlier boots. `wish` is stronger than both.
    pub(crate) fn default(
        &mut self,
        sources: &Sources,
        list: &mut List,
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
        select::default(list, &defaults, &mut |list, step| {
            self.left_out(sources, list, step)
        })
    }

    /// Looks for the first entry that `step` selects among those that did not fit into
    /// `list`, and puts it in place of the last one.
    fn left_out(&mut self, sources: &Sources, list: &mut List, step: Step) -> Option<usize> {
        if list.dropped() == 0 {
            return None;
        }
        let mut room = [Entry::EMPTY];
        let selected = |entry: &Entry| step.selects(entry);
        let mut first = List::new(&mut room).only(&selected);
        self.entries(sources, &mut first, &mut |_, _, _| {});
        list.replace_last(first.get(0)?)
    }
}
