//! The stub as it runs: entered like a kernel, it starts the kernel that the
//! file holds.
//!
//! `real_mode.s` and `entry.s` say what is true at each entry; here the way of
//! a start reads from top to bottom. The decisions are in the library.

#![no_std]
#![no_main]

mod machine;
mod message;
mod paging;

use layout::uki::{ENTRY_64, Kind};
use machine::{RealMode, bytes, bytes_mut, copy};
use stub::command_line::{one_line, request};
use stub::memory::{Memory, Range};
use stub::params::{self, Target};
use stub::plan::{Kernel, Mode, Parts, Plan, plan};
use stub::problem::Problem;
use stub::table::Table;

/// Longer command lines than any kernel for x86 takes.
const LINE: usize = 4096;

/// What there is to start.
struct Start {
    mode: Mode,
    /// The address of `boot_params`.
    params: u64,
    real: RealMode,
    /// The inner kernel's file.
    image: Range,
    kernel: Kernel,
    parts: Parts,
    line: Line,
    plan: Plan,
}

/// The command line for the inner kernel.
enum Line {
    /// The loader's, where it lies.
    Loaders(u64),
    /// The first bytes of [`machine::line_buffer`].
    Own(usize),
}

/// The first Rust code; `entry.s` says what is true here.
extern "C" fn main(file: u64, params: u64, mode: u32, real: u32, heap_end: u32) -> ! {
    let mode = match mode {
        16 => Mode::Real,
        32 => Mode::Protected,
        _ => Mode::Long,
    };
    if mode == Mode::Long {
        paging::take_over();
    }
    let real = RealMode {
        address: real,
        heap_end,
    };
    match prepare(mode, file, params, real).and_then(|start| start.check().map(|()| start)) {
        Ok(start) => start.go(),
        Err(problem) => message::fail(mode, params, real, problem),
    }
}

/// Finds out what to start and where; nothing is moved yet.
fn prepare(mode: Mode, file: u64, params: u64, real: RealMode) -> Result<Start, Problem> {
    let header = bytes(file, ENTRY_64 as u64);
    let table = Table::find(header, &mut |offset, size| {
        bytes(file + offset as u64, size as u64)
    })?;
    let loader = bytes(params, params::SIZE as u64);

    let line = loaders_line(params::command_line(loader));
    let request = request(line);
    if !table.has_profile(request.profile) {
        return Err(Problem::NoProfile);
    }
    let linux = table
        .piece(Kind::Linux, request.profile)
        .ok_or(Problem::NoKernel)?;
    let image = Range {
        start: file + linux.start,
        size: linux.size,
    };
    let kernel = Kernel::parse(bytes(image.start, image.size.min(0x400)), image.size)?;
    let built_in = table.piece(Kind::Cmdline, request.profile);

    let mut memory = Memory::new();
    params::memory_map(loader, &mut memory)?;
    let handed_in = params::initrd(loader);
    memory.keep(handed_in)?;
    memory.keep(Range {
        start: params,
        size: params::SIZE as u64,
    })?;
    memory.keep(Range {
        start: line.as_ptr() as u64,
        size: line.len() as u64 + 1,
    })?;
    params::keep_setup_data(loader, &mut memory, &mut machine::read)?;

    let parts = Parts::collect(&table, request.profile, file, handed_in);
    let file = Range {
        start: file,
        size: table.end(),
    };
    let plan = plan(mode, &kernel, file, &parts, &mut memory)?;

    let line = match (request.replacement, built_in) {
        (Some(words), _) if words.len() == line.len() => Line::Loaders(line.as_ptr() as u64),
        (Some(words), _) => Line::own(words, &kernel)?,
        (None, Some(text)) => Line::own(bytes(file.start + text.start, text.size), &kernel)?,
        (None, None) => Line::own(b"", &kernel)?,
    };
    Ok(Start {
        mode,
        params,
        real,
        image,
        kernel,
        parts,
        line,
        plan,
    })
}

/// The loader's command line, without the NUL.
fn loaders_line(at: u64) -> &'static [u8] {
    if at == 0 {
        return b"";
    }
    let mut length = 0;
    while length < LINE as u64 && machine::read::<1>(at + length) != [0] {
        length += 1;
    }
    bytes(at, length)
}

impl Line {
    /// Keeps the text inside the stub.
    fn own(text: &[u8], kernel: &Kernel) -> Result<Self, Problem> {
        let length = one_line(text, machine::line_buffer()).ok_or(Problem::CommandLineTooLong)?;
        if length > kernel.cmdline_size as usize {
            return Err(Problem::CommandLineTooLong);
        }
        Ok(Self::Own(length))
    }
}

impl Start {
    /// What has to be known before anything is moved.
    fn check(&self) -> Result<(), Problem> {
        if self.mode != Mode::Real {
            return Ok(());
        }
        let needed = u64::from(self.kernel.footprint).max(self.kernel.setup);
        match u64::from(self.heap_end()) < needed + machine::TRAMPOLINE_ROOM {
            true => Err(Problem::NoRoomForSetup),
            false => Ok(()),
        }
    }

    /// The end of the inner kernel's heap: a command line of the file's own
    /// lies behind it.
    fn heap_end(&self) -> u32 {
        match self.line {
            Line::Loaders(_) => self.real.heap_end,
            Line::Own(length) => self.real.heap_end.saturating_sub(length as u32 + 1) & !15,
        }
    }

    /// Moves everything to its place and starts the kernel.
    fn go(self) -> ! {
        copy(
            self.image.start + self.kernel.setup,
            self.plan.kernel,
            self.kernel.size,
        );
        for (offset, part) in self.parts.placed() {
            let to = self.plan.initrd.start + offset;
            copy(part.start, to, part.size);
            let padding = part.size.next_multiple_of(4) - part.size;
            bytes_mut(to + part.size, padding).fill(0);
        }
        match self.mode {
            Mode::Real => self.leave_in_real_mode(),
            Mode::Protected => {
                self.fill_params();
                machine::leave_32(self.plan.kernel as u32, self.params as u32)
            }
            Mode::Long => {
                self.fill_params();
                let params = Range {
                    start: self.params,
                    size: params::SIZE as u64,
                };
                let [loaded, runtime] = self.plan.owned;
                paging::map_for_kernel(&[loaded, runtime, params, self.line_range()]);
                machine::leave_64(self.plan.kernel + ENTRY_64 as u64, self.params)
            }
        }
    }

    /// The inner kernel's header takes the place of ours in `boot_params`.
    fn fill_params(&self) {
        let params = bytes_mut(self.params, params::SIZE as u64);
        let mut loader = [0; params::HEADER_LIMIT];
        params::put(&mut loader, 0, &params[..params::HEADER_LIMIT]);
        let image = bytes(self.image.start, self.kernel.setup);
        let end = 0x202 + usize::from(params::u8(image, params::field::JUMP));
        let header = params::field::SETUP_SECTS..end.min(params::HEADER_LIMIT);
        params[header.clone()].copy_from_slice(&image[header]);
        self.fill(
            &loader,
            Target {
                bytes: params,
                wide: true,
            },
            self.line_range().start,
        );
    }

    fn fill(&self, loader: &[u8], mut header: Target, line: u64) {
        params::hand_on(loader, header.bytes);
        header.set_kernel(self.plan.kernel);
        header.set_initrd(self.plan.initrd);
        header.set_command_line(line);
    }

    fn line_range(&self) -> Range {
        match self.line {
            Line::Loaders(at) => Range {
                start: at,
                size: LINE as u64,
            },
            Line::Own(length) => {
                let start = machine::line_buffer().as_ptr() as u64;
                Range {
                    start,
                    size: length as u64 + 1,
                }
            }
        }
    }

    /// Puts the inner kernel's real-mode part where ours is, and enters it as
    /// the loader entered ours.
    fn leave_in_real_mode(self) -> ! {
        let heap_end = self.heap_end();
        let real = u64::from(self.real.address);
        let mut loader = [0; params::HEADER_LIMIT];
        params::put(
            &mut loader,
            0,
            bytes(self.params, params::HEADER_LIMIT as u64),
        );
        let idt = self.real.idt();

        copy(self.image.start, real, self.kernel.setup);
        let line = match self.line {
            Line::Loaders(at) => at,
            Line::Own(length) => {
                let at = real + u64::from(heap_end);
                copy(self.line_range().start, at, length as u64 + 1);
                at
            }
        };
        let setup = bytes_mut(real, self.kernel.setup);
        self.fill(
            &loader,
            Target {
                bytes: &mut *setup,
                wide: false,
            },
            line,
        );
        Target {
            bytes: setup,
            wide: false,
        }
        .set_heap_end(heap_end as u16);
        self.real.enter(idt, heap_end, (real >> 4) as u16 + 0x20, 0)
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    machine::halt()
}
