//! Loading Linux by `kexec_load`: this module does what Linux does itself in
//! `kexec_file_load`, and starts kernels by their 32-bit entry too.
//!
//! Three places are filled: the kernel's, where it also unpacks itself; the
//! initrd's, as high as the kernel takes it; and one below 4 GiB for what the kernel
//! is handed: `trampoline.s` on the first page, `boot_params` on the second, then the
//! command line, and a node of `setup_data` if there is one. Kernels of 32 bits may reach
//! little of the memory, so the last one is as low as possible for these.
//!
//! The `setup_data` of this system is left out: what a loader said of its start is not
//! true of the next.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use stub::memory::{LOW, Memory, PAGE, Range};
use stub::params::{self, Target, field, put};
use stub::problem::Problem;

use crate::bzimage::{Entry, Kernel, Plan};
use crate::call::Call;
use crate::error::{Error, Reason};
use crate::running::Machine;
use crate::syscall::{self, Mapped, Segment, SegmentBytes};
use crate::trampoline::{self, Registers};
use layout::node;

/// Where the kernel's 64-bit entry is, from where it lies.
const ENTRY_64: u64 = 0x200;
const _: () = assert!(layout::uki::ENTRY_64 == 0x200);
/// Where `boot_params` lie, from the trampoline on.
const PARAMS: u64 = PAGE;
/// Where the command line lies, from the trampoline on.
const COMMAND_LINE: u64 = 2 * PAGE;
const FOUR_GIB: u64 = 1 << 32;

/// Has Linux load a kernel with this initrd, this command line and this node.
///
/// # Errors
/// The kernel has no entry that can be used, there is no room for it, or Linux refuses
/// it.
pub(crate) fn load(
    file: &File,
    initrd: Option<&File>,
    cmdline: &[u8],
    node: Option<&[u8]>,
    machine: &Machine,
) -> Result<(), Error> {
    let head = head(file).map_err(refused)?;
    let kernel_file = Mapped::new(file).map_err(refused)?;
    let initrd_file = initrd.map(Mapped::new).transpose().map_err(refused)?;

    let kernel = Kernel::parse(&head, kernel_file.size())?;
    // With its NUL.
    let line_size = u64::try_from(cmdline.len())
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    if line_size > u64::from(kernel.cmdline_size).saturating_add(1) {
        return Err(Error::text(Problem::CommandLineTooLong.text()));
    }
    let mut memory = machine.memory();
    let plan = kernel.plan(initrd_file.as_ref().map_or(0, Mapped::size), &mut memory)?;
    let node_at = COMMAND_LINE.saturating_add(pages(line_size));
    let node = node.map(setup_data).unwrap_or_default();
    let node_size = u64::try_from(node.len()).unwrap_or(u64::MAX);
    let size = node_at.saturating_add(pages(node_size));
    let handed = handed(kernel.entry, size, &memory)
        .ok_or_else(|| Error::text(Problem::NoRoomForKernel.text()))?;

    let mut bytes = trampoline(kernel.entry, plan.kernel, handed)?;
    let node_place = (!node.is_empty()).then(|| handed.saturating_add(node_at));
    bytes.extend(boot_params(machine, &head, plan, handed, node_place));
    bytes.extend(cmdline);
    if !node.is_empty() {
        bytes.resize(usize::try_from(node_at).unwrap_or(usize::MAX), 0);
        bytes.extend(node);
    }

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

/// A place of `size` bytes for what the kernel is handed.
fn handed(entry: Entry, size: u64, memory: &Memory) -> Option<u64> {
    let fits = |start: u64| {
        let range = Range { start, size };
        range.end() <= FOUR_GIB && memory.is_free(range)
    };
    match entry {
        Entry::Long => memory.highest(size, FOUR_GIB),
        Entry::Protected => memory.lowest(LOW, PAGE, &fits),
    }
}

/// The page of code to a kernel that lies at `kernel`, with `boot_params` at their place
/// after the page at `handed`.
fn trampoline(entry: Entry, kernel: u64, handed: u64) -> Result<Vec<u8>, Error> {
    let params = handed.saturating_add(PARAMS);
    match (entry, u32::try_from(kernel), u32::try_from(params)) {
        (Entry::Long, ..) => Ok(trampoline::to_64(kernel.saturating_add(ENTRY_64))),
        (Entry::Protected, Ok(kernel), Ok(esi)) => {
            let registers = Registers {
                esi,
                ..Registers::default()
            };
            Ok(trampoline::to_32(kernel, registers))
        }
        // Both places were looked for below 4 GiB.
        (Entry::Protected, ..) => Err(Error::text(Problem::NoRoomForKernel.text())),
    }
}

/// A node of `setup_data` with this data, the only one (Linux, `Documentation/arch/x86`,
/// boot protocol 2.09).
fn setup_data(data: &[u8]) -> Vec<u8> {
    let data = data.get(..node::DATA_SIZE).unwrap_or(data);
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut bytes = vec![0; 8];
    bytes.extend(node::TYPE.to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(data);
    bytes
}

/// `boot_params` for a kernel with this header, with the command line at its place from
/// `handed` on, and the node at its own.
fn boot_params(
    machine: &Machine,
    head: &[u8],
    plan: Plan,
    handed: u64,
    node: Option<u64>,
) -> Vec<u8> {
    let mut params = machine.params();
    fill(&mut params, head);
    put(
        &mut params,
        field::SETUP_DATA,
        &node.unwrap_or(0).to_le_bytes(),
    );
    let mut header = Target {
        bytes: &mut params,
        wide: true,
    };
    header.set_kernel(plan.kernel);
    header.set_initrd(plan.initrd);
    header.set_command_line(handed.saturating_add(COMMAND_LINE));
    params
}

fn refused(error: io::Error) -> Error {
    Error {
        about: String::new(),
        reason: Reason::Refused(Call::Segments, error),
    }
}

/// The kernel's first bytes, which hold its header.
pub(crate) fn head(kernel: &File) -> io::Result<Vec<u8>> {
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
pub(crate) fn pages(size: u64) -> u64 {
    size.checked_next_multiple_of(PAGE).unwrap_or(size)
}
