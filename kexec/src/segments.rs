//! Loading for a Linux that has `kexec_load` only: this module does what Linux does
//! itself in `kexec_file_load`.
//!
//! Three places are filled: the kernel's, where it also unpacks itself; the
//! initrd's, as high as the kernel takes it; and one below 4 GiB for what the kernel
//! is handed: `trampoline.s` on the first page, `boot_params` on the second, then
//! the command line.
//!
//! `setup_data` is left out: what a loader said of the start of this system is
//! not true of the next.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use stub::initrd::Initrds;
use stub::kernel::{InnerKernel, Mode};
use stub::memory::{PAGE, Range};
use stub::params::{self, Target, field, put};
use stub::plan::plan;
use stub::problem::Problem;

use crate::error::{Error, Reason, UNKNOWN};
use crate::payload::Payload;
use crate::running::Machine;
use crate::syscall::{self, Mapped, Segment, SegmentBytes};
use crate::trampoline::{self, PAGE_BYTES};

/// Where the kernel's 64-bit entry is, from where it lies.
const ENTRY: u64 = 0x200;
const _: () = assert!(layout::uki::ENTRY_64 == 0x200);
/// Where the command line lies, from the trampoline on.
const COMMAND_LINE: u64 = 2 * PAGE;

/// Has Linux load a kernel with this command line.
///
/// # Errors
/// The kernel has no 64-bit entry, there is no room for it, or Linux refuses it.
pub(crate) fn load(payload: &Payload, cmdline: &[u8], machine: &Machine) -> Result<(), Error> {
    let about = |reason| Error {
        about: payload.name.clone(),
        reason,
    };
    let refused = |error: io::Error| about(Reason::Refused(error));
    let wrong = |problem| {
        let text = match problem {
            Problem::NoKernel => UNKNOWN,
            problem => problem.text(),
        };
        about(Reason::Text(text.to_owned()))
    };
    let head = head(&payload.kernel).map_err(refused)?;
    let kernel_file = Mapped::new(&payload.kernel).map_err(refused)?;
    let initrd_file = payload.initrd.as_ref().map(Mapped::new);
    let initrd_file = initrd_file.transpose().map_err(refused)?;

    let kernel = InnerKernel::parse(&head, kernel_file.size()).map_err(wrong)?;
    // With its NUL.
    let line_size = u64::try_from(cmdline.len())
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    if line_size > u64::from(kernel.cmdline_size).saturating_add(1) {
        return Err(wrong(Problem::CommandLineTooLong));
    }
    let mut memory = machine.memory();
    let mut parts = Initrds::default();
    parts.0[0].size = initrd_file.as_ref().map_or(0, Mapped::size);
    // There is nothing in memory yet that could stay where it is.
    let nothing = Range::default();
    let plan = plan(Mode::Long, &kernel, nothing, &parts, &mut memory).map_err(wrong)?;
    memory.keep(plan.initrd).map_err(wrong)?;
    let no_room = || wrong(Problem::NoRoomForKernel);
    let size = COMMAND_LINE.saturating_add(pages(line_size));
    let handed = memory.highest(size, 1 << 32).ok_or_else(no_room)?;
    let entry = plan.kernel.checked_add(ENTRY).ok_or_else(no_room)?;
    let line = handed.checked_add(COMMAND_LINE).ok_or_else(no_room)?;

    let mut params = machine.params();
    fill(&mut params, &head);
    let mut header = Target {
        bytes: &mut params,
        wide: true,
    };
    header.set_kernel(plan.kernel);
    header.set_initrd(plan.initrd);
    header.set_command_line(line);
    let mut bytes = trampoline::to(entry);
    bytes.resize(PAGE_BYTES, 0);
    bytes.extend(params);
    bytes.extend(cmdline);

    let at = |start, size| Range {
        start,
        size: pages(size),
    };
    let mut segments = vec![
        Segment {
            content: SegmentBytes::File(&kernel_file, kernel.setup),
            place: at(plan.kernel, kernel.size),
        },
        Segment {
            content: SegmentBytes::Bytes(&bytes),
            place: at(handed, size),
        },
    ];
    if let Some(file) = &initrd_file {
        segments.push(Segment {
            content: SegmentBytes::File(file, 0),
            place: at(plan.initrd.start, plan.initrd.size),
        });
    }
    syscall::load_segments(handed, &segments).map_err(refused)
}

/// The kernel's first bytes, which hold its header.
fn head(kernel: &File) -> io::Result<Vec<u8>> {
    let mut head = vec![0; params::SIZE];
    let count = kernel.read_at(&mut head, 0)?;
    head.truncate(count);
    Ok(head)
}

/// Takes over the kernel's header, and marks it as a loader does that has no
/// number of its own.
fn fill(params: &mut [u8], head: &[u8]) {
    // The jump's operand counts from the byte after it.
    let end = usize::from(params::u8(head, field::JUMP)).saturating_add(field::MAGIC);
    let header = field::SETUP_SECTS..end.min(params::HEADER_LIMIT);
    let from = head.get(header.clone()).unwrap_or_default();
    put(params, header.start, from);
    put(params, field::TYPE_OF_LOADER, &[0xff]);
    put(params, field::SETUP_DATA, &[0; 8]);
}

/// A size in whole pages; one that is impossible stays as it is, and fits nowhere.
fn pages(size: u64) -> u64 {
    size.checked_next_multiple_of(PAGE).unwrap_or(size)
}
