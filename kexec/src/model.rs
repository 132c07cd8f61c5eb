//! A machine that is not there, on which the loader boots an entry.
//!
//! Of what the loader loads, the command line and the initrds are kept.

use std::fs::File;
use std::os::unix::fs::FileExt;

use boot::machine::{self, Console, Input, MemoryError};
use boot::memory_map::MemoryMap;
use layout::memory::{COMMAND_LINE, KERNEL, KERNEL_SETUP, STAGE2_UNPACKED};
use stub::params::{self, field};

use crate::error::Error;
use crate::memory_file::in_memory;

/// A machine of which only the disk is there.
pub(crate) struct Model<D> {
    pub(crate) disk: D,
    pub(crate) memory: KeptMemory,
    console: Nobody,
}

impl<D> Model<D> {
    pub(crate) fn new(disk: D) -> Result<Self, Error> {
        Ok(Self {
            disk,
            memory: KeptMemory::new()?,
            console: Nobody::default(),
        })
    }
}

impl<D: machine::Disk> machine::Machine for Model<D> {
    type Disk = D;
    type Memory = KeptMemory;
    type Console = Nobody;

    fn parts(&mut self) -> (&mut D, &mut KeptMemory, &mut Nobody) {
        (&mut self.disk, &mut self.memory, &mut self.console)
    }

    fn long_mode(&self) -> bool {
        true
    }
}

/// Memory that keeps what is not the kernel's: low memory, and the initrd.
pub(crate) struct KeptMemory {
    map: Box<MemoryMap>,
    low: Vec<u8>,
    pub(crate) initrd: File,
}

impl KeptMemory {
    /// As much as the loader can use: 4 GiB in one piece, from 1 MiB on.
    fn new() -> Result<Self, Error> {
        let mut map = Box::new(MemoryMap::new());
        map.add(0, STAGE2_UNPACKED.start.into(), true);
        let below_4_gib = (1_u64 << 32).saturating_sub(KERNEL.into());
        map.add(KERNEL.into(), below_4_gib, true);
        Ok(Self {
            map,
            low: vec![0; index(STAGE2_UNPACKED.start)],
            initrd: in_memory("initrd")?,
        })
    }

    /// The command line, of which the handoff has the size in bytes.
    pub(crate) fn command_line(&self, size: u32) -> &[u8] {
        let line = self.low.get(index(COMMAND_LINE.start)..);
        line.and_then(|line| line.get(..index(size)))
            .unwrap_or_default()
    }

    /// The address of the initrd, which the kernel's header has before anything
    /// else is loaded; 0 without an initrd.
    fn initrd_address(&self) -> u32 {
        let header = self.low.get(index(KERNEL_SETUP.start)..);
        params::u32(header.unwrap_or_default(), field::RAMDISK_IMAGE)
    }
}

/// An address as an index.
fn index(address: u32) -> usize {
    usize::try_from(address).unwrap_or(usize::MAX)
}

impl machine::Memory for KeptMemory {
    fn map(&self) -> &MemoryMap {
        &self.map
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), MemoryError> {
        if at < KERNEL {
            let place = self.low.get_mut(index(at)..).unwrap_or_default();
            let place = place.get_mut(..bytes.len()).ok_or(MemoryError)?;
            place.copy_from_slice(bytes);
            return Ok(());
        }
        match (self.initrd_address(), at.checked_sub(self.initrd_address())) {
            (1.., Some(offset)) => {
                let written = self.initrd.write_all_at(bytes, offset.into());
                written.map_err(|_| MemoryError)
            }
            // The kernel is copied from the disk instead.
            _ => Ok(()),
        }
    }
}

/// A console at which nobody reads or types, but for Enter at a menu that would
/// wait for ever.
#[derive(Default)]
pub(crate) struct Nobody {
    ticks: u32,
    typed: bool,
}

impl Console for Nobody {
    fn write(&mut self, _: &[u8]) {}

    fn new_line(&mut self) {}

    fn beep(&mut self) {}

    fn size(&self) -> (usize, usize) {
        (80, 25)
    }

    fn resize(&mut self, _: u8) {}

    fn clear(&mut self) {}

    fn move_to(&mut self, _: usize, _: usize) {}

    fn clear_to_end(&mut self) {}

    fn highlight(&mut self, _: bool) {}

    fn cursor(&mut self, _: bool) {}

    fn key(&mut self, ticks: Option<u32>) -> Option<Input> {
        // Ticks wrap, as those of a machine do.
        self.ticks = self.ticks.wrapping_add(ticks.unwrap_or(0));
        let enter = ticks.is_none() && !self.typed;
        self.typed |= enter;
        enter.then_some(Input::Serial(b'\r'))
    }

    fn ticks(&self) -> u32 {
        self.ticks
    }
}
