//! The inner kernel's header, and the one of the file around it.
//!
//! Loaders believe the outer header, so it tells the truth about the file as a
//! whole: what it takes on comes from the inner kernel, what it needs of memory
//! is enough for both.

use layout::uki::{
    ENTRY_64, KERNEL_INFO, KERNEL_INFO_MAGIC, PROTECTED_MODE, SETUP_HEADER, SETUP_HEADER_END,
    SETUP_SECTS, SIGNATURE_ROOM, VERSION,
};
use stub::params::{
    self, LOADED_HIGH, XLF_CAN_BE_LOADED_ABOVE_4G, XLF_KERNEL_64, field, u8, u16, u32, u64,
};
use stub::problem::Problem;

use super::content::Content;
use super::pe::Pe;
use crate::error::Error;
use crate::number::to_u32;

/// A kernel for a `.linux` section.
#[derive(Clone, Debug)]
pub struct InnerKernel {
    /// The first sectors of the file, header included.
    head: Vec<u8>,
    /// What the stub will make of it.
    parsed: stub::kernel::InnerKernel,
    /// Its version string: `6.1.0-13-amd64 (maintainer) ...`.
    pub version: Option<String>,
    /// The newest type of `setup_data` that it knows.
    setup_type_max: u32,
}

/// The operand of the jump over the header, which counts from the byte after it.
const JUMP: u8 = 0x6a;
const _: () = assert!(SETUP_HEADER_END == 0x202 + 0x6a);
/// `kernel_version`: where the version string lies, from offset 0x200 on.
const VERSION_POINTER: u16 = 0x1d00;
const _: () = assert!(VERSION == 0x200 + 0x1d00);
const VERSION_2_15: u16 = 0x20f;
/// The outer header's version.
const PROTOCOL: u16 = VERSION_2_15;

/// `xloadflags` that hold for the file if they hold for its kernel: 64-bit
/// entry, above 4 GiB, EFI information by kexec, five levels. EFI handover is
/// the stub's business.
const XLOADFLAGS: u16 = XLF_KERNEL_64 | XLF_CAN_BE_LOADED_ABOVE_4G | 1 << 4 | 1 << 5 | 1 << 6;

/// Fields that are the inner kernel's, whatever lies around it.
const FROM_KERNEL: [(usize, usize); 9] = [
    (0x1f2, 2), // root_flags
    (0x1fa, 4), // vid_mode, root_dev
    (0x20c, 2), // start_sys_seg
    (0x212, 2), // setup_move_size
    (field::INITRD_ADDR_MAX, 4),
    (field::KERNEL_ALIGNMENT, 4),
    (field::CMDLINE_SIZE, 4),
    (0x240, 8), // hardware_subarch_data
    (field::PREF_ADDRESS, 8),
];

impl InnerKernel {
    /// Reads the header of a kernel; the error says what the kernel lacks.
    ///
    /// # Errors
    /// It is not a kernel that the stub can start, or cannot be read.
    pub fn read(linux: &Content) -> Result<Self, Error> {
        let head = linux.head(0x1_0000)?;
        let parsed = stub::kernel::InnerKernel::parse(&head, linux.size()).map_err(|problem| {
            Error::failed(match problem {
                Problem::NotRelocatable => {
                    "the kernel is not relocatable: build it with CONFIG_RELOCATABLE"
                }
                _ => "the kernel is not an x86 bzImage (protocol 2.10 or later): is it the right file?",
            })
        })?;
        let at = usize::from(u16(&head, 0x20e)) + 0x200;
        let text = head.get(at..).filter(|_| at > 0x200).unwrap_or_default();
        let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
        let version = String::from_utf8_lossy(text).into_owned();
        let mut kernel = Self {
            version: Some(version).filter(|version| !version.is_empty()),
            setup_type_max: 0,
            head,
            parsed,
        };
        let info = u64::from(u32(&kernel.head, 0x268)).saturating_add(kernel.parsed.setup);
        let info = linux.bytes(info, 16)?;
        if kernel.protocol() >= VERSION_2_15 && info.starts_with(&KERNEL_INFO_MAGIC) {
            kernel.setup_type_max = u32(&info, 12);
        }
        Ok(kernel)
    }

    /// The most characters of a command line that it takes.
    pub fn cmdline_size(&self) -> u32 {
        self.parsed.cmdline_size
    }

    /// The newest type of `setup_data` that it knows.
    pub fn setup_type_max(&self) -> u32 {
        self.setup_type_max
    }

    /// `uname -r` of it, as far as its version string tells.
    pub fn uname(&self) -> Option<&str> {
        self.version.as_deref()?.split(' ').next()
    }

    /// True if it has a 64-bit entry: kexec may use that of the file.
    pub fn is_64_bit(&self) -> bool {
        self.xloadflags() & XLF_KERNEL_64 != 0
    }

    fn protocol(&self) -> u16 {
        u16(&self.head, field::VERSION)
    }

    fn xloadflags(&self) -> u16 {
        match self.protocol() {
            0x20c.. => u16(&self.head, field::XLOADFLAGS),
            _ => 0,
        }
    }

    /// The header of a file with a protected-mode part of `size` bytes, in
    /// which this kernel's file begins at offset `linux`; `cmdline` is the
    /// length of the longest command line inside. From offset 0x1f1 on.
    ///
    /// # Errors
    /// The file with its kernel would need more than 4 GiB.
    pub fn outer_header(&self, size: u64, linux: u32, cmdline: u32) -> Result<Vec<u8>, Error> {
        let mut header = vec![0; SETUP_HEADER_END];
        let mut put = |at: usize, bytes: &[u8]| params::put(&mut header, at, bytes);
        for (at, size) in FROM_KERNEL {
            let field = self.head.get(at..).and_then(|rest| rest.get(..size));
            put(at, field.unwrap_or_default());
        }
        put(field::SETUP_SECTS, &[SETUP_SECTS]);
        put(
            0x1f4,
            &u32::try_from(size / 16).unwrap_or(u32::MAX).to_le_bytes(),
        );
        put(field::BOOT_FLAG, &[0x55, 0xaa]);
        put(0x200, &[0xeb, JUMP]);
        put(field::MAGIC, b"HdrS");
        put(field::VERSION, &PROTOCOL.to_le_bytes());
        put(0x20e, &VERSION_POINTER.to_le_bytes());
        put(field::LOADFLAGS, &[LOADED_HIGH]);
        put(field::CODE32_START, &0x10_0000_u32.to_le_bytes());
        put(
            field::HEAP_END_PTR,
            &self.heap_end_ptr(cmdline).to_le_bytes(),
        );
        put(field::RELOCATABLE, &[1]);
        put(0x235, &[u8(&self.head, 0x235)]);
        put(
            field::XLOADFLAGS,
            &(self.xloadflags() & XLOADFLAGS).to_le_bytes(),
        );
        put(field::INIT_SIZE, &self.init_size(size)?.to_le_bytes());
        put(0x268, &to_u32(KERNEL_INFO).to_le_bytes());
        if u32(&self.head, 0x24c) != 0 {
            let payload = u64::from(linux)
                .saturating_add(self.parsed.setup)
                .saturating_add(u32(&self.head, 0x248).into());
            put(0x248, &to_u32(payload).to_le_bytes());
            put(0x24c, &self.head[0x24c..0x250]);
        }
        Ok(header.split_off(SETUP_HEADER))
    }

    /// Memory that a loader must give the file: for itself with a signature,
    /// and after it, aligned, for the kernel.
    fn init_size(&self, size: u64) -> Result<u32, Error> {
        let pages = size.checked_next_multiple_of(0x1000);
        let needed = pages
            .unwrap_or(u64::MAX)
            .saturating_add(SIGNATURE_ROOM.into())
            .saturating_add(u32(&self.head, field::KERNEL_ALIGNMENT).into())
            .saturating_add(u32(&self.head, field::INIT_SIZE).into());
        u32::try_from(needed).map_err(|_| {
            Error::failed("the file would be larger than 4 GiB with what its kernel needs: use a smaller initrd")
        })
    }

    /// Low memory that the file needs: for the stub, or for the kernel's own
    /// real-mode part with the command line and the stub's way back to it.
    fn heap_end_ptr(&self, cmdline: u32) -> u16 {
        let kernel = self.parsed.footprint.max(to_u32(self.parsed.setup));
        let needed = kernel.saturating_add(0x181).saturating_add(cmdline);
        let needed = needed.checked_next_multiple_of(16).unwrap_or(u32::MAX);
        let needed = needed.max(to_u32(PROTECTED_MODE + 0x1400));
        u16::try_from(needed.saturating_sub(0x200)).unwrap_or(0xfdfc)
    }
}

/// What a kernel takes in memory under UEFI, if it is a PE image.
pub fn image_size(linux: &Content) -> Option<u32> {
    let pe = Pe::parse(&linux.head(0x1_0000).ok()?, "").ok()?;
    // SizeOfImage
    Some(u32(&pe.optional, 56))
}

/// True if the first bytes of a file are those of a legacy-compatible UKI.
pub fn is_legacy(head: &[u8]) -> bool {
    use layout::uki::{TABLE_HEADER, TABLE_MAGIC};
    let table = PROTECTED_MODE + TABLE_HEADER;
    head.get(field::MAGIC..field::MAGIC + 4) == Some(b"HdrS")
        && u8(head, field::SETUP_SECTS) == SETUP_SECTS
        && head
            .get(table..)
            .is_some_and(|table| table.starts_with(&TABLE_MAGIC))
        && head.len() >= PROTECTED_MODE + ENTRY_64
}

/// The fields of an outer header that `inspect` checks.
pub struct Outer {
    /// Bytes of the protected-mode part by `syssize`.
    pub size: u64,
    /// `init_size`.
    pub init_size: u32,
    /// `xloadflags` has the 64-bit entry.
    pub is_64_bit: bool,
    /// `pref_address`.
    pub preferred: u64,
}

impl Outer {
    /// Reads them.
    pub fn read(head: &[u8]) -> Self {
        Self {
            size: u64::from(u32(head, 0x1f4)) * 16,
            init_size: u32(head, field::INIT_SIZE),
            is_64_bit: u16(head, field::XLOADFLAGS) & XLF_KERNEL_64 != 0,
            preferred: u64(head, field::PREF_ADDRESS),
        }
    }
}
