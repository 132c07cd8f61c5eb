//! Kernels and initrds: from their files to where they lie in memory.
//!
//! It is done in two steps. [`Loader::prepare`] checks everything that can be checked:
//! the files, the kernel's header, the command line, the machine's memory. What
//! it has found fine, [`Loader::load`] reads. Between the two the entry's boot counter
//! goes down: an entry that cannot be booted does not lose a try, one that
//! hangs the machine while it is read does.
//!
//! The bytes of a file go through the I/O buffer to their place, each sector
//! read once and each byte copied once. For that, [`Loader::prepare`] puts the first
//! two sectors of the kernel, which hold its header, into place already.

pub mod bzimage;
pub mod cmdline;
pub mod place;

use crate::fat::{File, Node, Volume};
use crate::handoff::Handoff;
use crate::machine::{Disk, Memory};
use crate::storage::Storage;
use crate::{Error, Kind};
use bzimage::{HEAD, LoadFlags, SetupHeader};
use layout::memory::{COMMAND_LINE, KERNEL, KERNEL_SETUP, KERNEL_STACK};

/// Bytes that [`Loader::prepare`] puts into place.
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

impl Part {
    /// All of a file.
    pub fn whole(node: Node) -> Self {
        Self {
            node,
            offset: 0,
            size: node.size(),
        }
    }
}

impl Source<'_> {
    /// Its bytes.
    fn size(&self) -> u32 {
        match self {
            Source::File(part) => part.size,
            Source::Memory(bytes) => to_u32(bytes.len()),
        }
    }
}

/// Brings an image into memory: [`Loader::prepare`] first, then
/// [`Loader::load`].
pub struct Loader<'a, 'disk, D, M> {
    /// The disk.
    pub storage: &'a mut Storage<'disk, D>,
    /// What an error was about that came back.
    pub culprit: Culprit,
    memory: &'a mut M,
    image: &'a Image<'a>,
    /// The address to which the next bytes go.
    at: u32,
}

impl<'a, 'disk, D: Disk, M: Memory> Loader<'a, 'disk, D, M> {
    /// A loader for this image.
    pub fn new(
        storage: &'a mut Storage<'disk, D>,
        memory: &'a mut M,
        image: &'a Image<'a>,
    ) -> Self {
        let culprit = Culprit::Kernel;
        Self {
            storage,
            culprit,
            memory,
            image,
            at: KERNEL_SETUP.start,
        }
    }

    /// Checks that the image can be booted on this machine, and gives what the
    /// handoff will be once it is loaded. Of memory, only the first 1,024 bytes of `KERNEL_SETUP` are touched.
    ///
    /// Errors: those of [`SetupHeader::check`], [`cmdline::check`],
    /// [`place::place`], [`File::next`] and [`File::check`];
    /// [`Kind::InitrdLarge`], [`Kind::IsDirectory`], [`Kind::FileShort`].
    pub fn prepare(&mut self) -> Result<Handoff, Error> {
        let mut head = [0; HEAD];
        self.read_head(&mut head)?;
        let Some(header) = SetupHeader::of(&mut head) else {
            return Err(Error::new(Kind::KernelUnknown, 0));
        };
        let kernel = header.check(self.image.kernel.size)?;
        let initrd_size = self.check_initrds()?;
        self.culprit = Culprit::Image;
        cmdline::check(self.image.command_line, kernel.cmdline_size)?;
        let handoff = Handoff {
            setup_size: kernel.setup_size,
            kernel_size: kernel.size,
            initrd_address: place::place(&kernel, self.memory.map(), initrd_size)?,
            initrd_size,
            command_line_size: to_u32(self.image.command_line.len()),
        };
        fill_in(header, &handoff, self.image.command_line);
        self.write(&head)?;
        Ok(handoff)
    }

    /// Loads the image as planned by [`Loader::prepare`].
    ///
    /// Errors: those of [`File::next`]; [`Kind::FileShort`],
    /// [`Kind::MemoryRefused`].
    pub fn load(&mut self, handoff: &Handoff) -> Result<(), Error> {
        let kernel = &self.image.kernel;
        self.culprit = Culprit::Kernel;
        self.at = KERNEL_SETUP.start + IN_PLACE;
        self.copy(
            kernel,
            IN_PLACE,
            handoff.setup_size.saturating_sub(IN_PLACE),
        )?;
        self.at = KERNEL;
        self.copy(kernel, handoff.setup_size, handoff.kernel_size)?;
        self.at = handoff.initrd_address;
        self.load_initrds()?;
        self.culprit = Culprit::Image;
        self.at = COMMAND_LINE.start;
        self.write(self.image.command_line)?;
        self.write(b"\0")
    }

    /// Reads the first bytes of the kernel, and checks that the others are there.
    fn read_head(&mut self, head: &mut [u8; HEAD]) -> Result<(), Error> {
        let mut file = self.check(&self.image.kernel)?;
        let mut filled = 0;
        loop {
            let bytes = file.next(self.storage, to_u32(HEAD.saturating_sub(filled)))?;
            if bytes.is_empty() {
                return Ok(());
            }
            for &byte in bytes {
                if let Some(place) = head.get_mut(filled) {
                    *place = byte;
                }
                filled = filled.wrapping_add(1);
            }
        }
    }

    /// Checks the files of the initrds, and gives the bytes of them all.
    fn check_initrds(&mut self) -> Result<u32, Error> {
        let mut total: u32 = 0;
        for (index, source) in self.image.initrds.iter().enumerate() {
            self.culprit = Culprit::Initrd(index);
            if let Source::File(part) = source {
                self.check(part)?;
            }
            let size = source.size();
            if size > 0 {
                let end = total
                    .checked_add(padding(total))
                    .and_then(|at| at.checked_add(size));
                total = end.ok_or(Error::new(Kind::InitrdLarge, 0))?;
            }
        }
        Ok(total)
    }

    fn load_initrds(&mut self) -> Result<(), Error> {
        for (index, source) in self.image.initrds.iter().enumerate() {
            self.culprit = Culprit::Initrd(index);
            if source.size() == 0 {
                continue;
            }
            // The first one lies on a page, so what aligns the address pads the
            // size.
            let zeros = [0; 3];
            self.write(zeros.get(..to_usize(padding(self.at))).unwrap_or_default())?;
            match source {
                Source::File(part) => self.copy(part, 0, part.size)?,
                Source::Memory(bytes) => self.write(bytes)?,
            }
        }
        Ok(())
    }

    /// Opens a file after checking that all bytes of the part can be found.
    fn check(&mut self, part: &Part) -> Result<File, Error> {
        if part.node.is_directory() {
            return Err(Error::new(Kind::IsDirectory, 0));
        }
        let end = part.offset.checked_add(part.size);
        if end.is_none_or(|end| end > part.node.size()) {
            return Err(Error::new(Kind::FileShort, u64::from(part.node.size())));
        }
        let mut file = File::open(self.image.volume, &part.node);
        file.check(self.storage)?;
        file.seek(part.offset);
        Ok(file)
    }

    /// Writes `size` bytes of a part, from byte `skip` of it on.
    fn copy(&mut self, part: &Part, skip: u32, size: u32) -> Result<(), Error> {
        let mut file = File::open(self.image.volume, &part.node);
        file.seek(part.offset.saturating_add(skip));
        let mut left = size;
        while left > 0 {
            let bytes = file.next(self.storage, left)?;
            if bytes.is_empty() {
                return Err(Error::new(Kind::FileShort, u64::from(file.position())));
            }
            write(self.memory, &mut self.at, bytes)?;
            left = left.saturating_sub(to_u32(bytes.len()));
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        write(self.memory, &mut self.at, bytes)
    }
}

/// Writes `bytes` to memory and moves the address behind them.
fn write<M: Memory>(memory: &mut M, at: &mut u32, bytes: &[u8]) -> Result<(), Error> {
    if memory.write(*at, bytes).is_err() {
        return Err(Error::new(Kind::MemoryRefused, u64::from(*at)));
    }
    *at = at.saturating_add(to_u32(bytes.len()));
    Ok(())
}

/// What a boot loader has to say to the kernel. All of these fields are as old
/// as the oldest kernels that [`SetupHeader::check`] lets pass; newer ones, as
/// `setup_data`, need a look at the version first.
fn fill_in(header: &mut SetupHeader, handoff: &Handoff, command_line: &[u8]) {
    header.vid_mode = cmdline::vid_mode(command_line, header.vid_mode.get()).into();
    // A loader without a number of its own.
    header.type_of_loader = 0xff;
    header.loadflags |= LoadFlags::CAN_USE_HEAP.bits();
    header.heap_end_ptr = (KERNEL_STACK - 0x200).into();
    header.ramdisk_image = handoff.initrd_address.into();
    header.ramdisk_size = handoff.initrd_size.into();
    // Also where the line is empty: 0 would mean a loader of before 2.02.
    header.cmd_line_ptr = COMMAND_LINE.start.into();
}

/// Bytes from `at` to the next multiple of four.
fn padding(at: u32) -> u32 {
    at.wrapping_neg() & 3
}

/// Bytes in memory; no more than 4 GiB of it exist here.
fn to_u32(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn to_usize(bytes: u32) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
