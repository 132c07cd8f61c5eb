//! What the menu of a disk would start, by the code that starts it there.
//!
//! The loader boots the disk on a machine that is not there: of what it loads,
//! command line and initrds are kept. The kernel is copied from the disk once more,
//! as it lies there: the loader writes into its header, and a signature would
//! no longer fit. Nothing is written to the disk, so the attempt is not counted.

use std::io;

use boot::disk::storage::Storage;
use boot::entries::entry::{Entry, tag};
use boot::entries::glob;
use boot::entries::type1::{self, EntryKey};
use boot::fat::{self, Source};
use boot::find::look::look;
use boot::load::Extent;
use boot::machine::Disk;
use boot::overlay::Overlay;
use boot::uki::Image;
use boot::{Ending, Workspace};

use crate::error::Error;
use crate::memory_file::in_memory;
use crate::model::Model;
use crate::payload::{Kind, Payload};

/// Bytes for a line: more than the largest entry file has.
const LINE: usize = 64 << 10;

/// Takes what the menu of `disk` starts when nobody chooses, or the entry of this
/// id.
///
/// # Errors
/// The menu starts nothing, there is no such entry, or its files cannot be read.
pub fn load(disk: impl Disk, id: Option<&str>) -> Result<Payload, Error> {
    let mut machine = Model::new(disk)?;
    let (chosen, handoff) = boot(&mut machine, id.map(str::as_bytes))?;
    let name = String::from_utf8_lossy(&chosen).into_owned();
    let mut kernel = in_memory("kernel")?;
    copy_kernel(&mut machine.disk, &chosen, &mut kernel).map_err(|error| error.about(&name))?;
    let memory = machine.memory;
    Ok(Payload {
        name,
        kernel,
        cmdline: memory.command_line(handoff.command_line_size).to_vec(),
        kind: Kind::Linux {
            initrd: (handoff.initrd_size > 0).then_some(memory.initrd),
        },
        node: None,
    })
}

/// Lets the loader boot: the id of the entry, and what it made of it.
fn boot(
    machine: &mut Model<impl Disk>,
    wish: Option<&[u8]>,
) -> Result<(Vec<u8>, boot::Handoff), Error> {
    let mut workspace = Box::new(Workspace::EMPTY);
    let ending = boot::boot(machine, &mut workspace, Ok(Overlay::linked()), wish);
    let (id, message) = (workspace.chosen(), workspace.message());
    Err(Error::text(match (ending, wish) {
        (Ending::Start(_), Some(wish)) if !glob::selects(wish, id) => format!(
            "it has no entry {}: choose one that `gapboot list` shows",
            String::from_utf8_lossy(wish)
        ),
        (Ending::Start(handoff), _) => return Ok((id.to_vec(), handoff)),
        _ if !message.is_empty() => String::from_utf8_lossy(message).into_owned(),
        _ => "its menu would start no kernel: name an entry".to_owned(),
    }))
}

/// Copies the kernel of the entry with this id, whole.
fn copy_kernel(disk: &mut impl Disk, id: &[u8], into: &mut dyn io::Write) -> Result<(), Error> {
    let mut workspace = Box::new(Workspace::EMPTY);
    let ignore = &mut |_: &[u8], _: &[u8], _| {};
    look(disk, &mut workspace, true, ignore, |inventory| {
        let (list, storage) = (inventory.list, inventory.storage);
        let mut entries = (0..list.len()).filter_map(|rank| list.get(rank));
        let entry = entries.find(|entry| entry.id() == id);
        let source = entry.and_then(|entry| inventory.sources.get(entry.volume())?.as_ref());
        let (Some(entry), Some(source)) = (entry, source) else {
            return Err(Error::text("the entry is gone: run the command again"));
        };
        let kernel = kernel(entry, source, storage)?;
        let mut file = fat::File::open(&source.volume, &kernel.node);
        file.range(kernel.offset, kernel.offset.saturating_add(kernel.size));
        loop {
            match file.next(storage, u32::MAX)? {
                [] => return Ok(()),
                bytes => into
                    .write_all(bytes)
                    .map_err(|error| Error::text(format!("cannot copy its kernel: {error}")))?,
            }
        }
    })?
}

/// Where the kernel of an entry lies.
fn kernel<D: Disk>(
    entry: &Entry,
    source: &Source,
    storage: &mut Storage<D>,
) -> Result<Extent, boot::Error> {
    let volume = &source.volume;
    let mut node = entry
        .file
        .ok_or(boot::Error::new(boot::Kind::NotFound, 0))?;
    if !entry.has(tag::TYPE2) {
        let mut buffer = vec![0; LINE];
        let mut path = Vec::new();
        let mut file = fat::File::open(volume, &node);
        while let Some(line) = file.line(storage, &mut buffer)? {
            if let Some((EntryKey::Main(_), value)) = type1::pair(line) {
                path = value.to_vec();
            }
        }
        node = volume.find(storage, &path)?;
    }
    if !entry.has(tag::UKI) {
        return Ok(Extent::whole(node));
    }
    let mut image = Image::new(volume, &node, true);
    image.profile = entry.profile;
    image.find_kernel(storage)?;
    Ok(image.part())
}
