//! Memory by address, and the ways out of the stub.
//!
//! Everything is mapped one to one: the first 4 GiB by `entry.s` when the stub
//! was entered in 16 or 32 bits, any address on demand by [`crate::paging`]
//! when it was entered in 64 bits. All memory that is touched is the loader's
//! data, this file, or what the memory map calls free; nothing else runs.

use core::arch::{asm, global_asm};

global_asm!(include_str!("real_mode.s"), options(att_syntax));
global_asm!(
    include_str!("entry.s"),
    KERNEL_INFO = const layout::uki::KERNEL_INFO,
    TABLE_HEADER_SIZE = const layout::uki::TABLE_HEADER_SIZE,
    ENTRY_64 = const layout::uki::ENTRY_64,
    ENTRY_EFI = const layout::uki::ENTRY_EFI,
    efi_text = sym crate::message::EFI,
    main = sym crate::main,
    map = sym crate::paging::map,
    TABLES = const crate::paging::TABLES,
    LINE = const crate::LINE,
    options(att_syntax)
);

unsafe extern "C" {
    #[link_name = "leave_64"]
    safe fn leave_64_asm(entry: u64, params: u64) -> !;
    #[link_name = "leave_32"]
    safe fn leave_32_asm(entry: u32, params: u32) -> !;
    safe fn leave_16(trampoline: u64) -> !;
    static trampoline: u8;
    static trampoline_end: u8;
    static mut line: [u8; crate::LINE];
}

/// Bytes of memory.
///
/// What is read may change by a later [`copy`] or [`bytes_mut`]; callers keep
/// no slice across those.
pub(crate) fn bytes(at: u64, size: u64) -> &'static [u8] {
    if size == 0 {
        return &[];
    }
    // SAFETY: all memory is mapped (module documentation), bytes have no
    // invalid values, and nothing that is not empty lies at address 0: callers
    // take a 0 in `boot_params` for "none". No exclusive slice of the same
    // memory is in use at the same time: those live only inside single
    // functions of `main.rs` that take no shared one of the same range
    // meanwhile.
    unsafe { core::slice::from_raw_parts(at as *const u8, size as usize) }
}

/// Bytes of memory, to be changed.
pub(crate) fn bytes_mut(at: u64, size: u64) -> &'static mut [u8] {
    if size == 0 {
        return &mut [];
    }
    // SAFETY: as for `bytes`; the memory is `boot_params`, the loader's real-
    // mode segment, the screen, page tables or what the plan gave to the
    // kernel, none of which holds a Rust object.
    unsafe { core::slice::from_raw_parts_mut(at as *mut u8, size as usize) }
}

/// A copy of the bytes at an address.
pub(crate) fn read<const N: usize>(at: u64) -> [u8; N] {
    let mut copy = [0; N];
    copy.copy_from_slice(bytes(at, N as u64));
    copy
}

/// Copies memory; a copy to a lower address may overlap.
pub(crate) fn copy(from: u64, to: u64, size: u64) {
    if from == to {
        return;
    }
    // SAFETY: source and target are mapped (module documentation). The target
    // is free by the plan, or part of the file from which the same bytes come
    // and ascending order is right for a move downwards. `rep movs` is exact
    // about order: the direction flag is clear from the entry on.
    unsafe {
        asm!(
            "rep movsq",
            "mov ecx, {rest:e}",
            "rep movsb",
            rest = in(reg) size & 7,
            inout("rcx") size / 8 => _,
            inout("rsi") from => _,
            inout("rdi") to => _,
            options(nostack, preserves_flags)
        );
    }
}

/// Where the command line is made.
#[allow(clippy::deref_addrof, reason = "a mutable static goes by its address")]
pub(crate) fn line_buffer() -> &'static mut [u8] {
    // SAFETY: `line` is memory of this image that only users of this function
    // touch, of which each is done with it before the next one asks.
    unsafe { &mut *(&raw mut line) }
}

/// Stops.
pub(crate) fn halt() -> ! {
    loop {
        // SAFETY: the processor waits; interrupts are off.
        unsafe { asm!("hlt", options(nomem, nostack)) }
    }
}

/// Writes a byte to an I/O port.
pub(crate) fn write_port(port: u16, value: u8) {
    // SAFETY: only the ports of COM1 are used (`message.rs`), which change no
    // memory.
    unsafe {
        asm!("out dx, al", in("dx") port, in("al") value, options(nomem, nostack, preserves_flags))
    }
}

/// Reads a byte from an I/O port.
pub(crate) fn read_port(port: u16) -> u8 {
    let value;
    // SAFETY: as for `write_port`.
    unsafe {
        asm!("in al, dx", in("dx") port, out("al") value, options(nomem, nostack, preserves_flags))
    }
    value
}

/// Enters the kernel by its 64-bit entry.
pub(crate) fn leave_64(entry: u64, params: u64) -> ! {
    leave_64_asm(entry, params)
}

/// Enters the kernel by its 32-bit entry.
pub(crate) fn leave_32(entry: u32, params: u32) -> ! {
    leave_32_asm(entry, params)
}

/// Room for the trampoline below the heap's end, with some stack above it.
pub(crate) const TRAMPOLINE_ROOM: u64 = 0x180;

/// Where the stub was entered in real mode.
#[derive(Clone, Copy)]
pub(crate) struct RealMode {
    /// The address of the real-mode part, a multiple of 16.
    pub(crate) address: u32,
    /// The end of its heap, an offset to it.
    pub(crate) heap_end: u32,
}

/// File offsets in `real_mode.s`: where it shows a message, and where the IDT
/// of real mode is saved.
const FAILED: u16 = 0x1004;
const REAL_IDT: u64 = 0x1008;
/// Where it expects a message's text.
const TEXT: u64 = 0x2000;

impl RealMode {
    /// The IDT of real mode: limit, then base.
    pub(crate) fn idt(self) -> [u8; 6] {
        read(u64::from(self.address) + REAL_IDT)
    }

    /// Goes back to real mode, to `segment:offset`, with all data segments at
    /// the real-mode part and the stack at `stack`.
    pub(crate) fn enter(self, idt: [u8; 6], stack: u32, segment: u16, offset: u16) -> ! {
        let real = u64::from(self.address);
        let at = (real + u64::from(stack) - TRAMPOLINE_ROOM) & !15;
        let start = (&raw const trampoline) as u64;
        copy(start, at, (&raw const trampoline_end) as u64 - start);

        let place = bytes_mut(at, 60);
        let base = at.to_le_bytes();
        let descriptor = |access: u8| [0xff, 0xff, base[0], base[1], base[2], access, 0, 0];
        let mut put = |offset: usize, bytes: &[u8]| stub::params::put(place, offset, bytes);
        put(4, &idt);
        put(12, &23_u16.to_le_bytes());
        put(14, &(at + 24).to_le_bytes());
        put(32, &descriptor(0x9b));
        put(40, &descriptor(0x93));
        put(50, &((at >> 4) as u16).to_le_bytes());
        put(52, &offset.to_le_bytes());
        put(54, &segment.to_le_bytes());
        put(56, &((real >> 4) as u16).to_le_bytes());
        put(58, &(stack as u16).to_le_bytes());
        leave_16(at)
    }

    /// Goes back to real mode, where the text is shown.
    pub(crate) fn fail(self, text: &str) -> ! {
        let at = u64::from(self.address) + TEXT;
        bytes_mut(at, text.len() as u64).copy_from_slice(text.as_bytes());
        bytes_mut(at + text.len() as u64, 1).fill(0);
        self.enter(
            self.idt(),
            self.heap_end,
            (self.address >> 4) as u16,
            FAILED,
        )
    }
}
