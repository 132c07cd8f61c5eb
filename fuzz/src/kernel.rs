//! Kernels that consist of a header and filler bytes.

use boot::load::bzimage::{HEADER, SetupHeader};
use zerocopy::{FromZeros, IntoBytes};

/// Offset of the end of the header in today's kernels.
pub const HEADER_END: usize = 0x26c;

/// A header like those of today's kernels, for `payload` bytes of protected-mode
/// code. The kernel needs 16 MiB of memory from 16 MiB on.
pub fn header(setup_sects: u8, payload: usize) -> SetupHeader {
    let mut header = SetupHeader::new_zeroed();
    header.setup_sects = setup_sects;
    header.syssize = (payload.div_ceil(16) as u32).into();
    header.vid_mode = 0xffff.into();
    header.boot_flag = 0xaa55.into();
    header.jump = [0xeb, 0x6a];
    header.header = *b"HdrS";
    header.version = 0x20f.into();
    header.loadflags = 1;
    header.code32_start = 0x10_0000.into();
    header.heap_end_ptr = 0x5be0.into();
    header.initrd_addr_max = 0x7fff_ffff.into();
    header.kernel_alignment = 0x20_0000.into();
    header.relocatable_kernel = 1;
    header.min_alignment = 21;
    header.xloadflags = 0x7f.into();
    header.cmdline_size = 2047.into();
    header.pref_address = 0x100_0000.into();
    header.init_size = 0x100_0000.into();
    header
}

/// Puts a header that ends at `end` into a kernel.
pub fn put(header: &SetupHeader, end: usize, kernel: &mut [u8]) {
    kernel[HEADER..end].copy_from_slice(&header.as_bytes()[..end - HEADER]);
}

/// A kernel of a header and `size` filler bytes.
pub fn image(size: usize) -> Vec<u8> {
    let mut kernel = vec![0x90; 1024 + size];
    kernel[..HEADER].fill(0);
    put(&header(1, size), HEADER_END, &mut kernel);
    kernel
}
