//! MBR partition tables, and chains of logical partitions.

use super::case::{Case, broken};
use super::surgery::Patient;

/// `OSType`s: of the partition with boot entries, of one with data, of an EFI system
/// partition, of an extended one, and of the entry that protects a GPT.
const BOOT: u8 = 0xea;
const DATA: u8 = 0x83;
const ESP: u8 = 0xef;
const EXTENDED: u8 = 0x0f;
const PROTECTIVE: u8 = 0xee;
/// The file system, first sector and sectors.
const FIRST: u32 = 2048;
const SECTORS: u32 = 6144;
/// The extended partition, in the gap: its tables.
const CHAIN: u32 = 1000;

/// Makes the disk one with an MBR and without a GPT.
fn table(patient: &mut Patient, partitions: &[(u8, u32, u32)]) {
    for at in patient.headers() {
        patient.bytes[at..at + 512].fill(0);
    }
    patient.mbr(0, partitions);
}

fn extended(patient: &mut Patient) {
    table(patient, &[(DATA, 8400, 10), (EXTENDED, CHAIN, 7000)]);
}

/// A table of the chain, its place and the partition and the next table as
/// sectors of the disk.
fn link(patient: &mut Patient, at: u32, partition: (u8, u32, u32), next: Option<u32>) {
    let (kind, first, sectors) = partition;
    let next = next.map(|next| (EXTENDED, next.wrapping_sub(CHAIN), 1));
    let partition = (kind, first.wrapping_sub(at), sectors);
    patient.mbr(at as usize, &[partition, next.unwrap_or_default()]);
}

const GOOD: (u8, u32, u32) = (BOOT, FIRST, SECTORS);
const OTHER: (u8, u32, u32) = (DATA, 8400, 10);

pub(super) fn cases() -> Vec<Case> {
    let none = &["no GPT at LBA 1 and no MBR partition of type EA or EF"];
    let damaged = &["the FAT at LBA 2048 is damaged"];
    vec![
        broken("a good one", |p| table(p, &[GOOD])).boots(),
        broken("no partition", |p| table(p, &[])).says(none),
        broken("one beyond the disk", |p| {
            table(p, &[(BOOT, 0x7fff_ffff, SECTORS)])
        })
        .says(&["LBA 2147483647 is beyond the disk"]),
        broken("one at the last LBA there is", |p| {
            table(p, &[(BOOT, u32::MAX, u32::MAX)])
        })
        .says(&["beyond the disk"]),
        broken("one of no sectors", |p| table(p, &[(BOOT, FIRST, 0)])).says(damaged),
        broken("one of a sector", |p| table(p, &[(BOOT, FIRST, 1)])).says(damaged),
        broken("one that lacks its last sectors", |p| {
            table(p, &[(BOOT, FIRST, SECTORS - 100)])
        })
        .boots(),
        broken("an EFI system partition", |p| {
            table(p, &[(ESP, FIRST, SECTORS)])
        })
        .boots(),
        broken("an EFI system partition before the good one", |p| {
            table(p, &[(ESP, 8400, 10), GOOD])
        })
        .boots(),
        broken("one of 2 TiB", |p| table(p, &[(BOOT, FIRST, u32::MAX)])).boots(),
        broken("one over the table", |p| table(p, &[(BOOT, 0, 9000)]))
            .says(&["no FAT file system at LBA 0"]),
        broken("one over the loader", |p| table(p, &[(BOOT, 34, 9000)]))
            .says(&["no FAT file system at LBA 34"]),
        broken("one of garbage", |p| {
            let noise = crate::data::random(9, 8 * 512);
            p.put(8250 * 512, &noise);
            table(p, &[(BOOT, 8250, 8)]);
        })
        .says(&["at LBA 8250"]),
        broken("one of zeros, and a good one after it", |p| {
            table(p, &[(BOOT, 8400, 10), GOOD])
        })
        .says(&["no FAT file system at LBA 8400"]),
        broken("four that overlap", |p| {
            let all = (DATA, 0, u32::MAX);
            table(p, &[all, (DATA, FIRST, SECTORS), GOOD, all]);
        })
        .boots(),
        broken("flags that nothing has", |p| {
            table(p, &[GOOD]);
            for entry in 0..4 {
                p.put(446 + 16 * entry, &[0x5a]);
            }
        })
        .says(none),
        broken("protection beside a good one", |p| {
            table(p, &[(PROTECTIVE, 1, 9000), GOOD])
        })
        .says(&["no GPT at LBA 1"]),
        broken("a good chain", |p| {
            extended(p);
            link(p, CHAIN, OTHER, Some(CHAIN + 1));
            link(p, CHAIN + 1, GOOD, None);
        })
        .boots(),
        broken("a chain to itself", |p| {
            extended(p);
            link(p, CHAIN, OTHER, Some(CHAIN));
        })
        .says(none),
        broken("a chain in a circle", |p| {
            extended(p);
            link(p, CHAIN, OTHER, Some(CHAIN + 1));
            link(p, CHAIN + 1, OTHER, Some(CHAIN + 2));
            link(p, CHAIN + 2, OTHER, Some(CHAIN));
        })
        .says(none),
        broken("a chain to the first sector", |p| {
            extended(p);
            link(p, CHAIN, OTHER, Some(0));
        })
        .says(none),
        broken("a chain beyond the disk", |p| {
            extended(p);
            link(p, CHAIN, OTHER, Some(0x7000_0000));
        })
        .says(none),
        broken("an extended partition beyond the disk", |p| {
            table(p, &[(EXTENDED, u32::MAX, 1)])
        })
        .says(none),
        broken("an extended partition that is the disk", |p| {
            table(p, &[(EXTENDED, 0, u32::MAX)])
        })
        .says(none),
        broken("a chain into the file system", |p| {
            extended(p);
            link(p, CHAIN, OTHER, Some(FIRST));
        })
        .says(none),
        broken("a chain without its signature", |p| {
            extended(p);
            link(p, CHAIN, GOOD, None);
            p.put(CHAIN as usize * 512 + 510, &[0, 0]);
        })
        .says(none),
        broken("a chain of noise", |p| {
            extended(p);
            let noise = crate::data::random(8, 510);
            p.put(CHAIN as usize * 512, &noise);
            // If one of its types were that of a partition with entries, it would be used.
            for entry in 0..4 {
                p.put(CHAIN as usize * 512 + 446 + 16 * entry + 4, &[EXTENDED]);
            }
            p.put(CHAIN as usize * 512 + 510, &[0x55, 0xaa]);
        })
        .says(none),
        broken("a chain that forks", |p| {
            extended(p);
            let first = (EXTENDED, 1, 1);
            p.mbr(CHAIN as usize, &[first, (EXTENDED, 2, 1)]);
            link(p, CHAIN + 1, OTHER, Some(CHAIN + 1));
            link(p, CHAIN + 2, GOOD, None);
        })
        .boots(),
        broken("a chain in front of its partition's start", |p| {
            extended(p);
            link(p, CHAIN, OTHER, Some(CHAIN - 1));
            link(p, CHAIN - 1, GOOD, None);
        })
        .boots(),
        broken("98 logical partitions before it", |p| {
            extended(p);
            for number in 0..98 {
                link(p, CHAIN + number, OTHER, Some(CHAIN + number + 1));
            }
            link(p, CHAIN + 98, GOOD, None);
        })
        .boots(),
        broken("a thousand logical partitions before it", |p| {
            extended(p);
            for number in 0..1000 {
                link(p, CHAIN + number, OTHER, Some(CHAIN + number + 1));
            }
            link(p, CHAIN + 1000, GOOD, None);
        })
        .says(none),
        broken("a logical partition beyond the disk", |p| {
            extended(p);
            link(p, CHAIN, (BOOT, 0x7000_0000, SECTORS), None);
        })
        .says(&["LBA 1879048192 is beyond the disk"]),
        broken("a logical partition over its own table", |p| {
            extended(p);
            link(p, CHAIN, (BOOT, CHAIN, 9000), None);
        })
        .says(&["no FAT file system at LBA 1000"]),
        broken("a disk that ends within it", |p| {
            table(p, &[GOOD]);
            p.bytes.truncate((2048 + 3000) * 512);
        })
        .boots(),
    ]
}
