//! Where things lie in the real-mode part, and what its code notes.

/// Where the header lies in the real-mode part; loaders may write to it.
pub(crate) const HEADER: core::ops::Range<usize> = 0x1f1..0x26c;
/// Offset of the size of the protected-mode part in bytes. The host that
/// changes the file keeps it true; the header's own `syssize` may lie.
pub(crate) const KERNEL_SIZE: usize = 0x278;
/// What the 16-bit code notes, see [`State`]; zero in the file.
pub(crate) const STATE: core::ops::Range<usize> = 0x280..0x300;
/// Offset of the BIOS's memory map, 20 bytes an entry, after what the longest
/// real-mode part fills.
pub(crate) const E820: usize = 0x9000;

/// The state at the entry point.
#[repr(C)]
pub(crate) struct State {
    /// eax, ebx, ecx, edx, esi, edi, ebp, esp
    pub(crate) registers: [u32; 8],
    pub(crate) eflags: u32,
    pub(crate) cr0: u32,
    /// cs, ds, es, fs, gs, ss
    pub(crate) segments: [u16; 6],
    /// 1 when addresses do not wrap at 1 MiB
    pub(crate) a20: u8,
    pub(crate) e820_entries: u8,
}

const _: () = assert!(size_of::<State>() < 0x40); // gdtr and far pointer follow
