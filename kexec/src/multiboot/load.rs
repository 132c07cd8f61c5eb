//! What lies where for a Multiboot kernel.
//!
//! The kernel's parts lie where it says. The modules and what the kernel is handed lie
//! below 4 GiB, as low as possible: old kernels do not reach all of the memory. What it
//! is handed is `trampoline.s` on the first page, then [`Info`].

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use stub::memory::{LOW, Memory, PAGE, Range};
use stub::problem::Problem;

use super::image::Image;
use super::info::Info;
use crate::call::Call;
use crate::error::{Error, Reason};
use crate::payload::Modules;
use crate::running::Machine;
use crate::segments::pages;
use crate::syscall::{self, Mapped, Segment, SegmentBytes};
use crate::trampoline::{self, Registers};

/// What EAX says to a kernel (section 3.2).
const EAX: u32 = 0x2bad_b002;
const FOUR_GIB: u64 = 1 << 32;
/// Bytes of a kernel's file at most.
const LARGEST: u64 = 1 << 30;
/// The most pieces of a kernel: Linux takes 16 (`KEXEC_SEGMENT_MAX`), and two are needed
/// for the modules and for what the kernel is handed.
const PIECES: usize = 14;

/// Has Linux load a Multiboot kernel. Its command line is `path` and `cmdline`.
///
/// # Errors
/// It is not such a kernel, there is no room for it, or Linux refuses it.
pub(crate) fn load(
    kernel: &File,
    path: &[u8],
    cmdline: &[u8],
    modules: &Modules,
    machine: &Machine,
) -> Result<(), Error> {
    let file = content(kernel)?;
    let image = Image::of(&file)?;
    let mut memory = machine.memory();
    image.keep(&mut memory)?;
    let pieces = image.pieces(&file);
    if pieces.len() > PIECES {
        return Err(Error::text(format!(
            "it has {} parts, and Linux loads {PIECES} at most: use another build of this kernel",
            pieces.len()
        )));
    }
    let entry = u32::try_from(image.entry).map_err(|_| no_room())?;

    let modules_place = lowest(modules.size(), &mut memory)?;
    let line = line(path, cmdline);
    let info = Info {
        cmdline: &line,
        modules: places(modules, modules_place),
        memory: machine.ranges(),
    };
    // Where it lies changes no size.
    let size = u64::try_from(info.bytes(PAGE)?.len()).map_err(|_| no_room())?;
    let handed = lowest(PAGE.saturating_add(size), &mut memory)?;
    let at = handed.start.saturating_add(PAGE);
    let registers = Registers {
        eax: EAX,
        ebx: u32::try_from(at).map_err(|_| no_room())?,
        esi: 0,
    };
    let mut bytes = trampoline::to_32(entry, registers);
    bytes.extend(info.bytes(at)?);

    let modules_file = match modules_place.size {
        0 => None,
        _ => Some(Mapped::new(&modules.file).map_err(refused)?),
    };
    let mut segments = vec![Segment {
        content: SegmentBytes::Bytes(&bytes),
        place: handed,
    }];
    segments.extend(modules_file.as_ref().map(|file| Segment {
        content: SegmentBytes::File(file, 0),
        place: modules_place,
    }));
    segments.extend(pieces.iter().map(|piece| Segment {
        content: SegmentBytes::Bytes(&piece.bytes),
        place: piece.place,
    }));
    syscall::load_segments(handed.start, &segments).map_err(refused)
}

/// All of the kernel's file.
fn content(mut kernel: &File) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    kernel.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let mut limited = kernel.take(LARGEST.saturating_add(1));
    let size = limited.read_to_end(&mut bytes).map_err(unreadable)?;
    match u64::try_from(size) {
        Ok(..=LARGEST) => Ok(bytes),
        _ => Err(Error::text(
            "it is larger than 1 GiB, which no kernel is: use another file",
        )),
    }
}

/// The command line with the kernel's path in front.
fn line(path: &[u8], cmdline: &[u8]) -> Vec<u8> {
    match cmdline {
        [] => path.to_vec(),
        _ => [path, b" ", cmdline].concat(),
    }
}

/// The lowest whole pages for `size` bytes, which `memory` keeps from then on.
fn lowest(size: u64, memory: &mut Memory) -> Result<Range, Error> {
    let size = pages(size);
    if size == 0 {
        return Ok(Range::default());
    }
    let fits = |start| {
        let range = Range { start, size };
        range.end() <= FOUR_GIB && memory.is_free(range)
    };
    let start = memory.lowest(LOW, PAGE, &fits).ok_or_else(no_room)?;
    let place = Range { start, size };
    memory.keep(place).map_err(|_| no_room())?;
    Ok(place)
}

/// Where each module lies, and its string.
fn places(modules: &Modules, all: Range) -> Vec<(Range, &[u8])> {
    let place = modules.list.iter().map(|module| {
        let start = all.start.saturating_add(module.offset);
        let size = module.size;
        (Range { start, size }, module.string.as_slice())
    });
    place.collect()
}

fn no_room() -> Error {
    Error::text(Problem::NoRoomForKernel.text())
}

fn unreadable(error: io::Error) -> Error {
    Error::text(format!("cannot read it: {error}"))
}

fn refused(error: io::Error) -> Error {
    Error {
        about: String::new(),
        reason: Reason::Refused(Call::Segments, error),
    }
}
