//! Headers of all ages, and those that lie.

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

pub(crate) fn parse(header: &SetupHeader, size: u32) -> Result<Kernel, Error> {
    header.check(size)
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
    let offset =
        |field: &SetupHeader, of: *const u8| of.addr() - core::ptr::from_ref(field).addr() + HEADER;
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
    let expected = Kernel {
        setup_size: 0x5000,
        size: 0x7d_d200 - 0x5000, // without the signature
        runtime_start: 0x100_0000,
        init_size: 0x3f9_8000,
        initrd_addr_max: 0x7fff_ffff,
        cmdline_size: 2047,
    };
    assert_eq!(debian().check(DEBIAN_SIZE), Ok(expected));
    assert_eq!(debian().xloadflags(), XLoadFlags::all());
    let mut head = [0xcc; HEAD];
    head[HEADER..0x26c].copy_from_slice(debian().as_bytes());
    assert_eq!(
        SetupHeader::of(&mut head).unwrap().check(DEBIAN_SIZE),
        Ok(expected)
    );
}

#[test]
fn versions() {
    for version in 0x202..=0x212 {
        let header = of_version(version);
        let kernel = header.check(DEBIAN_SIZE).unwrap();
        let since = |first, now: u32, before: u32| if version >= first { now } else { before };
        assert_eq!(kernel.size, since(0x204, 0x7d_8200, 0x7d_87c0));
        assert_eq!(
            kernel.initrd_addr_max,
            since(0x203, 0x7fff_ffff, 0x37ff_ffff)
        );
        assert_eq!(kernel.cmdline_size, since(0x206, 2047, 255));
        let aligned = since(0x205, 0x20_0000, 0x10_0000);
        assert_eq!(kernel.runtime_start, since(0x20a, 0x100_0000, aligned));
        let estimate = 4 * kernel.size + (4 << 20);
        assert_eq!(kernel.init_size, since(0x20a, 0x3f9_8000, estimate));
        assert_eq!(u32::from(header.xloadflags().bits()), since(0x20c, 0x7f, 0));
    }
}

#[test]
fn the_jump_tells_the_length_too() {
    let cut = |distance: u8| {
        let mut header = debian();
        header.jump = [0xeb, distance];
        let end = usize::from(distance) + 0x202;
        header.as_mut_bytes()[end - HEADER..].fill(0xcc);
        header.check(DEBIAN_SIZE).unwrap()
    };
    assert_eq!(cut(0x3a).cmdline_size, 2047);
    assert_eq!(cut(0x39).cmdline_size, 255);
    assert_eq!(cut(0x39).runtime_start, 0x20_0000);
    assert_eq!(cut(0x32).runtime_start, 0x10_0000);
    assert_eq!(cut(0x2e).initrd_addr_max, 0x7fff_ffff);
    assert_eq!(cut(0x2a).initrd_addr_max, 0x37ff_ffff);
    // Longer than anything known, or no such jump: the version tells.
    for jump in [[0xeb, 0x7f], [0xeb, 0xff], [0xe9, 0]] {
        let mut header = debian();
        header.jump = jump;
        assert_eq!(header.check(DEBIAN_SIZE), debian().check(DEBIAN_SIZE));
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
            .map_err(|error| (error.kind(), error.at()))
    };
    assert_eq!(size(2, 1024 + 32), Ok(32));
    assert_eq!(size(2, 1024 + 33), Ok(32), "a signature");
    assert_eq!(size(2, 1024 + 17), Ok(17), "the last paragraph is begun");
    assert_eq!(size(2, 1024 + 16), Err((Kind::KernelTruncated, 16)));
    assert_eq!(size(0, 1024 + 40), Ok(40), "not said");
    assert_eq!(size(0, 1024), Err((Kind::KernelTruncated, 0)));
    assert_eq!(size(1, 10), Err((Kind::KernelTruncated, 16)));
    assert_eq!(
        size(u32::MAX, 1025),
        Err((Kind::KernelTruncated, 0xffff_fffe))
    );
    assert_eq!(size(u32::MAX, u32::MAX), Err((Kind::KernelTruncated, 1024)));
}

#[test]
fn refusals() {
    let refused = |change: &dyn Fn(&mut SetupHeader)| {
        let mut header = debian();
        change(&mut header);
        let error = parse(&header, DEBIAN_SIZE).unwrap_err();
        (error.kind(), error.at())
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
}

#[test]
fn alignment_moves_where_it_runs() {
    let mut header = debian();
    header.kernel_alignment = 0x200_0000.into();
    assert_eq!(
        parse(&header, DEBIAN_SIZE).unwrap().runtime_start,
        0x200_0000
    );
    header.relocatable_kernel = 0;
    assert_eq!(
        parse(&header, DEBIAN_SIZE).unwrap().runtime_start,
        0x100_0000
    );
    header.kernel_alignment = 3.into();
    assert_eq!(
        parse(&header, DEBIAN_SIZE).unwrap().runtime_start,
        0x100_0000
    );
    header.kernel_alignment = 0x8000_0000.into();
    header.relocatable_kernel = 1;
    assert_eq!(
        parse(&header, DEBIAN_SIZE).unwrap().runtime_start,
        0x8000_0000
    );
}
