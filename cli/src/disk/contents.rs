//! The contents of a disk that has no partition table, known by their marks: file
//! systems, volumes, and files that a disk image may be wrapped in.

use layout::disk::SECTOR;

use super::sectors::{Sectors, read};
use crate::number::{sector_bytes, to_u64, to_usize};

/// A kind of contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file in which the image of a disk may be wrapped.
    Wrapping,
    /// A file system, or a volume that is used as a whole disk.
    FileSystem,
}

/// Contents that were recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contents {
    /// Their name, with an article.
    pub name: &'static str,
    /// Their kind.
    pub kind: Kind,
    /// The sector of their mark.
    pub at: u64,
}

/// The sector of the first volume descriptor of an ISO 9660 file system.
pub const ISO_DESCRIPTOR: u64 = 64;

/// Marks at the very start of a file.
const WRAPPINGS: &[(&str, usize, &[u8])] = &[
    ("a qcow2 image", 0, b"QFI\xfb"),
    ("a QED image", 0, b"QED\0"),
    ("a VMDK image", 0, b"KDMV"),
    ("a VMDK image", 0, b"COWD"),
    ("a VMDK image", 0, b"# Disk DescriptorFile"),
    ("a VHDX image", 0, b"vhdxfile"),
    ("a VHD image", 0, b"conectix"),
    ("a VDI image", 0x40, b"\x7f\x10\xda\xbe"),
    ("a Parallels image", 0, b"WithoutFreeSpace"),
    ("a Parallels image", 0, b"WithouFreSpacExt"),
    ("an Android sparse image", 0, b"\x3a\xff\x26\xed"),
    ("a gzip file", 0, b"\x1f\x8b"),
    ("a bzip2 file", 0, b"BZh"),
    ("an xz file", 0, b"\xfd7zXZ\0"),
    ("an lzma file", 0, b"\x5d\0\0\x80\0"),
    ("an lzip file", 0, b"LZIP"),
    ("an lzop file", 0, b"\x89LZO"),
    ("an lz4 file", 0, b"\x04\x22\x4d\x18"),
    ("a zstd file", 0, b"\x28\xb5\x2f\xfd"),
    ("a zip file", 0, b"PK\x03\x04"),
    ("a 7z file", 0, b"7z\xbc\xaf\x27\x1c"),
    ("a rar file", 0, b"Rar!\x1a\x07"),
    ("a tar file", 257, b"ustar"),
    ("an EFI program", 0, b"MZ"),
];

/// Marks of what fills a whole disk: a name, the offset in bytes, the mark.
const FILE_SYSTEMS: &[(&str, u64, &[u8])] = &[
    ("an ext2, ext3 or ext4 file system", 1080, b"\x53\xef"),
    ("an XFS file system", 0, b"XFSB"),
    ("a Btrfs file system", 65_600, b"_BHRfS_M"),
    ("an F2FS file system", 1024, b"\x10\x20\xf5\xf2"),
    ("a FAT file system", 54, b"FAT1"),
    ("a FAT file system", 82, b"FAT32"),
    ("an NTFS file system", 3, b"NTFS    "),
    ("an exFAT file system", 3, b"EXFAT   "),
    ("a BitLocker volume", 3, b"-FVE-FS-"),
    ("an ISO 9660 file system", 32_769, b"CD001"),
    ("a UDF file system", 32_769, b"BEA01"),
    ("a SquashFS file system", 0, b"hsqs"),
    ("an EROFS file system", 1024, b"\xe2\xe1\xf5\xe0"),
    ("a ReiserFS file system", 65_588, b"ReIsEr"),
    ("a JFS file system", 32_768, b"JFS1"),
    ("a NILFS2 file system", 1030, b"\x34\x34"),
    ("a GFS2 file system", 65_536, b"\x01\x16\x19\x70"),
    ("an HFS+ file system", 1024, b"H+\x00\x04"),
    ("an APFS container", 32, b"NXSB"),
    ("a UFS file system", 66_908, b"\x19\x01\x54\x19"),
    ("swap space", 4086, b"SWAPSPACE2"),
    ("a LUKS volume", 0, b"LUKS\xba\xbe"),
    ("an LVM physical volume", 0, b"LABELONE"),
    ("an LVM physical volume", 512, b"LABELONE"),
    ("an LVM physical volume", 1024, b"LABELONE"),
    ("an LVM physical volume", 1536, b"LABELONE"),
    ("a member of an md array", 0, b"\xfc\x4e\x2b\xa9"),
    ("a member of an md array", 4096, b"\xfc\x4e\x2b\xa9"),
    ("a member of a ZFS pool", 131_072, b"\x0c\xb1\xba\x00"),
    (
        "a bcache device",
        4120,
        b"\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81",
    ),
    (
        "a bcachefs file system",
        4120,
        b"\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef",
    ),
];

/// Sectors at either end of a disk in which whatever fills it leaves a mark.
const ENDS: u64 = 2048;

/// The file that `start`, the first bytes of an image file, belongs to, if it is not the
/// plain image of a disk.
pub fn wrapping(start: &[u8]) -> Option<Contents> {
    let has = |(_, at, mark): &&(_, usize, &[u8])| {
        start
            .get(*at..)
            .is_some_and(|bytes| bytes.starts_with(mark))
    };
    WRAPPINGS.iter().find(has).map(|(name, ..)| Contents {
        name,
        kind: Kind::Wrapping,
        at: 0,
    })
}

/// What fills the whole disk, as far as it can be told.
pub fn of(disk: &dyn Sectors) -> Option<Contents> {
    let start = read(disk, 0, 1).unwrap_or_default();
    wrapping(&start)
        .or_else(|| file_systems(disk).next())
        .or_else(|| array(disk))
}

/// All file systems that have a mark at the start of the disk.
pub fn file_systems(disk: &dyn Sectors) -> impl Iterator<Item = Contents> {
    let has = |(_, at, mark): &&(_, u64, &[u8])| has_mark(disk, *at, mark);
    FILE_SYSTEMS
        .iter()
        .filter(has)
        .map(|(name, at, _)| Contents {
            name,
            kind: Kind::FileSystem,
            at: at.div_euclid(to_u64(SECTOR)),
        })
}

/// A member of an md array whose superblock is at the end of the disk (versions 0.90
/// and 1.0, md(4)).
fn array(disk: &dyn Sectors) -> Option<Contents> {
    let sectors = disk.sectors();
    let old = (sectors & !127).saturating_sub(128);
    let new = sectors.saturating_sub(16) & !7;
    let has = |at: &u64| *at > 0 && has_mark(disk, sector_bytes(*at), b"\xfc\x4e\x2b\xa9");
    [old, new].into_iter().find(has).map(|at| Contents {
        name: "a member of an md array",
        kind: Kind::FileSystem,
        at,
    })
}

/// True if the disk holds nothing but zeros where a file system or a table would be.
pub fn is_blank(disk: &dyn Sectors) -> bool {
    let sectors = disk.sectors();
    let count = sectors.min(ENDS);
    let places = [0, sectors.saturating_sub(count)];
    places
        .iter()
        .all(|&at| read(disk, at, count).is_ok_and(|bytes| bytes.iter().all(|&byte| byte == 0)))
}

/// True if the bytes at `offset`, which lie in one sector, are the mark.
fn has_mark(disk: &dyn Sectors, offset: u64, mark: &[u8]) -> bool {
    let size = to_u64(SECTOR);
    let in_sector = to_usize(offset.rem_euclid(size));
    read(disk, offset.div_euclid(size), 1).is_ok_and(|sector| {
        sector
            .get(in_sector..)
            .is_some_and(|at| at.starts_with(mark))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_mark_crosses_the_end_of_its_sector() {
        for (name, at, mark) in FILE_SYSTEMS {
            assert!(at % 512 + mark.len() as u64 <= 512, "{name}");
        }
    }
}
