//! Kernels and initrds: from their files to where they lie in memory.
//!
//! It is done in two steps. [`prepare`] checks everything that can be checked:
//! the files, the kernel's header, the command line, the machine's memory. What
//! it has found fine, [`load`] reads. Between the two the entry's boot counter
//! goes down: an entry that cannot be booted does not lose a try, one that
//! hangs the machine while it is read does.
//!
//! The bytes of a file go through the I/O buffer to their place, each sector
//! read once and each byte copied once. For that, [`prepare`] puts the first
//! two sectors of the kernel, which hold its header, into place already.

pub mod bzimage;
pub mod cmdline;
pub mod place;

use crate::fat::{File, Node, Volume};
use crate::handoff::{Handoff, Span};
use crate::machine::{Disk, Memory};
use crate::storage::Storage;
use crate::{Error, Kind};
use bzimage::{HEAD, HEADER, Kernel, LoadFlags, SetupHeader};
use layout::memory::{COMMAND_LINE, KERNEL, KERNEL_SETUP, KERNEL_STACK};

/// Bytes that [`prepare`] puts into place.
const IN_PLACE: u32 = 1024;
const _: () = assert!(HEAD == 1024);

/// What is to be booted. The files are all on one volume.
pub struct Image<'a> {
    /// The volume.
    pub volume: &'a Volume,
    /// A bzImage.
    pub kernel: Part,
    /// The initrds, in the order in which the kernel gets them. Empty ones are
    /// skipped, the others padded with zeros to a multiple of four bytes, but
    /// for the last, whose end is the end (as systemd-boot does it, so that
    /// checksums agree).
    pub initrds: &'a [Source<'a>],
    /// The command line, without a NUL.
    pub command_line: &'a [u8],
}

/// A file, or a piece of one: a section of a UKI.
#[derive(Clone, Copy)]
pub struct Part {
    /// The file.
    pub node: Node,
    /// Where the piece begins, in bytes.
    pub offset: u32,
    /// Its bytes.
    pub size: u32,
}

/// Where the bytes of an initrd come from.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// From a file.
    File(Part),
    /// From memory.
    Memory(&'a [u8]),
}

/// An error, and what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What is wrong.
    pub error: Error,
    /// With what.
    pub culprit: Culprit,
}

/// What an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Culprit {
    /// The image as a whole.
    Image,
    /// The kernel's file.
    Kernel,
    /// The file of the initrd with this index.
    Initrd(usize),
}

/// An image that was found fine, and where it goes.
pub struct Plan {
    handoff: Handoff,
    /// The kernel's file, behind what is in place already.
    file: File,
}

impl Part {
    /// All of a file.
    pub fn whole(node: Node) -> Self {
        Self { node, offset: 0, size: node.size() }
    }

    fn open(&self, volume: &Volume) -> File {
        let mut file = File::open(volume, &self.node);
        file.seek(self.offset);
        file
    }

    /// Checks that every byte of it can be found.
    fn check<D: Disk>(&self, volume: &Volume, storage: &mut Storage<D>) -> Result<File, Error> {
        if self.node.is_directory() {
            return Err(Error::new(Kind::IsDirectory, 0));
        }
        let behind = self.node.size().checked_sub(self.offset);
        if behind.is_none_or(|there| there < self.size) {
            return Err(Error::new(Kind::FileShort, u64::from(self.node.size())));
        }
        let mut file = self.open(volume);
        file.check(storage)?;
        Ok(file)
    }
}

impl Source<'_> {
    /// Its bytes; more than 4 GiB count as 4 GiB.
    fn size(&self) -> u32 {
        match self {
            Source::File(part) => part.size,
            Source::Memory(bytes) => u32::try_from(bytes.len()).unwrap_or(u32::MAX),
        }
    }
}

impl Culprit {
    /// Turns errors into failures of this part.
    fn failed(self) -> impl Fn(Error) -> Failure {
        move |error| Failure { error, culprit: self }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Culprit::Image.failed()(error)
    }
}

/// Checks that `image` can be booted on this machine, and plans where it goes.
///
/// Errors: those of [`Kernel::parse`], [`cmdline::check`], [`place::place`], of
/// reading and of [`File::check`]; [`Kind::InitrdLarge`].
pub fn prepare<D: Disk, M: Memory>(
    storage: &mut Storage<D>,
    memory: &mut M,
    image: &Image,
) -> Result<Plan, Failure> {
    let mut head = [0; HEAD];
    let (mut kernel, file) =
        prepare_kernel(storage, image, &mut head).map_err(Culprit::Kernel.failed())?;
    cmdline::check(image.command_line, kernel.cmdline_size())?;
    let initrd_size = check_initrds(storage, image)?;
    let address = place::place(&kernel, memory.map(), initrd_size)?;
    let initrd = Span { address, size: initrd_size };

    fill_in(&mut kernel.header, initrd, image.command_line);
    copy(head.get_mut(HEADER..).unwrap_or_default(), kernel.fields());
    Writer { memory, at: KERNEL_SETUP.start }.write(&head)?;
    let handoff = Handoff {
        setup: Span { address: KERNEL_SETUP.start, size: kernel.setup_size },
        kernel: Span { address: KERNEL, size: kernel.size },
        initrd,
        command_line: Span {
            address: COMMAND_LINE.start,
            size: u32::try_from(image.command_line.len()).unwrap_or(0),
        },
        header: kernel.header,
    };
    Ok(Plan { handoff, file })
}

/// Loads an image as planned.
///
/// Errors: those of reading; [`Kind::FileShort`], [`Kind::MemoryRefused`].
pub fn load<D: Disk, M: Memory>(
    storage: &mut Storage<D>,
    memory: &mut M,
    image: &Image,
    plan: Plan,
) -> Result<Handoff, Failure> {
    let Plan { handoff, mut file } = plan;
    load_kernel(storage, memory, &handoff, &mut file).map_err(Culprit::Kernel.failed())?;

    let mut writer = Writer { memory, at: handoff.initrd.address };
    for (index, source) in image.initrds.iter().enumerate() {
        load_initrd(storage, &mut writer, image.volume, source)
            .map_err(Culprit::Initrd(index).failed())?;
    }
    writer.at = handoff.command_line.address;
    writer.write(image.command_line)?;
    writer.write(b"\0")?;
    Ok(handoff)
}

/// Reads and checks the kernel's header, and the chain of its file. `head` is
/// filled with its first bytes; the cursor that comes back stands behind them.
fn prepare_kernel<D: Disk>(
    storage: &mut Storage<D>,
    image: &Image,
    head: &mut [u8; HEAD],
) -> Result<(Kernel, File), Error> {
    let mut file = image.kernel.check(image.volume, storage)?;
    let mut room = head.as_mut_slice();
    while let Ok(wanted @ 1..) = u32::try_from(room.len()) {
        let bytes = file.next(storage, wanted)?;
        if bytes.is_empty() {
            break;
        }
        copy(room, bytes);
        room = room.get_mut(bytes.len()..).unwrap_or_default();
    }
    Ok((Kernel::parse(head, image.kernel.size)?, file))
}

/// Checks the chains of the initrds' files, and gives the bytes of them all.
fn check_initrds<D: Disk>(storage: &mut Storage<D>, image: &Image) -> Result<u32, Failure> {
    let mut total: u32 = 0;
    for (index, source) in image.initrds.iter().enumerate() {
        if let Source::File(part) = source {
            let checked = part.check(image.volume, storage);
            checked.map_err(Culprit::Initrd(index).failed())?;
        }
        if source.size() > 0 {
            let end = total.checked_add(padding(total)).and_then(|at| at.checked_add(source.size()));
            total = end.ok_or(Error::new(Kind::InitrdLarge, 0))?;
        }
    }
    Ok(total)
}

/// What a boot loader has to say to the kernel. All of these fields are as old
/// as the oldest kernels that [`Kernel::parse`] lets pass.
fn fill_in(header: &mut SetupHeader, initrd: Span, command_line: &[u8]) {
    if let Some(mode) = cmdline::vid_mode(command_line) {
        header.vid_mode = mode.into();
    }
    // A loader without a number of its own.
    header.type_of_loader = 0xff;
    header.loadflags |= LoadFlags::CAN_USE_HEAP.bits();
    header.heap_end_ptr = (KERNEL_STACK - 0x200).into();
    header.ramdisk_image = initrd.address.into();
    header.ramdisk_size = initrd.size.into();
    // Also where the line is empty: 0 would mean a loader of before 2.02.
    header.cmd_line_ptr = COMMAND_LINE.start.into();
}

/// Loads what of the kernel is not in place yet.
fn load_kernel<D: Disk, M: Memory>(
    storage: &mut Storage<D>,
    memory: &mut M,
    handoff: &Handoff,
    file: &mut File,
) -> Result<(), Error> {
    let at = handoff.setup.address.wrapping_add(IN_PLACE);
    let mut writer = Writer { memory, at };
    writer.copy_file(storage, file, handoff.setup.size.saturating_sub(IN_PLACE))?;
    writer.at = handoff.kernel.address;
    writer.copy_file(storage, file, handoff.kernel.size)
}

fn load_initrd<D: Disk, M: Memory>(
    storage: &mut Storage<D>,
    writer: &mut Writer<M>,
    volume: &Volume,
    source: &Source,
) -> Result<(), Error> {
    if source.size() == 0 {
        return Ok(());
    }
    // The first one lies on a page, so what aligns the address pads the size.
    let zeros = match padding(writer.at) {
        0 => &[][..],
        1 => &[0],
        2 => &[0, 0],
        _ => &[0, 0, 0],
    };
    writer.write(zeros)?;
    match source {
        Source::File(part) => writer.copy_file(storage, &mut part.open(volume), part.size),
        Source::Memory(bytes) => writer.write(bytes),
    }
}

/// A cursor in memory.
struct Writer<'a, M> {
    memory: &'a mut M,
    at: u32,
}

impl<M: Memory> Writer<'_, M> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let refused = Error::new(Kind::MemoryRefused, u64::from(self.at));
        self.memory.write(self.at, bytes).map_err(|_| refused)?;
        self.at = u32::try_from(bytes.len()).ok().and_then(|size| self.at.checked_add(size)).ok_or(refused)?;
        Ok(())
    }

    /// Writes the next `size` bytes of a file.
    fn copy_file<D: Disk>(
        &mut self,
        storage: &mut Storage<D>,
        file: &mut File,
        size: u32,
    ) -> Result<(), Error> {
        let mut left = size;
        while left > 0 {
            let bytes = file.next(storage, left)?;
            let Ok(count @ 1..) = u32::try_from(bytes.len()) else {
                return Err(Error::new(Kind::FileShort, u64::from(file.position())));
            };
            self.write(bytes)?;
            left = left.saturating_sub(count);
        }
        Ok(())
    }
}

/// Bytes from `at` to the next multiple of four.
fn padding(at: u32) -> u32 {
    at.wrapping_neg() & 3
}

/// Copies what fits.
fn copy(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
