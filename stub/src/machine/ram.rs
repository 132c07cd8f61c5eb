//! All memory but that of this image, by address.
//!
//! Memory is mapped one to one: the first 4 GiB by `entry.s` if the stub was
//! entered in 16 or 32 bits, any address below [`ADDRESSABLE`] on demand by
//! [`super::paging`] if it was entered in 64 bits.

use core::arch::asm;
use core::ptr;

use stub::kernel::{ADDRESSABLE, Mode};
use stub::memory::Range;
use stub::problem::Problem;

use super::image;

/// The owner of all memory outside this image. It lends memory as Rust values
/// are lent: to many readers, or to one writer.
pub(crate) struct Ram {
    /// This image: the only memory in which Rust objects lie.
    image: Range,
    /// The first address that is not mapped.
    end: u64,
}

impl Ram {
    /// The memory of the machine as `entry.s` leaves it.
    ///
    /// # Safety
    /// The caller makes one value only, after [`super::paging::take_over`] if
    /// `mode` is [`Mode::Long`], and nothing else runs or uses memory by
    /// address.
    pub(crate) unsafe fn take(mode: Mode) -> Self {
        Self {
            image: image::range(),
            end: match mode {
                Mode::Real | Mode::Protected => 1 << 32,
                Mode::Long => ADDRESSABLE,
            },
        }
    }

    /// Memory to be read.
    ///
    /// # Errors
    /// [`Problem::BadAddress`] if some of it belongs to this image or is not
    /// mapped.
    pub(crate) fn bytes(&self, range: Range) -> Result<&[u8], Problem> {
        let Some((at, size)) = self.place(range)? else {
            return Ok(&[]);
        };
        // SAFETY: by `place` it is mapped (module documentation), not at
        // address 0, and no Rust object. Bytes have no invalid values. Only
        // `self` lends this memory (`take`), and this is a shared loan of it.
        Ok(unsafe { core::slice::from_raw_parts(ptr::with_exposed_provenance(at), size) })
    }

    /// Memory to be changed.
    ///
    /// # Errors
    /// As [`Ram::bytes`].
    pub(crate) fn bytes_mut(&mut self, range: Range) -> Result<&mut [u8], Problem> {
        let Some((at, size)) = self.place(range)? else {
            return Ok(&mut []);
        };
        // SAFETY: as in `bytes`; the loan is exclusive.
        Ok(unsafe { core::slice::from_raw_parts_mut(ptr::with_exposed_provenance_mut(at), size) })
    }

    /// A copy of the bytes at an address.
    ///
    /// # Errors
    /// As [`Ram::bytes`].
    pub(crate) fn read<const N: usize>(&self, at: u64) -> Result<[u8; N], Problem> {
        let range = Range {
            start: at,
            size: stub::size::wide(N),
        };
        let bytes = self.bytes(range)?;
        bytes.first_chunk().copied().ok_or(Problem::BadAddress)
    }

    /// Copies memory. The ranges may overlap if the copy moves down.
    ///
    /// # Errors
    /// As [`Ram::bytes`], for either range.
    pub(crate) fn copy(&mut self, from: Range, to: u64) -> Result<(), Problem> {
        let target = Range {
            start: to,
            size: from.size,
        };
        if from.start == to || self.place(from)?.is_none() || self.place(target)?.is_none() {
            return Ok(());
        }
        // SAFETY: by `place` both ranges are mapped and hold no Rust object,
        // and nothing of this memory is lent, since `self` is borrowed
        // exclusively. The direction flag is clear from the entry on, and both
        // instructions go on where the first one ends.
        unsafe {
            asm!(
                "rep movsq",
                "mov ecx, {rest:e}",
                "rep movsb",
                rest = in(reg) from.size & 7,
                inout("rcx") from.size / 8 => _,
                inout("rsi") from.start => _,
                inout("rdi") to => _,
                options(nostack, preserves_flags)
            );
        }
        Ok(())
    }

    /// Address and size of a range that can be lent; `None` if it is empty.
    fn place(&self, range: Range) -> Result<Option<(usize, usize)>, Problem> {
        if range.size == 0 {
            return Ok(None);
        }
        if !range.is_lendable(self.image, self.end) {
            return Err(Problem::BadAddress);
        }
        match (usize::try_from(range.start), usize::try_from(range.size)) {
            (Ok(at), Ok(size)) => Ok(Some((at, size))),
            _ => Err(Problem::BadAddress),
        }
    }
}
