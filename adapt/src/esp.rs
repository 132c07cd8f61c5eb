//! The EFI system partition: a FAT file system with one program, made in memory.

use std::io::{self, Cursor, Write};

use fatfs::{FatType, FileSystem, FormatVolumeOptions, FsOptions, format_volume};

use crate::MIB;
use crate::bytes::{to_u64, to_usize};

/// The program that UEFI starts from a medium that it does not know.
pub const PROGRAM: [&str; 3] = ["EFI", "BOOT", "BOOTX64.EFI"];

/// The largest file system that is FAT16: a CD's catalogue can name all of it.
const LARGEST_FAT16: u64 = 31 * MIB;
/// FAT32 needs 65,525 clusters; of 512 bytes, with their table, that is less than this.
const SMALLEST_FAT32: u64 = 36 * MIB;
/// The smallest file system that is made.
const SMALLEST: u64 = 4 * MIB;
/// The largest file system that is made.
const LARGEST: u64 = 4096 * MIB;
const LABEL: [u8; 11] = *b"GAPBOOT    ";

/// The size of a partition for a program of this size, in bytes: whole mebibytes.
#[must_use]
pub fn size(program: u64) -> u64 {
    // FAT32 with clusters of 512 bytes takes a 64th for its two tables.
    let tables = (program / 32).saturating_add(MIB / 2);
    let needed = program.saturating_add(tables).max(SMALLEST);
    let needed = needed.checked_next_multiple_of(MIB).unwrap_or(u64::MAX);
    match needed > LARGEST_FAT16 {
        true => needed.max(SMALLEST_FAT32),
        false => needed,
    }
}

/// Whether a file system of this size can be made for a program of this size.
///
/// # Errors
/// It cannot: a clause.
pub fn check(size: u64, program: u64) -> Result<(), String> {
    let least = self::size(program);
    if size < least {
        return Err(format!("the smallest that fits is {} MiB", least / MIB));
    }
    if size > LARGEST_FAT16 && size < SMALLEST_FAT32 {
        return Err(format!(
            "from {} to {} MiB there is no kind of FAT that all firmware takes",
            LARGEST_FAT16 / MIB + 1,
            SMALLEST_FAT32 / MIB - 1
        ));
    }
    match size > LARGEST {
        true => Err(format!("the largest is {} MiB", LARGEST / MIB)),
        false => Ok(()),
    }
}

/// A file system of `size` bytes with the program. `id` is its serial number.
///
/// # Errors
/// There is no room.
pub fn make(size: u64, id: u32, program: &[u8]) -> io::Result<Vec<u8>> {
    let mut image = Cursor::new(vec![0; to_usize(size)]);
    let (kind, cluster) = match size > LARGEST_FAT16 {
        true => (FatType::Fat32, cluster_32(size)),
        false => (FatType::Fat16, cluster_16(size)),
    };
    let options = FormatVolumeOptions::new()
        .fat_type(kind)
        .bytes_per_cluster(cluster)
        .volume_id(id)
        .volume_label(LABEL);
    format_volume(&mut image, options)?;
    {
        let files = FileSystem::new(&mut image, FsOptions::new())?;
        let mut folder = files.root_dir();
        let [folders @ .., name] = &PROGRAM;
        for folder_name in folders {
            folder = folder.create_dir(folder_name)?;
        }
        let mut file = folder.create_file(name)?;
        for piece in program.chunks(to_usize(MIB)) {
            file.write_all(piece)?;
        }
        file.flush()?;
        drop((file, folder));
        files.unmount()?;
    }
    let image = image.into_inner();
    debug_assert_eq!(to_u64(image.len()), size);
    Ok(image)
}

/// Bytes of a cluster, so that there are more than 4,084 of them, and fewer than 65,525.
fn cluster_16(size: u64) -> u32 {
    match size {
        ..=MIB_8 => 512,
        _ => 2048,
    }
}

/// Bytes of a cluster, so that there are 65,525 of them or more.
fn cluster_32(size: u64) -> u32 {
    match size {
        ..=MIB_260 => 512,
        _ => 4096,
    }
}

const MIB_8: u64 = 8 * MIB;
const MIB_260: u64 = 260 * MIB;

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    use menus::storage::{Device, Location, Storage};
    use volumes::{Bytes, Volumes};

    /// Known by the count of clusters, as firmware does it.
    fn clusters(image: &[u8]) -> u64 {
        let word = |at: usize| u64::from(crate::bytes::u16_at(image, at));
        let long = |at: usize| u64::from(crate::bytes::u32_at(image, at));
        let or = |word: u64, long: u64| if word == 0 { long } else { word };
        let root = (word(17) * 32).div_ceil(512);
        let tables = u64::from(image[16]) * or(word(22), long(36));
        let data = or(word(19), long(32)) - word(14) - tables - root;
        data / u64::from(image[13])
    }

    #[test]
    fn each_size_is_the_kind_of_fat_that_it_should_be() {
        for mib in [4, 5, 8, 9, 16, 31, 36, 40, 260, 261, 600] {
            let program = vec![7; 3_000_000];
            let image = make(mib * MIB, 0x1234_5678, &program).unwrap();
            let clusters = clusters(&image);
            match mib {
                ..=31 => assert!((4085..65525).contains(&clusters), "{mib}: {clusters}"),
                _ => assert!(clusters >= 65525, "{mib}: {clusters}"),
            }
            let bytes: Rc<dyn Bytes> = Rc::new(image);
            let volumes = Volumes::disk(&bytes, None);
            let at = Location::new(Device(0), "/EFI/BOOT/BOOTX64.EFI").unwrap();
            assert_eq!(volumes.read(&at, 1 << 24).unwrap(), program, "{mib}");
            let properties = volumes.properties(Device(0));
            assert_eq!(properties.label.as_deref(), Some("GAPBOOT"));
            assert_eq!(properties.uuid.as_deref(), Some("1234-5678"));
        }
    }

    #[test]
    fn sizes() {
        let mib = |size| size / MIB;
        assert_eq!(mib(size(0)), 4);
        assert_eq!(mib(size(12 * MIB)), 13);
        assert_eq!(mib(size(29 * MIB)), 31);
        assert_eq!(mib(size(30 * MIB)), 36);
        assert_eq!(mib(size(100 * MIB)), 104);
        assert!(check(16 * MIB, 12 * MIB).is_ok());
        assert!(check(12 * MIB, 12 * MIB).unwrap_err().contains("13 MiB"));
        assert!(check(32 * MIB, MIB).unwrap_err().contains("from 32 to 35"));
        assert!(check(5000 * MIB, MIB).is_err());
    }
}
