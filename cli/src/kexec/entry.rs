//! What the menu of a disk would start, by the code that starts it there.
//!
//! The loader boots the disk on a machine that is not there: of what it loads,
//! command line and initrds are kept. The kernel is taken from the disk once more,
//! as it lies there: the loader writes into its header, and a signature would
//! no longer fit. Nothing is written to the disk, so the attempt is not counted.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use boot::disk::storage::Storage;
use boot::entries::entry::{Entry, tag};
use boot::entries::glob;
use boot::entries::type1::{self, Key};
use boot::fat;
use boot::fat::Source;
use boot::find::inventory;
use boot::load::Part;
use boot::machine::{self, Console, Input, MemoryError};
use boot::memory_map::MemoryMap;
use boot::overlay::Overlay;
use boot::uki::Image;
use boot::{Ending, Workspace};
use layout::memory::{COMMAND_LINE, KERNEL, KERNEL_SETUP, STAGE2_UNPACKED};
use stub::params::{self, field};

use super::load::{Load, in_memory};
use crate::disk::{Access, Disk, Sectors};
use crate::error::Error;
use crate::menu;
use crate::reader::Reader;

/// Bytes for a line: more than the largest entry file has.
const LINE: usize = 64 << 10;

/// Takes what the menu of `disk` starts when nobody chooses, or the entry of this
/// id.
pub(super) fn load(disk: &Path, id: Option<&str>) -> Result<Load, Error> {
    // The disk is read past the caches of its mounted file systems.
    rustix::fs::sync();
    let mut machine = Model {
        disk: Reader::new(Disk::open(disk, Access::Read)?),
        memory: Memory::new()?,
        console: Nobody::default(),
    };
    let (chosen, handoff) = boot(&mut machine, id.map(str::as_bytes))?;
    let name = String::from_utf8_lossy(&chosen).into_owned();
    let mut kernel = in_memory("kernel")?;
    copy_kernel(&mut machine.disk, &chosen, &mut kernel)
        .map_err(|error| Error::failed(format!("{name}: {error}")))?;
    let memory = machine.memory;
    Ok(Load {
        name,
        kernel,
        cmdline: memory.command_line(handoff.command_line_size).to_vec(),
        initrd: (handoff.initrd_size > 0).then_some(memory.initrd),
    })
}

/// Lets the loader boot: the id of the entry, and what it made of it.
fn boot(machine: &mut Model, wish: Option<&[u8]>) -> Result<(Vec<u8>, boot::Handoff), Error> {
    let mut workspace = Box::new(Workspace::EMPTY);
    let ending = boot::boot(machine, &mut workspace, Ok(Overlay::linked()), wish);
    let (id, message) = (workspace.chosen(), workspace.message());
    Err(Error::failed(match (ending, wish) {
        (Ending::Start(_), Some(wish)) if !glob::selects(wish, id) => format!(
            "no entry {}; `gapboot list` shows them",
            String::from_utf8_lossy(wish)
        ),
        (Ending::Start(handoff), _) => return Ok((id.to_vec(), handoff)),
        _ if !message.is_empty() => String::from_utf8_lossy(message).into_owned(),
        _ => "its menu would start no kernel: name an entry".to_owned(),
    }))
}

/// A machine of which only the disk is there.
struct Model {
    disk: Reader<Disk>,
    memory: Memory,
    console: Nobody,
}

impl machine::Machine for Model {
    type Disk = Reader<Disk>;
    type Memory = Memory;
    type Console = Nobody;

    fn parts(&mut self) -> (&mut Reader<Disk>, &mut Memory, &mut Nobody) {
        (&mut self.disk, &mut self.memory, &mut self.console)
    }

    fn long_mode(&self) -> bool {
        true
    }
}

/// Memory that keeps what is not the kernel's: low memory, and the initrd.
struct Memory {
    map: Box<MemoryMap>,
    low: Vec<u8>,
    initrd: File,
}

impl Memory {
    /// As much as the loader can use: 4 GiB in one piece, from 1 MiB on.
    fn new() -> Result<Self, Error> {
        let mut map = Box::new(MemoryMap::new());
        map.add(0, STAGE2_UNPACKED.start.into(), true);
        map.add(KERNEL.into(), (1 << 32) - u64::from(KERNEL), true);
        Ok(Self {
            map,
            low: vec![0; STAGE2_UNPACKED.start as usize],
            initrd: in_memory("initrd")?,
        })
    }

    fn command_line(&self, size: u32) -> &[u8] {
        let (start, size) = (COMMAND_LINE.start as usize, size as usize);
        self.low.get(start..start + size).unwrap_or_default()
    }

    /// The address of the initrd, which the kernel's header has before anything
    /// else is loaded; 0 if there is none.
    fn initrd_address(&self) -> u32 {
        let header = self.low.get(KERNEL_SETUP.start as usize..);
        params::u32(header.unwrap_or_default(), field::RAMDISK_IMAGE)
    }
}

impl machine::Memory for Memory {
    fn map(&self) -> &MemoryMap {
        &self.map
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), MemoryError> {
        let initrd = self.initrd_address();
        if at < KERNEL {
            let place = self.low.get_mut(at as usize..).unwrap_or_default();
            let place = place.get_mut(..bytes.len()).ok_or(MemoryError)?;
            place.copy_from_slice(bytes);
        } else if initrd != 0 && at >= initrd {
            let written = self.initrd.write_all_at(bytes, u64::from(at - initrd));
            return written.map_err(|_| MemoryError);
        }
        Ok(())
    }
}

/// A console at which nobody reads or types, but for Enter at a menu that would
/// wait for ever.
#[derive(Default)]
struct Nobody {
    ticks: u32,
    typed: bool,
}

impl Console for Nobody {
    fn write(&mut self, _: &[u8]) {}

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
        self.ticks = self.ticks.wrapping_add(ticks.unwrap_or(0));
        let enter = ticks.is_none() && !self.typed;
        self.typed |= enter;
        enter.then_some(Input::Serial(b'\r'))
    }

    fn ticks(&self) -> u32 {
        self.ticks
    }
}

/// Copies the kernel of the entry with this id, whole.
fn copy_kernel<S: Sectors>(
    disk: &mut Reader<S>,
    id: &[u8],
    into: &mut dyn io::Write,
) -> Result<(), Error> {
    let mut workspace = Box::new(Workspace::EMPTY);
    let ignore = &mut |_: &[u8], _: &[u8], _| {};
    inventory::look(disk, &mut workspace, true, ignore, |inventory| {
        let (list, storage) = (inventory.list, inventory.storage);
        let mut entries = (0..list.len()).filter_map(|rank| list.get(rank));
        let entry = entries.find(|entry| entry.id() == id);
        let source = entry.and_then(|entry| inventory.sources.get(entry.volume())?.as_ref());
        let (Some(entry), Some(source)) = (entry, source) else {
            return Err(Error::failed("it is gone; run the command again"));
        };
        let kernel = kernel(entry, source, storage).map_err(failed)?;
        let mut file = fat::File::open(&source.volume, &kernel.node);
        file.range(kernel.offset, kernel.offset.saturating_add(kernel.size));
        loop {
            match file.next(storage, u32::MAX).map_err(failed)? {
                [] => return Ok(()),
                bytes => into
                    .write_all(bytes)
                    .map_err(|error| Error::failed(format!("cannot copy its kernel: {error}")))?,
            }
        }
    })
    .map_err(failed)?
}

/// Where the kernel of an entry lies.
fn kernel<D: machine::Disk>(
    entry: &Entry,
    source: &Source,
    storage: &mut Storage<D>,
) -> Result<Part, boot::Error> {
    let volume = &source.volume;
    let mut node = entry
        .file
        .ok_or(boot::Error::new(boot::Kind::NotFound, 0))?;
    if !entry.has(tag::TYPE2) {
        let mut buffer = vec![0; LINE];
        let mut path = Vec::new();
        let mut file = fat::File::open(volume, &node);
        while let Some(line) = file.line(storage, &mut buffer)? {
            if let Some((Key::Main(_), value)) = type1::pair(line) {
                path = value.to_vec();
            }
        }
        node = volume.find(storage, &path)?;
    }
    if !entry.has(tag::UKI) {
        return Ok(Part::whole(node));
    }
    let mut image = Image::new(volume, &node, true);
    image.profile = entry.profile;
    image.find_kernel(storage)?;
    Ok(image.part())
}

fn failed(error: boot::Error) -> Error {
    Error::failed(menu::text(error))
}
