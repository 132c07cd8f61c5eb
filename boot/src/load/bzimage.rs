//! The bzImage header: what a kernel says of itself.
//!
//! Source: the Linux/x86 boot protocol, "The Real-Mode Kernel Header". A kernel
//! says twice which fields it has: by its protocol version and by the header's
//! length, the second byte of the jump at 0x200. What one of the two rules out
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
    /// (r, 2.05) What a relocatable kernel aligns itself to, a power of two.
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
    /// already goes behind what a loader adds.
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
    /// `xloadflags`: what the kernel supports beside the 16-bit entry.
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
        /// It uses them where the processor can.
        const LEVEL5_ENABLED = 1 << 6;
    }
}

/// End offsets of the fields that versions 2.02, 2.03, ... have, less 0x200.
const END_BY_VERSION: [u8; 14] = [
    0x2c, 0x30, 0x30, 0x35, 0x3c, 0x48, 0x50, 0x58, 0x64, 0x68, 0x68, 0x68, 0x68, 0x6c,
];

/// The oldest protocol that is booted: the first in which the command line can
/// lie outside the real-mode segment's last bytes.
const OLDEST: u16 = 0x202;

/// A kernel's header, found to be one that can be booted.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// The header; fields that this kernel does not have are 0.
    pub header: SetupHeader,
    /// Bytes of `header` that the kernel has. Those behind are its code.
    length: usize,
    /// Bytes of the real-mode part, at the file's start: 1,024 to 32 KiB.
    pub setup_size: u32,
    /// Bytes of the protected-mode part, which follows. A signed kernel's file
    /// is longer, by a signature that nobody wants in memory.
    pub size: u32,
}

impl Kernel {
    /// Reads the header in `head`, the first bytes of a kernel of `size` bytes
    /// in all.
    ///
    /// Errors: [`Kind::KernelUnknown`], [`Kind::KernelOld`],
    /// [`Kind::KernelZimage`], [`Kind::KernelHeader`], [`Kind::KernelTruncated`].
    pub fn parse(head: &[u8; HEAD], size: u32) -> Result<Self, Error> {
        let fields = head.get(HEADER..).unwrap_or_default();
        let Ok((mut header, _)) = SetupHeader::read_from_prefix(fields) else {
            return Err(Error::new(Kind::KernelUnknown, 0));
        };
        if header.boot_flag.get() != 0xaa55 || header.header != *b"HdrS" {
            return Err(Error::new(Kind::KernelUnknown, 0));
        }
        let version = header.version.get();
        let Some(newer) = version.checked_sub(OLDEST) else {
            return Err(Error::new(Kind::KernelOld, 0));
        };
        if !LoadFlags::from_bits_retain(header.loadflags).contains(LoadFlags::LOADED_HIGH) {
            return Err(Error::new(Kind::KernelZimage, 0));
        }

        let end = *END_BY_VERSION.get(usize::from(newer)).unwrap_or(&0x6c);
        let end = match header.jump {
            [0xeb, distance] => end.min(distance.saturating_add(2)),
            _ => end,
        };
        // The fields up to cmd_line_ptr are those that a loader must write.
        if end < 0x2c {
            return Err(Error::new(Kind::KernelHeader, 0x201));
        }
        let length = usize::from(end).wrapping_add(0x200 - HEADER);
        header
            .as_mut_bytes()
            .get_mut(length..)
            .unwrap_or_default()
            .fill(0);

        let setup_sects = match header.setup_sects {
            0 => 4,
            sectors => u32::from(sectors),
        };
        let setup_size = (setup_sects.wrapping_add(1)) << 9;
        if setup_size > KERNEL_SETUP.size() {
            return Err(Error::new(Kind::KernelHeader, 0x1f1));
        }
        // syssize counts started paragraphs, so a whole kernel may end up to 15
        // bytes early. Before 2.04 it was 16 bits wide and wrong.
        let in_file = size.saturating_sub(setup_size);
        let syssize = if version < 0x204 {
            0
        } else {
            header.syssize.get()
        };
        if in_file == 0 || in_file.div_ceil(16) < syssize {
            let whole = (u64::from(syssize) << 4).wrapping_add(u64::from(setup_size));
            return Err(Error::new(Kind::KernelTruncated, whole));
        }
        let size = match syssize {
            0 => in_file,
            paragraphs => in_file.min(paragraphs.saturating_mul(16)),
        };
        if header.relocatable_kernel != 0 && !header.kernel_alignment.get().is_power_of_two() {
            return Err(Error::new(Kind::KernelHeader, 0x230));
        }
        Ok(Self {
            header,
            length,
            setup_size,
            size,
        })
    }

    /// The part of [`Kernel::header`] that this kernel has, to be put back at
    /// [`HEADER`].
    pub fn fields(&self) -> &[u8] {
        self.header
            .as_bytes()
            .get(..self.length)
            .unwrap_or_default()
    }

    /// The longest command line it reads, in bytes without the NUL.
    pub fn cmdline_size(&self) -> u32 {
        or_default(self.header.cmdline_size.get(), 255)
    }

    /// The highest address that the initrd's last byte may have.
    pub fn initrd_addr_max(&self) -> u32 {
        or_default(self.header.initrd_addr_max.get(), 0x37ff_ffff)
    }

    /// Where it runs, once it has unpacked itself.
    ///
    /// One that is relocatable aligns the address at which it lies, and goes up
    /// to `pref_address` from below; others run at `pref_address`. Older
    /// kernels do not say where that is: where they lie, or not far above.
    pub fn runtime_start(&self) -> u64 {
        let preferred = match self.header.pref_address.get() {
            0 => u64::from(KERNEL),
            address => address,
        };
        if self.header.relocatable_kernel == 0 {
            return preferred;
        }
        let mask = self.header.kernel_alignment.get().wrapping_sub(1);
        preferred.max(u64::from(KERNEL.wrapping_add(mask) & !mask))
    }

    /// Bytes it needs from where it runs.
    ///
    /// Kernels before 2.10 do not say. They are packed by gzip, or by bzip2 or
    /// LZMA at the very end, and come out at most four times as large; 4 MiB
    /// more hold what is not in the file (BSS, first page tables) and the
    /// distance of those that run at 2 MiB.
    pub fn init_size(&self) -> u32 {
        let estimate = self.size.saturating_mul(4).saturating_add(4 << 20);
        or_default(self.header.init_size.get(), estimate)
    }

    /// What it supports beside the 16-bit entry.
    pub fn xloadflags(&self) -> XLoadFlags {
        let has_them = self.header.version.get() >= 0x20c;
        XLoadFlags::from_bits_retain(if has_them {
            self.header.xloadflags.get()
        } else {
            0
        })
    }
}

fn or_default(value: u32, default: u32) -> u32 {
    if value == 0 { default } else { value }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )]

    use super::*;
    use zerocopy::FromZeros;

    /// The header of Debian's generic kernel 6.1.0-56, but for what a boot
    /// loader on a BIOS never looks at.
    pub(crate) fn debian() -> SetupHeader {
        let mut header = SetupHeader::new_zeroed();
        header.setup_sects = 39;
        header.root_flags = 1.into();
        header.syssize = ((0x7d_d200 - 40 * 512) / 16).into();
        header.vid_mode = 0xffff.into();
        header.boot_flag = 0xaa55.into();
        header.jump = [0xeb, 0x6a];
        header.header = *b"HdrS";
        header.version = 0x20f.into();
        header.kernel_version = 0x42c0.into();
        header.loadflags = 1;
        header.setup_move_size = 0x8000.into();
        header.code32_start = 0x10_0000.into();
        header.heap_end_ptr = 0x5be0.into();
        header.initrd_addr_max = 0x7fff_ffff.into();
        header.kernel_alignment = 0x20_0000.into();
        header.relocatable_kernel = 1;
        header.min_alignment = 21;
        header.xloadflags = 0x7f.into();
        header.cmdline_size = 2047.into();
        header.pref_address = 0x100_0000.into();
        header.init_size = 0x3f9_8000.into();
        header
    }

    /// The size of that kernel, with its signature.
    pub(crate) const DEBIAN_SIZE: u32 = 0x7d_d7c0;

    /// The start of a kernel with this header; what is not header is 0xcc.
    fn head(header: &SetupHeader) -> [u8; HEAD] {
        let mut head = [0xcc; HEAD];
        head[HEADER..][..size_of::<SetupHeader>()].copy_from_slice(header.as_bytes());
        head
    }

    pub(crate) fn parse(header: &SetupHeader, size: u32) -> Result<Kernel, Error> {
        Kernel::parse(&head(header), size)
    }

    /// The same kernel as if made by the time of another protocol version: what
    /// came later is code.
    pub(crate) fn of_version(version: u16) -> SetupHeader {
        let mut header = debian();
        header.version = version.into();
        let end = match version {
            0x202 => 0x22c,
            0x203 | 0x204 => 0x230,
            0x205 => 0x235,
            0x206 => 0x23c,
            0x207 => 0x248,
            0x208 => 0x250,
            0x209 => 0x258,
            0x20a => 0x264,
            0x20b..=0x20e => 0x268,
            _ => 0x26c,
        };
        header.as_mut_bytes()[end - HEADER..].fill(0xcc);
        header
    }

    #[test]
    fn layout() {
        let offset = |field: &SetupHeader, of: *const u8| {
            of.addr() - core::ptr::from_ref(field).addr() + HEADER
        };
        let header = debian();
        assert_eq!(size_of::<SetupHeader>(), 0x26c - HEADER);
        for (field, at) in [
            (core::ptr::from_ref(&header.boot_flag).cast(), 0x1fe),
            (core::ptr::from_ref(&header.header).cast(), 0x202),
            (core::ptr::from_ref(&header.loadflags).cast(), 0x211),
            (core::ptr::from_ref(&header.ramdisk_image).cast(), 0x218),
            (core::ptr::from_ref(&header.heap_end_ptr).cast(), 0x224),
            (core::ptr::from_ref(&header.cmd_line_ptr).cast(), 0x228),
            (core::ptr::from_ref(&header.xloadflags).cast(), 0x236),
            (core::ptr::from_ref(&header.setup_data).cast(), 0x250),
            (
                core::ptr::from_ref(&header.kernel_info_offset).cast(),
                0x268,
            ),
        ] {
            assert_eq!(offset(&header, field), at);
        }
    }

    #[test]
    fn debian_signed() {
        let kernel = parse(&debian(), DEBIAN_SIZE).unwrap();
        assert_eq!(kernel.setup_size, 0x5000);
        assert_eq!(kernel.size, 0x7d_d200 - 0x5000, "without the signature");
        assert_eq!(kernel.cmdline_size(), 2047);
        assert_eq!(kernel.initrd_addr_max(), 0x7fff_ffff);
        assert_eq!(kernel.runtime_start(), 0x100_0000);
        assert_eq!(kernel.init_size(), 0x3f9_8000);
        assert_eq!(kernel.xloadflags(), XLoadFlags::all());
        assert_eq!(kernel.fields(), debian().as_bytes());
    }

    #[test]
    fn versions() {
        for version in 0x202..=0x212 {
            let header = of_version(version);
            let kernel = parse(&header, DEBIAN_SIZE).unwrap();
            let since = |first, now: u64, before: u64| if version >= first { now } else { before };
            assert_eq!(u64::from(kernel.size), since(0x204, 0x7d_8200, 0x7d_87c0));
            assert_eq!(
                u64::from(kernel.initrd_addr_max()),
                since(0x203, 0x7fff_ffff, 0x37ff_ffff)
            );
            assert_eq!(u64::from(kernel.cmdline_size()), since(0x206, 2047, 255));
            let aligned = since(0x205, 0x20_0000, 0x10_0000);
            assert_eq!(kernel.runtime_start(), since(0x20a, 0x100_0000, aligned));
            let estimate = 4 * u64::from(kernel.size) + (4 << 20);
            assert_eq!(
                u64::from(kernel.init_size()),
                since(0x20a, 0x3f9_8000, estimate)
            );
            assert_eq!(u64::from(kernel.xloadflags().bits()), since(0x20c, 0x7f, 0));
            // What is put back over the kernel is no more than its header.
            let length = kernel.fields().len();
            assert_eq!(kernel.fields(), &header.as_bytes()[..length]);
            assert!(header.as_bytes()[length..].iter().all(|&byte| byte == 0xcc));
        }
    }

    #[test]
    fn the_jump_tells_the_length_too() {
        let mut header = debian();
        header.jump = [0xeb, 0x36];
        header.as_mut_bytes()[0x238 - HEADER..].fill(0xcc);
        let kernel = parse(&header, DEBIAN_SIZE).unwrap();
        assert_eq!(kernel.fields().len(), 0x238 - HEADER);
        assert_eq!(kernel.cmdline_size(), 255);
        assert_eq!(kernel.header.setup_data.get(), 0);
        // Longer than anything known, or no such jump: the version tells.
        for jump in [[0xeb, 0x7f], [0xeb, 0xff], [0xe9, 0]] {
            header = debian();
            header.jump = jump;
            assert_eq!(parse(&header, DEBIAN_SIZE).unwrap().fields().len(), 0x7b);
        }
    }

    #[test]
    fn setup_sects() {
        for (setup_sects, size) in [
            (0, 0xa00),
            (1, 0x400),
            (31, 0x4000),
            (39, 0x5000),
            (63, 0x8000),
        ] {
            let mut header = debian();
            header.setup_sects = setup_sects;
            header.syssize = 16.into();
            let kernel = parse(&header, DEBIAN_SIZE).unwrap();
            assert_eq!((kernel.setup_size, kernel.size), (size, 256));
        }
    }

    #[test]
    fn sizes() {
        let size = |syssize: u32, file: u32| {
            let mut header = debian();
            header.setup_sects = 1;
            header.syssize = syssize.into();
            parse(&header, file)
                .map(|kernel| kernel.size)
                .map_err(|error| (error.kind, error.at))
        };
        assert_eq!(size(2, 1024 + 32), Ok(32));
        assert_eq!(size(2, 1024 + 33), Ok(32), "a signature");
        assert_eq!(size(2, 1024 + 17), Ok(17), "the last paragraph is begun");
        assert_eq!(size(2, 1024 + 16), Err((Kind::KernelTruncated, 1024 + 32)));
        assert_eq!(size(0, 1024 + 40), Ok(40), "not said");
        assert_eq!(size(0, 1024), Err((Kind::KernelTruncated, 1024)));
        assert_eq!(size(1, 10), Err((Kind::KernelTruncated, 1024 + 16)));
        let whole = (0xffff_ffff << 4) + 1024;
        assert_eq!(
            size(u32::MAX, u32::MAX),
            Err((Kind::KernelTruncated, whole))
        );
        assert_eq!(size(0x1000_0000 - 64, u32::MAX), Ok(u32::MAX - 1024));
    }

    #[test]
    fn refusals() {
        let refused = |change: &dyn Fn(&mut SetupHeader)| {
            let mut header = debian();
            change(&mut header);
            let error = parse(&header, DEBIAN_SIZE).unwrap_err();
            (error.kind, error.at)
        };
        assert_eq!(
            refused(&|header| header.header = *b"hdrS"),
            (Kind::KernelUnknown, 0)
        );
        assert_eq!(
            refused(&|header| header.boot_flag = 0.into()),
            (Kind::KernelUnknown, 0)
        );
        assert_eq!(
            refused(&|header| header.version = 0x201.into()),
            (Kind::KernelOld, 0)
        );
        assert_eq!(
            refused(&|header| header.version = 0.into()),
            (Kind::KernelOld, 0)
        );
        assert_eq!(
            refused(&|header| header.loadflags = 0x80),
            (Kind::KernelZimage, 0)
        );
        assert_eq!(
            refused(&|header| header.setup_sects = 64),
            (Kind::KernelHeader, 0x1f1)
        );
        assert_eq!(
            refused(&|header| header.jump[1] = 0x29),
            (Kind::KernelHeader, 0x201)
        );
        assert_eq!(
            refused(&|header| header.kernel_alignment = 3.into()),
            (Kind::KernelHeader, 0x230)
        );
        assert_eq!(
            refused(&|header| header.kernel_alignment = 0.into()),
            (Kind::KernelHeader, 0x230)
        );
        assert_eq!(
            Kernel::parse(&[0; HEAD], 0).unwrap_err().kind,
            Kind::KernelUnknown
        );
    }

    #[test]
    fn alignment_moves_where_it_runs() {
        let mut header = debian();
        header.kernel_alignment = 0x200_0000.into();
        assert_eq!(
            parse(&header, DEBIAN_SIZE).unwrap().runtime_start(),
            0x200_0000
        );
        header.relocatable_kernel = 0;
        assert_eq!(
            parse(&header, DEBIAN_SIZE).unwrap().runtime_start(),
            0x100_0000
        );
        header.kernel_alignment = 3.into();
        assert_eq!(
            parse(&header, DEBIAN_SIZE).unwrap().runtime_start(),
            0x100_0000
        );
        header.kernel_alignment = 0x8000_0000.into();
        header.relocatable_kernel = 1;
        assert_eq!(
            parse(&header, DEBIAN_SIZE).unwrap().runtime_start(),
            0x8000_0000
        );
    }
}
