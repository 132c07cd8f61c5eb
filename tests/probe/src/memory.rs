//! Physical memory as the loader left it. Paging is off: addresses are
//! physical, and every range that the report reads is one that the loader says
//! it filled.

use crate::state::{STATE, State};
use core::ops::Range;

/// The real-mode part in memory, with the 64 KiB that belong to it.
pub(crate) struct RealModePart {
    address: u32,
}

impl RealModePart {
    pub(crate) fn at(address: u32) -> Self {
        Self { address }
    }

    pub(crate) fn address(&self) -> u32 {
        self.address
    }

    /// Bytes that the header says were loaded.
    pub(crate) fn size(&self) -> usize {
        let sectors = match self.bytes(0x1f1..0x1f2)[0] {
            0 => 4,
            sectors => usize::from(sectors),
        };
        (sectors + 1) * 512
    }

    pub(crate) fn bytes(&self, range: Range<usize>) -> &'static [u8] {
        &bytes(self.address, 0x1_0000)[range]
    }

    pub(crate) fn u16(&self, offset: usize) -> u16 {
        self.u32(offset) as u16
    }

    pub(crate) fn u32(&self, offset: usize) -> u32 {
        u32_of(bytes(self.address, 0x1_0000), offset)
    }

    pub(crate) fn u64(&self, offset: usize) -> u64 {
        u64_of(bytes(self.address, 0x1_0000), offset)
    }

    pub(crate) fn state(&self) -> &'static State {
        let at = (self.address as usize + STATE.start) as *const State;
        // SAFETY: the 16-bit code filled this part of its own image; it is
        // aligned (0x280 in a segment), holds plain numbers, and is not
        // written any more.
        unsafe { &*at }
    }
}

/// Bytes at a physical address; none where the address is 0 or the size
/// cannot be that of one object.
pub(crate) fn bytes(address: u32, size: u32) -> &'static [u8] {
    if address == 0 || size > i32::MAX as u32 || address.checked_add(size).is_none() {
        return &[];
    }
    // SAFETY: physical memory is mapped one to one and flat, nothing writes to
    // it but the stack, which lies in the real-mode part's segment above all
    // that is read there, and the length was checked. A range that is not RAM
    // reads as something, which is what the report should show.
    unsafe { core::slice::from_raw_parts(address as *const u8, size as usize) }
}

/// The NUL-terminated string at an address, at most 64 KiB.
pub(crate) fn string(address: u32) -> &'static [u8] {
    let bytes = bytes(address, 0x1_0000);
    let end = bytes.iter().position(|&byte| byte == 0);
    &bytes[..end.unwrap_or(bytes.len())]
}

pub(crate) fn u32_of(bytes: &[u8], offset: usize) -> u32 {
    let mut value = [0; 4];
    value.copy_from_slice(&bytes[offset..offset + 4]);
    u32::from_le_bytes(value)
}

pub(crate) fn u64_of(bytes: &[u8], offset: usize) -> u64 {
    u64::from(u32_of(bytes, offset)) | u64::from(u32_of(bytes, offset + 4)) << 32
}
