//! The bzImage header: a kernel's description of itself.
//!
//! Source: the Linux/x86 boot protocol, "The Real-Mode Kernel Header". A kernel
//! says twice which fields it has: by its protocol version and by the header's
//! length, the second byte of the jump at 0x200. A field that one of the two excludes
//! reads as 0 here, and 0 means "not said" in every field that has a default.

use crate::{Error, Kind};
use bitflags::bitflags;
use layout::memory::{KERNEL, KERNEL_SETUP};
use zerocopy::little_endian::{U16, U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// Bytes at the start of a kernel that hold its whole header. They belong to
/// the real-mode part, which is never shorter.
pub const HEAD: usize = 1024;

/// Offset of the header, in the kernel file and in the real-mode part.
pub const HEADER: usize = 0x1f1;

/// The header, at [`HEADER`]. (r) is for the loader to read, (w) to write, (m)
/// to read and modify; the number is the protocol version that brought it.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct SetupHeader {
    /// (r, all) 512-byte sectors of the real-mode part but the first; 0 means 4.
    pub setup_sects: u8,
    /// (m, all) Mount the root read-only. The command line says it today.
    pub root_flags: U16,
    /// (r, 2.04) Size of the protected-mode part, in 16-byte paragraphs.
    pub syssize: U32,
    /// (all) Obsolete.
    pub ram_size: U16,
    /// (m, all) Video mode, see [`super::cmdline::vid_mode`].
    pub vid_mode: U16,
    /// (m, all) Root device number. The command line says it today.
    pub root_dev: U16,
    /// (r, all) 0xaa55.
    pub boot_flag: U16,
    /// (r, 2.00) A short jump over the header: 0xeb and the distance from 0x202.
    pub jump: [u8; 2],
    /// (r, 2.00) `HdrS`.
    pub header: [u8; 4],
    /// (r, 2.00) Protocol version, 0x20f for 2.15.
    pub version: U16,
    /// (m, 2.00) A hook that runs before protected mode; ours never needs one.
    pub realmode_swtch: U32,
    /// (r, 2.00) Obsolete.
    pub start_sys_seg: U16,
    /// (r, 2.00) Offset of the kernel's version string, less 0x200; 0 for none.
    pub kernel_version: U16,
    /// (w, 2.00) Who loaded the kernel. With 0 it ignores its initrd.
    pub type_of_loader: u8,
    /// (m, 2.00) See [`LoadFlags`].
    pub loadflags: u8,
    /// (m, 2.00) Only for kernels of 2.01 and before.
    pub setup_move_size: U16,
    /// (m, 2.00) Address of the 32-bit entry; right as it is for kernels that
    /// lie at 0x100000.
    pub code32_start: U32,
    /// (w, 2.00) Physical address of the initrd, 0 for none.
    pub ramdisk_image: U32,
    /// (w, 2.00) Bytes of the initrd, 0 for none.
    pub ramdisk_size: U32,
    /// (2.00) Obsolete.
    pub bootsect_kludge: U32,
    /// (w, 2.01) End of heap and stack in the real-mode segment, less 0x200.
    pub heap_end_ptr: U16,
    /// (w, 2.02) Extends `type_of_loader`.
    pub ext_loader_ver: u8,
    /// (w, 2.02) Extends `type_of_loader` where that is 0xe?.
    pub ext_loader_type: u8,
    /// (w, 2.02) Physical address of the command line.
    pub cmd_line_ptr: U32,
    /// (r, 2.03) The highest address that the initrd's last byte may have.
    pub initrd_addr_max: U32,
    /// (r, 2.05) The alignment of a relocatable kernel, a power of two.
    pub kernel_alignment: U32,
    /// (r, 2.05) Not 0: the kernel may run at any aligned address.
    pub relocatable_kernel: u8,
    /// (r, 2.10) The lowest alignment that would do, as a power of two.
    pub min_alignment: u8,
    /// (r, 2.12) See [`XLoadFlags`].
    pub xloadflags: U16,
    /// (r, 2.06) Longest command line, in bytes without the NUL.
    pub cmdline_size: U32,
    /// (w, 2.07) 0: a PC.
    pub hardware_subarch: U32,
    /// (w, 2.07) For other hardware than PCs.
    pub hardware_subarch_data: U64,
    /// (r, 2.08) Offset of the compressed kernel in the protected-mode part.
    pub payload_offset: U32,
    /// (r, 2.08) Its length.
    pub payload_length: U32,
    /// (w, 2.09) Head of the `setup_data` list, 0 for none. A list that is there
    /// already comes after the nodes that a loader adds.
    pub setup_data: U64,
    /// (r, 2.10) Where the kernel runs if it can choose, and the lowest address
    /// at which it ever does.
    pub pref_address: U64,
    /// (r, 2.10) Bytes it needs from where it runs until it has read the memory
    /// map.
    pub init_size: U32,
    /// (r, 2.11) For EFI.
    pub handover_offset: U32,
    /// (r, 2.15) Offset of `kernel_info` in the protected-mode part.
    pub kernel_info_offset: U32,
}

bitflags! {
    /// `loadflags`.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct LoadFlags: u8 {
        /// (r) The protected-mode part goes to 0x100000: a bzImage.
        const LOADED_HIGH = 1 << 0;
        /// The kernel's own: it placed itself at random.
        const KASLR = 1 << 1;
        /// (w) Print less.
        const QUIET = 1 << 5;
        /// (w) Obsolete, for the 32-bit entry.
        const KEEP_SEGMENTS = 1 << 6;
        /// (w) `heap_end_ptr` is valid.
        const CAN_USE_HEAP = 1 << 7;
    }
}

bitflags! {
    /// `xloadflags`: the kernel's features beside the 16-bit entry.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct XLoadFlags: u16 {
        /// It has the 64-bit entry at 0x200 of the protected-mode part.
        const KERNEL_64 = 1 << 0;
        /// Kernel, `boot_params`, command line and initrd may lie above 4 GiB.
        const CAN_BE_LOADED_ABOVE_4G = 1 << 1;
        /// It has the 32-bit EFI handover entry.
        const EFI_HANDOVER_32 = 1 << 2;
        /// It has the 64-bit EFI handover entry.
        const EFI_HANDOVER_64 = 1 << 3;
        /// It supports EFI runtime services after kexec.
        const EFI_KEXEC = 1 << 4;
        /// It supports page tables of five levels.
        const LEVEL5 = 1 << 5;
        /// It uses them if the processor can.
        const LEVEL5_ENABLED = 1 << 6;
    }
}

/// End offsets of the fields that versions 2.02, 2.03, ... have, less 0x200.
const END_BY_VERSION: [u8; 14] = [
    0x2c, 0x30, 0x30, 0x35, 0x3c, 0x48, 0x50, 0x58, 0x64, 0x68, 0x68, 0x68, 0x68, 0x6c,
];

/// The content of the field `header`.
pub const MAGIC: [u8; 4] = *b"HdrS";
/// Offset of [`MAGIC`] in the file.
pub const MAGIC_AT: u32 = 0x202;

/// The oldest protocol that the loader boots: the first in which the command line can
/// lie outside the real-mode segment's last bytes.
const OLDEST: u16 = 0x202;

/// The facts about a kernel that matter to a boot loader, with the defaults filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// Bytes of the real-mode part, at the file's start: 1,024 to 32 KiB.
    pub setup_size: u32,
    /// Bytes of the protected-mode part, which follows. A signed kernel's file
    /// is longer, by a signature that nobody wants in memory.
    pub size: u32,
    /// The address where it runs after it has unpacked itself; 0xffffffff for an
    /// address of more than 32 bits.
    pub runtime_start: u32,
    /// Bytes that it needs from there on.
    pub init_size: u32,
    /// The highest address that the initrd's last byte may have.
    pub initrd_addr_max: u32,
    /// The longest command line it reads, in bytes without the NUL.
    pub cmdline_size: u32,
}

impl SetupHeader {
    /// The header in a kernel's first bytes.
    pub fn of(head: &mut [u8; HEAD]) -> Option<&mut Self> {
        let fields = head.get_mut(HEADER..)?;
        Some(Self::mut_from_prefix(fields).ok()?.0)
    }

    /// Checks the header of a kernel of `size` bytes, the header included.
    ///
    /// # Errors
    /// [`Kind::KernelUnknown`], [`Kind::KernelOld`],
    /// [`Kind::KernelZimage`], [`Kind::KernelHeader`], [`Kind::KernelTruncated`].
    pub fn check(&self, size: u32) -> Result<Kernel, Error> {
        if self.boot_flag.get() != 0xaa55 || self.header != MAGIC {
            return Err(Error::new(Kind::KernelUnknown, 0));
        }
        let version = self.version.get();
        let Some(newer) = version.checked_sub(OLDEST) else {
            return Err(Error::new(Kind::KernelOld, 0));
        };
        if !LoadFlags::from_bits_retain(self.loadflags).contains(LoadFlags::LOADED_HIGH) {
            return Err(Error::new(Kind::KernelZimage, 0));
        }

        let mut end = *END_BY_VERSION.get(usize::from(newer)).unwrap_or(&0x6c);
        if let [0xeb, distance] = self.jump {
            end = end.min(distance.saturating_add(2));
        }
        // Fields up to cmd_line_ptr are those that a loader must write.
        if end < 0x2c {
            return Err(Error::new(Kind::KernelHeader, 0x201));
        }

        let setup_sects = match self.setup_sects {
            0 => 4,
            sectors => u32::from(sectors),
        };
        let setup_size = setup_sects.wrapping_add(1) << 9;
        if setup_size > KERNEL_SETUP.size() {
            return Err(Error::new(Kind::KernelHeader, 0x1f1));
        }
        // syssize counts started paragraphs, so a whole kernel may end up to 15
        // bytes early. Before 2.04 it was 16 bits wide and wrong.
        let in_file = size.saturating_sub(setup_size);
        let mut size = in_file;
        if version >= 0x204 && self.syssize.get() != 0 {
            size = self.syssize.get().saturating_mul(16);
        }
        if in_file == 0 || in_file.saturating_add(15) < size {
            let missing = size.saturating_sub(in_file);
            return Err(Error::new(Kind::KernelTruncated, u64::from(missing)));
        }
        size = size.min(in_file);

        let mut kernel = Kernel {
            setup_size,
            size,
            runtime_start: KERNEL,
            // Kernels before 2.10 do not say. They are packed by gzip, the last of them
            // by bzip2 or LZMA, and become at most four times as large; 4 MiB more hold
            // what is not in the file (BSS, first page tables) and the distance of
            // those that run at 2 MiB.
            init_size: size.wrapping_add(1 << 20).saturating_mul(4),
            initrd_addr_max: 0x37ff_ffff,
            cmdline_size: 255,
        };
        if end >= 0x30 {
            kernel.initrd_addr_max = self.initrd_addr_max.get();
        }
        if end >= 0x3c {
            kernel.cmdline_size = self.cmdline_size.get();
        }
        if end >= 0x64 {
            kernel.init_size = self.init_size.get();
            let preferred = u32::try_from(self.pref_address.get()).unwrap_or(u32::MAX);
            kernel.runtime_start = preferred.max(KERNEL);
        }
        // A relocatable kernel aligns the address at which it lies, and goes up
        // to pref_address from below. Others run at pref_address, or, if they are too
        // old to say, where they lie or a little above.
        if end >= 0x35 && self.relocatable_kernel != 0 {
            let alignment = self.kernel_alignment.get();
            let mask = alignment.wrapping_sub(1);
            if alignment & mask != 0 || alignment == 0 {
                return Err(Error::new(Kind::KernelHeader, 0x230));
            }
            let aligned = KERNEL.wrapping_add(mask) & !mask;
            kernel.runtime_start = kernel.runtime_start.max(aligned);
        }
        Ok(kernel)
    }

    /// The kernel's features beside the 16-bit entry. Only for kernels that were
    /// checked.
    pub fn xloadflags(&self) -> XLoadFlags {
        let has_them = self.version.get() >= 0x20c;
        XLoadFlags::from_bits_retain(if has_them { self.xloadflags.get() } else { 0 })
    }
}

#[cfg(test)]
pub(super) mod tests;
