//! The way back to real mode.

use core::convert::Infallible;
use core::mem::offset_of;

use layout::uki::{LOADER, PROTECTED_MODE};
use stub::memory::Range;
use stub::params::put;
use stub::problem::Problem;
use stub::size::wide;

use super::descriptor;
use super::ram::Ram;

/// Offsets in the real-mode part (`real_mode.s`): the place where it shows a
/// message, the IDT of real mode that it saved, and the text of a message.
pub(crate) const FAILED: usize = LOADER + 4;
pub(crate) const REAL_IDT: usize = LOADER + 8;
pub(crate) const TEXT: usize = PROTECTED_MODE;

/// Bytes of the trampoline in `entry.s`.
pub(crate) const TRAMPOLINE_SIZE: usize = 0x100;
/// Room for the trampoline below the end of the heap, with some stack above it.
pub(crate) const TRAMPOLINE_ROOM: u64 = 0x180;
const _: () = assert!(wide(TRAMPOLINE_SIZE) + 0x40 <= TRAMPOLINE_ROOM);

/// The first bytes of the trampoline. `entry.s` gets the offsets of the fields
/// from here.
#[repr(C)]
pub(crate) struct Parameters {
    /// A jump to the code after the parameters.
    jump: [u8; 4],
    /// The IDT of real mode: limit, then base.
    pub(crate) idt: [u8; 6],
    /// The table below: limit, then base.
    pub(crate) gdt_pointer: [u8; 10],
    /// The descriptors: the empty one, code, data.
    pub(crate) gdt: [[u8; 8]; 3],
    /// The trampoline's code for real mode: `entry.s` has filled in its offset.
    pub(crate) continuation: FarPointer,
    /// The place to enter.
    pub(crate) target: FarPointer,
    /// All data segments there.
    pub(crate) data_segment: [u8; 2],
    /// The stack pointer there.
    pub(crate) stack: [u8; 2],
}

/// An address in real mode.
#[repr(C)]
pub(crate) struct FarPointer {
    offset: [u8; 2],
    segment: [u8; 2],
}

unsafe extern "C" {
    // Code with zeros in place of the parameters. Nothing writes to it.
    safe static trampoline: [u8; TRAMPOLINE_SIZE];

    /// Enters the copy of the trampoline at this address.
    ///
    /// # Safety
    /// The copy is below 1 MiB, at a multiple of 16, with all parameters filled
    /// in. Real-mode code lies at their target.
    fn leave_16(copy: u64) -> !;
}

/// Where the stub was entered in real mode.
#[derive(Clone, Copy)]
pub(crate) struct RealMode {
    /// The address of the real-mode part, a multiple of 16.
    pub(crate) address: u32,
    /// The end of its heap, an offset in it.
    pub(crate) heap_end: u32,
}

impl RealMode {
    /// The IDT of real mode: limit, then base.
    ///
    /// # Errors
    /// As [`Ram::bytes`].
    pub(crate) fn idt(self, ram: &Ram) -> Result<[u8; 6], Problem> {
        ram.read(u64::from(self.address).saturating_add(wide(REAL_IDT)))
    }

    /// The segment of the real-mode part.
    ///
    /// # Errors
    /// [`Problem::BadAddress`] if real mode does not reach it.
    pub(crate) fn segment(self) -> Result<u16, Problem> {
        real(self.address >> 4)
    }

    /// Goes back to real mode, to `segment:offset`, with all data segments at
    /// the real-mode part and the stack at `stack`.
    ///
    /// # Errors
    /// [`Problem::BadAddress`] if real mode does not reach a place.
    ///
    /// # Safety
    /// Code for real mode lies at `segment:offset`, and `idt` is right for it.
    /// Below `stack`, [`TRAMPOLINE_ROOM`] bytes of the real-mode part are free.
    pub(crate) unsafe fn enter(
        self,
        ram: &mut Ram,
        idt: [u8; 6],
        stack: u32,
        (segment, offset): (u16, u16),
    ) -> Result<Infallible, Problem> {
        let top = u64::from(self.address).saturating_add(stack.into());
        let copy = top.saturating_sub(TRAMPOLINE_ROOM) & !15;
        let base = u32::try_from(copy).map_err(|_| Problem::BadAddress)?;
        let own_segment = real(base >> 4)?;

        let mut code = trampoline;
        let mut fill = |at: usize, bytes: &[u8]| put(&mut code, at, bytes);
        fill(offset_of!(Parameters, idt), &idt);
        let gdt = offset_of!(Parameters, gdt);
        fill(
            gdt.saturating_add(8),
            &descriptor::code_16(base).to_le_bytes(),
        );
        fill(
            gdt.saturating_add(16),
            &descriptor::data_16(base).to_le_bytes(),
        );
        let pointer = offset_of!(Parameters, gdt_pointer);
        fill(pointer, &GDT_LIMIT.to_le_bytes());
        fill(
            pointer.saturating_add(2),
            &copy.saturating_add(wide(gdt)).to_le_bytes(),
        );
        fill(
            offset_of!(Parameters, continuation.segment),
            &own_segment.to_le_bytes(),
        );
        fill(offset_of!(Parameters, target.offset), &offset.to_le_bytes());
        fill(
            offset_of!(Parameters, target.segment),
            &segment.to_le_bytes(),
        );
        fill(
            offset_of!(Parameters, data_segment),
            &self.segment()?.to_le_bytes(),
        );
        fill(offset_of!(Parameters, stack), &real(stack)?.to_le_bytes());

        let range = Range {
            start: copy,
            size: wide(TRAMPOLINE_SIZE),
        };
        ram.bytes_mut(range)?.copy_from_slice(&code);
        // SAFETY: `real` above has checked that the copy is below 1 MiB, all
        // parameters are filled in, and the caller vouches for the target.
        unsafe { leave_16(copy) }
    }

    /// Goes back to real mode, where the text is shown.
    ///
    /// # Errors
    /// [`Problem::BadAddress`] if real mode does not reach a place.
    pub(crate) fn fail(self, ram: &mut Ram, text: &str) -> Result<Infallible, Problem> {
        let start = u64::from(self.address).saturating_add(wide(TEXT));
        let size = wide(text.len());
        ram.bytes_mut(Range { start, size })?
            .copy_from_slice(text.as_bytes());
        let start = start.saturating_add(size);
        ram.bytes_mut(Range { start, size: 1 })?.fill(0);
        let place = (self.segment()?, real(FAILED)?);
        let idt = self.idt(ram)?;
        // SAFETY: `real_mode.s` has the code there, its IDT was saved at the
        // entry, and it demanded more room than this below the end of the heap.
        unsafe { self.enter(ram, idt, self.heap_end, place) }
    }
}

/// The limit of a table of three descriptors.
const GDT_LIMIT: u16 = 3 * 8 - 1;

/// A number for real mode.
fn real<N: TryInto<u16>>(number: N) -> Result<u16, Problem> {
    number.try_into().map_err(|_| Problem::BadAddress)
}
