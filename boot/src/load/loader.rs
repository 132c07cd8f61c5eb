//! The loader of a kernel and its initrds.

use super::bzimage::{HEAD, LoadFlags, SetupHeader};
use super::progress::Progress;
use super::{cmdline, place};
use crate::disk::storage::Storage;
use crate::fat::{DirEntry, File, Volume};
use crate::handoff::Handoff;
use crate::machine::{Console, Disk, Memory};
use crate::overlay::Overlay;
use crate::{Error, Kind};
use layout::memory::{COMMAND_LINE, KERNEL, KERNEL_SETUP, KERNEL_STACK, SETUP_DATA};
use layout::node::{HEADER_SIZE, TYPE};

/// Bytes that [`Loader::prepare`] puts into place.
const IN_PLACE: u32 = 1024;
const _: () = assert!(HEAD == 1024);

/// A file, or a piece of one: a section of a UKI.
#[derive(Clone, Copy)]
pub struct Extent {
    /// The file.
    pub node: DirEntry,
    /// Where the piece begins, in bytes.
    pub offset: u32,
    /// Its bytes.
    pub size: u32,
}

impl Extent {
    /// All of a file.
    pub fn whole(node: DirEntry) -> Self {
        Self {
            node,
            offset: 0,
            size: node.size(),
        }
    }
}

/// One of the two passes over the files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// An initrd is checked and its bytes are counted.
    Check,
    /// An initrd is read.
    Load,
}

/// Brings a kernel and its initrds into memory, in the order of the module's
/// documentation. The files are all on one volume.
///
/// Initrds come in the order in which the kernel gets them. Empty ones are
/// skipped, the others padded with zeros to a multiple of four bytes, except for the
/// last one, which ends without padding (as with systemd-boot, so that checksums
/// agree).
pub struct Loader<'a, 'disk, D, M, C> {
    /// The disk.
    pub storage: &'a mut Storage<'disk, D>,
    /// The volume.
    pub volume: &'a Volume,
    memory: &'a mut M,
    /// The console, on which the progress is shown.
    pub console: &'a mut C,
    /// The overlay; without it no progress is shown.
    pub overlay: Option<Overlay>,
    /// The progress that a person has seen.
    seen: Progress,
    /// The place for the next bytes. Nothing is written outside the ranges of the plan,
    /// whatever the disk answers when it is read again.
    room: Room,
    /// The plan for the kernel, as far as it is known.
    pub handoff: Handoff,
}

impl<'a, 'disk, D: Disk, M: Memory, C: Console> Loader<'a, 'disk, D, M, C> {
    /// A loader that has seen nothing yet.
    pub fn new(
        storage: &'a mut Storage<'disk, D>,
        memory: &'a mut M,
        console: &'a mut C,
        volume: &'a Volume,
        overlay: Option<Overlay>,
    ) -> Self {
        Self {
            storage,
            volume,
            memory,
            console,
            overlay,
            seen: Progress::default(),
            room: Room {
                at: KERNEL_SETUP.start,
                left: IN_PLACE,
            },
            handoff: Handoff::default(),
        }
    }

    /// Checks or loads the next initrd.
    ///
    /// # Errors
    /// [`Kind::InitrdLarge`], [`Kind::IsDirectory`], [`Kind::FileShort`],
    /// [`Kind::InitrdChanged`], [`Kind::MemoryRefused`]; those of [`File::next`].
    pub fn initrd(&mut self, part: &Extent, pass: Pass) -> Result<(), Error> {
        if pass == Pass::Check {
            self.check(part)?;
            return self.count(part.size);
        }
        self.pad(part.size)?;
        self.copy(part, 0, part.size)
    }

    /// Checks or loads the next initrd, one that lies in memory.
    ///
    /// # Errors
    /// [`Kind::InitrdLarge`], [`Kind::InitrdChanged`], [`Kind::MemoryRefused`].
    pub fn initrd_bytes(&mut self, bytes: &[u8], pass: Pass) -> Result<(), Error> {
        if pass == Pass::Check {
            return self.count(to_u32(bytes.len()));
        }
        self.pad(to_u32(bytes.len()))?;
        self.write(bytes)
    }

    /// Pads the last initrd to a multiple of four bytes, as all others are.
    ///
    /// # Errors
    /// [`Kind::InitrdLarge`], [`Kind::InitrdChanged`], [`Kind::MemoryRefused`].
    pub fn pad_end(&mut self, pass: Pass) -> Result<(), Error> {
        if pass == Pass::Load {
            return self.pad(1);
        }
        let total = &mut self.handoff.initrd_size;
        let end = total.checked_add(padding(*total));
        *total = end.ok_or(Error::new(Kind::InitrdLarge, 0))?;
        Ok(())
    }

    /// Checks the kernel, a bzImage, and that this machine can boot it with the initrds
    /// that were checked before. `command_line` has no NUL. Only the first 1,024 bytes
    /// of memory at `KERNEL_SETUP` are written.
    ///
    /// # Errors
    /// Those of [`SetupHeader::check`], [`cmdline::check`], [`place::place`],
    /// [`File::next`] and [`File::check`]; [`Kind::IsDirectory`], [`Kind::FileShort`].
    #[inline(never)] // its own frame saves 72 bytes
    pub fn prepare(&mut self, kernel: &Extent, command_line: &[u8]) -> Result<(), Error> {
        let mut head = [0; HEAD];
        self.read_head(kernel, &mut head)?;
        let Some(header) = SetupHeader::of(&mut head) else {
            return Err(Error::new(Kind::KernelUnknown, 0));
        };
        let kernel = header.check(kernel.size)?;
        cmdline::check(command_line, kernel.cmdline_size)?;
        let handoff = &mut self.handoff;
        handoff.initrd_address = place::place(&kernel, self.memory.map(), handoff.initrd_size)?;
        handoff.setup_size = kernel.setup_size;
        handoff.kernel_size = kernel.size;
        handoff.command_line_size = to_u32(command_line.len());
        fill_in(header, handoff);
        if let Some(overlay) = self.overlay {
            overlay.fill_in_more(header, handoff, command_line);
        }
        self.write(&head)
    }

    /// Loads the kernel and writes the command line that was checked. The initrds are
    /// loaded after it, then comes [`Loader::end`].
    ///
    /// # Errors
    /// Those of [`File::next`]; [`Kind::FileShort`], [`Kind::MemoryRefused`].
    pub fn load(&mut self, kernel: &Extent, command_line: &[u8]) -> Result<(), Error> {
        let Handoff {
            setup_size,
            kernel_size,
            initrd_address,
            initrd_size,
            ..
        } = self.handoff;
        let setup_rest = setup_size.saturating_sub(IN_PLACE);
        self.fill(KERNEL_SETUP.start + IN_PLACE, setup_rest);
        self.copy(kernel, IN_PLACE, setup_rest)?;
        self.fill(KERNEL, kernel_size);
        self.copy(kernel, setup_size, kernel_size)?;
        self.fill(COMMAND_LINE.start, COMMAND_LINE.size());
        self.write(command_line)?;
        self.write(b"\0")?;
        self.fill(initrd_address, initrd_size);
        Ok(())
    }

    /// Ends the load after the last initrd, or after the error in `loaded`: ends the line
    /// of its progress, and makes sure that the initrds are complete.
    ///
    /// # Errors
    /// The one in `loaded`; [`Kind::InitrdChanged`].
    pub fn end(&mut self, loaded: Result<(), Error>) -> Result<(), Error> {
        self.seen.end(self.console);
        loaded?;
        if self.room.left > 0 {
            return Err(Error::new(Kind::InitrdChanged, 0));
        }
        Ok(())
    }

    /// Leaves `data` for userspace in a node of the kernel's `setup_data` list
    /// ([`layout::node`]), if the kernel has one (boot protocol 2.09).
    ///
    /// # Errors
    /// [`Kind::MemoryRefused`].
    pub fn node(&mut self, data: &[u8]) -> Result<(), Error> {
        if !self.handoff.has_node {
            return Ok(());
        }
        let mut header = [0; HEADER_SIZE];
        let [.., kind, length] = header.as_chunks_mut().0 else {
            return Ok(());
        };
        *kind = TYPE.to_le_bytes();
        *length = to_u32(data.len()).to_le_bytes();
        self.fill(SETUP_DATA.start, SETUP_DATA.size());
        self.write(&header)?;
        self.write(data)
    }

    /// Reads the first bytes of the kernel, and checks that the others are there.
    fn read_head(&mut self, kernel: &Extent, head: &mut [u8; HEAD]) -> Result<(), Error> {
        let mut file = self.check(kernel)?;
        let mut places = head.iter_mut();
        loop {
            let bytes = file.next(self.storage, to_u32(places.len()))?;
            if bytes.is_empty() {
                return Ok(());
            }
            for (byte, place) in bytes.iter().zip(&mut places) {
                *place = *byte;
            }
        }
    }

    /// Adds an initrd of `size` bytes to the size of all initrds.
    fn count(&mut self, size: u32) -> Result<(), Error> {
        let total = &mut self.handoff.initrd_size;
        if size > 0 {
            let start = total.checked_add(padding(*total));
            let end = start.and_then(|start| start.checked_add(size));
            *total = end.ok_or(Error::new(Kind::InitrdLarge, 0))?;
        }
        Ok(())
    }

    /// Makes the next initrd, one of `size` bytes, begin at a multiple of four. The
    /// first one begins on a page, so the padding of the size aligns the address too.
    fn pad(&mut self, size: u32) -> Result<(), Error> {
        let zeros = if size > 0 { padding(self.room.at) } else { 0 };
        self.write([0; 3].get(..to_usize(zeros)).unwrap_or_default())
    }

    /// Opens a file after checking that all bytes of the part can be found.
    ///
    /// # Errors
    /// [`Kind::IsDirectory`], [`Kind::FileShort`]; those of
    /// [`File::check`].
    pub fn check(&mut self, part: &Extent) -> Result<File, Error> {
        if part.node.is_directory() {
            return Err(Error::new(Kind::IsDirectory, 0));
        }
        let end = part.offset.checked_add(part.size);
        if end.is_none_or(|end| end > part.node.size()) {
            return Err(Error::new(Kind::FileShort, u64::from(part.node.size())));
        }
        let mut file = File::open(self.volume, &part.node);
        file.check(self.storage)?;
        file.seek(part.offset);
        Ok(file)
    }

    /// Writes `size` bytes of a part, from byte `skip` of it on.
    fn copy(&mut self, part: &Extent, skip: u32, size: u32) -> Result<(), Error> {
        let mut file = File::open(self.volume, &part.node);
        file.seek(part.offset.saturating_add(skip));
        let mut left = size;
        while left > 0 {
            let bytes = file.next(self.storage, left)?;
            if bytes.is_empty() {
                return Err(Error::new(Kind::FileShort, u64::from(file.position())));
            }
            self.room.write(self.memory, bytes)?;
            let count = to_u32(bytes.len());
            left = left.saturating_sub(count);
            if let Some(overlay) = self.overlay {
                overlay.progress(&mut self.seen, self.console, &self.handoff, count);
            }
        }
        Ok(())
    }

    /// The next bytes go to the start of this range, of `size` bytes, and none goes
    /// beyond its end.
    fn fill(&mut self, start: u32, size: u32) {
        self.room = Room {
            at: start,
            left: size,
        };
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.room.write(self.memory, bytes)
    }
}

/// The rest of the range that is being filled.
struct Room {
    /// The address for the next bytes.
    at: u32,
    /// The bytes for which there is room.
    left: u32,
}

impl Room {
    /// Writes `bytes` to memory and goes on after them.
    ///
    /// Only initrds can run out of room: they come from files that are searched for
    /// again when they are loaded. All else has the size that was planned.
    fn write<M: Memory>(&mut self, memory: &mut M, bytes: &[u8]) -> Result<(), Error> {
        let size = to_u32(bytes.len());
        if size > self.left {
            return Err(Error::new(Kind::InitrdChanged, 0));
        }
        if memory.write(self.at, bytes).is_err() {
            return Err(Error::new(Kind::MemoryRefused, u64::from(self.at)));
        }
        self.at = self.at.wrapping_add(size);
        self.left = self.left.wrapping_sub(size);
        Ok(())
    }
}

/// Fills in the fields by which a boot loader informs the kernel. All of these fields
/// are as old as the oldest kernels that [`SetupHeader::check`] lets pass.
fn fill_in(header: &mut SetupHeader, handoff: &Handoff) {
    // A loader without a number of its own.
    header.type_of_loader = 0xff;
    header.loadflags |= LoadFlags::CAN_USE_HEAP.bits();
    header.heap_end_ptr = (KERNEL_STACK - 0x200).into();
    header.ramdisk_image = handoff.initrd_address.into();
    header.ramdisk_size = handoff.initrd_size.into();
    // An empty line has an address too: 0 would mean a loader older than 2.02.
    header.cmd_line_ptr = COMMAND_LINE.start.into();
}

/// Fills in the optional fields: the video mode, and the address of the node.
impl Overlay {
    #[inline(never)] // a way into the overlay
    fn fill_in_more(self, header: &mut SetupHeader, handoff: &mut Handoff, command_line: &[u8]) {
        header.vid_mode = cmdline::vid_mode(command_line, header.vid_mode.get()).into();
        if header.version.get() >= 0x0209 {
            handoff.has_node = true;
            header.setup_data = u64::from(SETUP_DATA.start).into();
        }
    }
}

/// Bytes from `at` to the next multiple of four.
fn padding(at: u32) -> u32 {
    at.wrapping_neg() & 3
}

/// A number of bytes in memory, which has at most 4 GiB here.
fn to_u32(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn to_usize(bytes: u32) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
