//! From the loader's data to what is to be started. Nothing is moved yet.

use layout::uki::Kind;
use stub::command_line::request;
use stub::initrd::Initrds;
use stub::kernel::{InnerKernel, Mode};
use stub::memory::{Memory, Range};
use stub::params;
use stub::plan::{Plan, plan};
use stub::problem::Problem;
use stub::size::wide;
use stub::table::Table;

use crate::line::{self, Line};
use crate::machine::image;
use crate::machine::ram::Ram;
use crate::machine::real_mode::{RealMode, TRAMPOLINE_ROOM};

/// Bytes at the start of a kernel's file that hold its header.
const HEAD: u64 = 0x400;

/// All that is to be started, and where it goes.
pub(crate) struct Start {
    pub(crate) mode: Mode,
    /// `boot_params`.
    pub(crate) params: Range,
    pub(crate) real: RealMode,
    /// The inner kernel's file.
    pub(crate) image: Range,
    pub(crate) kernel: InnerKernel,
    pub(crate) initrds: Initrds,
    pub(crate) line: Line,
    pub(crate) plan: Plan,
}

/// Finds out what to start and where.
///
/// # Errors
/// Whatever keeps the file from being started.
pub(crate) fn prepare(
    ram: &Ram,
    mode: Mode,
    params: u64,
    real: RealMode,
) -> Result<Start, Problem> {
    let file = image::address();
    let table = Table::find(image::header(), &mut |offset, size| {
        let start = file.saturating_add(offset);
        ram.bytes(Range { start, size })
    })?;
    let params = Range {
        start: params,
        size: wide(params::SIZE),
    };
    let loader = ram.bytes(params)?;

    let line = loaders_line(ram, params::command_line(loader))?;
    let request = request(ram.bytes(line)?);
    if !table.has_profile(request.profile) {
        return Err(Problem::NoProfile);
    }
    let piece = |kind| {
        table.piece(kind, request.profile).map(|piece| Range {
            start: file.saturating_add(piece.start),
            size: piece.size,
        })
    };
    let image = piece(Kind::Linux).ok_or(Problem::NoKernel)?;
    let head = Range {
        size: image.size.min(HEAD),
        ..image
    };
    let kernel = InnerKernel::parse(ram.bytes(head)?, image.size)?;

    let mut memory = Memory::new();
    params::memory_map(loader, &mut memory)?;
    let handed_in = params::initrd(loader);
    memory.keep(handed_in)?;
    memory.keep(params)?;
    memory.keep(with_nul(line))?;
    params::keep_setup_data(loader, &mut memory, &mut |at| ram.read(at))?;

    let initrds = Initrds::collect(&table, request.profile, file, handed_in);
    let file = Range {
        start: file,
        size: table.end().max(image::range().size),
    };
    let plan = plan(mode, &kernel, file, &initrds, &mut memory)?;

    let line = match (request.replacement, piece(Kind::Cmdline)) {
        (Some(words), _) if wide(words.len()) == line.size => Line::Loaders(with_nul(line)),
        (Some(words), _) => Line::own(words, kernel.cmdline_size)?,
        (None, Some(text)) => Line::own(ram.bytes(text)?, kernel.cmdline_size)?,
        (None, None) => Line::own(b"", kernel.cmdline_size)?,
    };
    let start = Start {
        mode,
        params,
        real,
        image,
        kernel,
        initrds,
        line,
        plan,
    };
    start.check()?;
    Ok(start)
}

/// The loader's command line, without the NUL.
fn loaders_line(ram: &Ram, at: u64) -> Result<Range, Problem> {
    let mut line = Range { start: at, size: 0 };
    if at == 0 {
        return Ok(line);
    }
    while line.size < wide(line::SIZE) && ram.read::<1>(line.end())? != [0] {
        line.size = line.size.saturating_add(1);
    }
    Ok(line)
}

/// A line with the NUL after it.
fn with_nul(line: Range) -> Range {
    Range {
        size: line.size.saturating_add(1),
        ..line
    }
}

impl Start {
    /// Checks that the kernel's real-mode part fits below its heap.
    fn check(&self) -> Result<(), Problem> {
        if self.mode != Mode::Real {
            return Ok(());
        }
        let needed = self.kernel.setup.max(self.kernel.footprint.into());
        match u64::from(self.heap_end()) < needed.saturating_add(TRAMPOLINE_ROOM) {
            true => Err(Problem::NoRoomForSetup),
            false => Ok(()),
        }
    }

    /// The end of the inner kernel's heap, an offset in the real-mode part. A
    /// command line of the file's own lies after it.
    pub(crate) fn heap_end(&self) -> u32 {
        match self.line {
            Line::Loaders(_) => self.real.heap_end,
            Line::Own(size) => {
                let size = u32::try_from(size).unwrap_or(u32::MAX);
                self.real.heap_end.saturating_sub(size) & !15
            }
        }
    }
}
