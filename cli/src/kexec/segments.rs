//! Loading for a Linux that has `kexec_load` only: what it does itself in
//! `kexec_file_load` is done here.
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

use super::load::Load;
use super::running::Machine;
use super::syscall::{self, Content, Mapped, Segment};
use super::trampoline;
use crate::error::Error;

/// Where the kernel's 64-bit entry is, from where it lies.
const ENTRY: u64 = layout::uki::ENTRY_64 as u64;

/// Has Linux load a kernel with this command line.
pub(super) fn load(load: &Load, cmdline: &[u8], machine: &Machine) -> Result<(), Error> {
    let refused = |error: io::Error| super::refused(&load.name, &error);
    let wrong = |problem| {
        let text = match problem {
            Problem::NoKernel => super::UNKNOWN,
            problem => problem.text(),
        };
        Error::failed(format!("{}: {text}", load.name))
    };
    let head = head(&load.kernel).map_err(refused)?;
    let kernel_file = Mapped::new(&load.kernel).map_err(refused)?;
    let initrd_file = load.initrd.as_ref().map(Mapped::new);
    let initrd_file = initrd_file.transpose().map_err(refused)?;

    let kernel = InnerKernel::parse(&head, kernel_file.size() as u64).map_err(wrong)?;
    if cmdline.len() > kernel.cmdline_size as usize {
        return Err(wrong(Problem::CommandLineTooLong));
    }
    let mut memory = machine.memory();
    let mut parts = Initrds::default();
    parts.0[0].size = initrd_file.as_ref().map_or(0, |file| file.size() as u64);
    // There is nothing in memory yet that could stay where it is.
    let nothing = Range::default();
    let plan = plan(Mode::Long, &kernel, nothing, &parts, &mut memory).map_err(wrong)?;
    memory.keep(plan.initrd).map_err(wrong)?;
    let size = 2 * PAGE + pages(cmdline.len() as u64 + 1);
    let handed = memory.highest(size, 1 << 32);
    let handed = handed.ok_or(wrong(Problem::NoRoomForKernel))?;

    let mut bytes = trampoline::to(plan.kernel + ENTRY);
    bytes.resize(PAGE as usize, 0);
    let mut params = machine.params();
    fill(&mut params, &head);
    let mut header = Target {
        bytes: &mut params,
        wide: true,
    };
    header.set_kernel(plan.kernel);
    header.set_initrd(plan.initrd);
    header.set_command_line(handed + 2 * PAGE);
    bytes.extend(params);
    bytes.extend(cmdline);

    let at = |start, size| Range {
        start,
        size: pages(size),
    };
    let mut segments = vec![
        Segment {
            content: Content::File(&kernel_file, kernel.setup as usize),
            place: at(plan.kernel, kernel.size),
        },
        Segment {
            content: Content::Bytes(&bytes),
            place: at(handed, size),
        },
    ];
    if let Some(file) = &initrd_file {
        segments.push(Segment {
            content: Content::File(file, 0),
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
    let end = 0x202 + usize::from(params::u8(head, field::JUMP));
    let header = field::SETUP_SECTS..end.min(params::HEADER_LIMIT);
    let from = head.get(header.clone()).unwrap_or_default();
    put(params, header.start, from);
    put(params, field::TYPE_OF_LOADER, &[0xff]);
    put(params, field::SETUP_DATA, &[0; 8]);
}

fn pages(size: u64) -> u64 {
    size.next_multiple_of(PAGE)
}
