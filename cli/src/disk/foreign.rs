//! Other programs that live where a boot loader lives, known by their marks.
//!
//! The marks are strings and instructions that stay the same from version to
//! version. A program that is not listed is still seen, as bytes that are not
//! zero; it merely has no name.

/// A mark, anywhere in the first 440 bytes of sector 0.
const BOOT_CODE: &[(&str, &[u8])] = &[
    ("GRUB", b"GRUB "),
    // Before Windows, whose messages are almost the same.
    ("syslinux", b"Operating system load error."),
    ("syslinux", b"Missing OS\r\n"),
    ("Windows", b"Error loading operating system"),
    ("Windows", b"BOOTMGR"),
    ("LILO", b"LILO"),
    // push 0x7000; pop es; mov di, 0x7da8: the table of its stage 2.
    ("Limine", b"\x68\x00\x70\x07\xbf\xa8\x7d"),
    ("GRUB4DOS", b"GRLDR"),
    ("FreeBSD", b"Missing boot loader"),
];

/// A mark at the start of a sector in the gap, of programs that keep something
/// there and write it again when it is gone.
const SQUATTERS: &[(&str, &[u8])] = &[
    ("FlexNet licensing", b"\xd4\x41\xa0\xf5\x03\x00\x03\x00"),
    ("FlexNet licensing", b"\xd8\x41\xa0\xf5\x02\x00\x02\x00"),
    (
        "HP Backup and Recovery",
        b"\x70\x8a\x5d\x46\x35\xc5\x1b\x93\xae\x3d\x86\xfd\xb1\x55\x3e\xe0",
    ),
    ("a HighPoint RAID controller", b"ycgl"),
    ("the Acer registration utility", b"GREGRegDone.Tag\0"),
    ("ZISD", b"ZISD"),
];

/// A mark at the start of a sector in the gap, of boot loaders, and of what may be left
/// of a partition that was there.
const OTHERS: &[(&str, &[u8])] = &[
    ("GRUB", b"\x52\x56\xbe\x1b"),
    ("GRUB", b"\x52\x56\xbe\x63"),
    ("GRUB", b"\x52\xe8\x28\x01"),
    ("GRUB", b"\x52\xbf\xf4\x81"),
    ("LVM", b"LABELONE"),
    ("LUKS", b"LUKS\xba\xbe"),
    ("md", b"\xfc\x4e\x2b\xa9"),
    ("XFS", b"XFSB"),
];

/// What a program without a name is called.
pub const UNKNOWN: &str = "an unknown program";

/// Whose boot code it is, if that can be told.
pub fn boot_code(code: &[u8]) -> &'static str {
    let found = BOOT_CODE
        .iter()
        .find(|(_, mark)| code.windows(mark.len()).any(|at| at == *mark));
    found.map_or(UNKNOWN, |(name, _)| name)
}

/// The program that keeps a sector of the gap for itself, if it bears a mark.
pub fn squatter(sector: &[u8]) -> Option<&'static str> {
    by_start(SQUATTERS, sector)
}

/// Whose sector of the gap it is, as far as that can be told.
pub fn sector(sector: &[u8]) -> &'static str {
    squatter(sector)
        .or_else(|| by_start(OTHERS, sector))
        .unwrap_or(UNKNOWN)
}

fn by_start(marks: &[(&'static str, &[u8])], bytes: &[u8]) -> Option<&'static str> {
    marks
        .iter()
        .find(|(_, mark)| bytes.starts_with(mark))
        .map(|(name, _)| *name)
}
