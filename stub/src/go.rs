//! The start: everything is moved to its place, and the kernel is entered.

use core::convert::Infallible;

use layout::uki::ENTRY_64;
use stub::initrd::padded;
use stub::kernel::Mode;
use stub::memory::Range;
use stub::params::{self, HEADER_LIMIT, Target, field};
use stub::problem::Problem;
use stub::size::wide;

use crate::line::Line;
use crate::machine::leave::{leave_32, leave_64};
use crate::machine::paging;
use crate::machine::ram::Ram;
use crate::prepare::Start;

/// The length of the jump at the start of a header counts from here.
const JUMP_BASE: usize = field::JUMP + 1;
/// The segment of a real-mode part's code, from the segment of the part on.
const CODE_SEGMENT: u16 = 0x20;

impl Start {
    /// Moves everything to its place and starts the kernel.
    ///
    /// # Errors
    /// [`Problem::BadAddress`].
    pub(crate) fn go(self, ram: &mut Ram) -> Result<Infallible, Problem> {
        let setup = self.kernel.setup;
        let kernel = Range {
            start: self.image.start.saturating_add(setup),
            size: self.kernel.size,
        };
        ram.copy(kernel, self.plan.kernel)?;
        for (offset, initrd) in self.initrds.placed() {
            let to = self.plan.initrd.start.saturating_add(offset);
            ram.copy(initrd, to)?;
            let padding = Range {
                start: to.saturating_add(initrd.size),
                size: padded(initrd.size).saturating_sub(initrd.size),
            };
            ram.bytes_mut(padding)?.fill(0);
        }
        match self.mode {
            Mode::Real => self.enter_16(ram),
            Mode::Protected => self.enter_32(ram),
            Mode::Long => self.enter_64(ram),
        }
    }

    fn enter_64(self, ram: &mut Ram) -> Result<Infallible, Problem> {
        self.fill_params(ram)?;
        let [loaded, runtime] = self.plan.owned;
        paging::map_for_kernel(&[loaded, runtime, self.params, self.line.range()]);
        let entry = self.plan.kernel.saturating_add(wide(ENTRY_64));
        // SAFETY: the kernel was copied there, `fill_params` has completed
        // `boot_params`, and both are mapped.
        unsafe { leave_64(entry, self.params.start) }
    }

    fn enter_32(self, ram: &mut Ram) -> Result<Infallible, Problem> {
        self.fill_params(ram)?;
        let entry = u32::try_from(self.plan.kernel).map_err(|_| Problem::BadAddress)?;
        let params = u32::try_from(self.params.start).map_err(|_| Problem::BadAddress)?;
        // SAFETY: the kernel was copied there, and `fill_params` has completed
        // `boot_params`. Entered in 32 bits, this image lies below 4 GiB.
        unsafe { leave_32(entry, params) }
    }

    /// Puts the header of the inner kernel in place of ours in `boot_params`.
    fn fill_params(&self, ram: &mut Ram) -> Result<(), Problem> {
        let loader: [u8; HEADER_LIMIT] = ram.read(self.params.start)?;
        let image: [u8; HEADER_LIMIT] = ram.read(self.image.start)?;
        let length = usize::from(params::u8(&image, field::JUMP));
        let end = JUMP_BASE.saturating_add(length).min(HEADER_LIMIT);
        let header = image.get(field::SETUP_SECTS..end).unwrap_or_default();

        let bytes = ram.bytes_mut(self.params)?;
        params::put(bytes, field::SETUP_SECTS, header);
        let mut target = Target { bytes, wide: true };
        self.fill(&loader, &mut target, self.line.range().start);
        Ok(())
    }

    /// Puts the inner kernel's real-mode part in place of ours, and enters it as
    /// the loader entered ours.
    fn enter_16(self, ram: &mut Ram) -> Result<Infallible, Problem> {
        let heap_end = self.heap_end();
        let part = Range {
            start: self.real.address.into(),
            size: self.kernel.setup,
        };
        let loader: [u8; HEADER_LIMIT] = ram.read(self.params.start)?;
        let idt = self.real.idt(ram)?;

        let image = Range {
            start: self.image.start,
            ..part
        };
        ram.copy(image, part.start)?;
        let line = match self.line {
            Line::Loaders(line) => line,
            Line::Own(_) => {
                let line = Range {
                    start: part.start.saturating_add(heap_end.into()),
                    ..self.line.range()
                };
                Line::copy_own(ram.bytes_mut(line)?);
                line
            }
        };
        let bytes = ram.bytes_mut(part)?;
        let mut target = Target { bytes, wide: false };
        self.fill(&loader, &mut target, line.start);
        target.set_heap_end(u16::try_from(heap_end).map_err(|_| Problem::BadAddress)?);

        let entry = (self.real.segment()?.saturating_add(CODE_SEGMENT), 0);
        // SAFETY: the real-mode part was copied there, and `idt` was in force
        // when ours was entered. `Start::check` has seen to the room.
        unsafe { self.real.enter(ram, idt, heap_end, entry) }
    }

    /// Fills in the fields of a header that loaders write.
    fn fill(&self, loader: &[u8], header: &mut Target, line: u64) {
        params::hand_on(loader, header.bytes);
        header.set_kernel(self.plan.kernel);
        header.set_initrd(self.plan.initrd);
        header.set_command_line(line);
    }
}
