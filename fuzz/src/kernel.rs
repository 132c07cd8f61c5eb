//! A bzImage that is nothing but a header.

use boot::load::bzimage::{HEADER, SetupHeader};
use zerocopy::{FromZeros, IntoBytes};

/// A kernel of protocol 2.15 with this many bytes of protected-mode code.
pub fn image(size: usize) -> Vec<u8> {
    let mut header = SetupHeader::new_zeroed();
    header.setup_sects = 1;
    header.syssize = (size.div_ceil(16) as u32).into();
    header.boot_flag = 0xaa55.into();
    header.jump = [0xeb, 0x6a];
    header.header = *b"HdrS";
    header.version = 0x20f.into();
    header.loadflags = 1;
    header.code32_start = 0x10_0000.into();
    header.initrd_addr_max = 0x7fff_ffff.into();
    header.kernel_alignment = 0x20_0000.into();
    header.relocatable_kernel = 1;
    header.min_alignment = 21;
    header.cmdline_size = 2047.into();
    header.pref_address = 0x100_0000.into();
    header.init_size = 0x100_0000.into();
    let mut kernel = vec![0x90; 1024 + size];
    kernel[..HEADER].fill(0);
    kernel[HEADER..HEADER + size_of::<SetupHeader>()].copy_from_slice(header.as_bytes());
    kernel
}
