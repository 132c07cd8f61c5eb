//! Partition tables.

use super::case::{Case, broken};
use super::surgery::Patient;

/// The type of an extended boot loader partition, as it lies on the disk.
const XBOOTLDR: [u8; 16] = *b"\xff\xc2\x13\xbc\xe6\x59\x62\x42\xa3\x52\xb2\x75\xfd\x6f\x71\x72";

/// Overwrites a field of both headers.
fn both(patient: &mut Patient, at: usize, value: &[u8]) {
    patient.tables(|header, _| header[at..at + value.len()].copy_from_slice(value));
}

/// Overwrites a field of the ESP's entry in both arrays.
fn entry(patient: &mut Patient, at: usize, value: u64) {
    patient.tables(|_, array| array[at..at + 8].copy_from_slice(&value.to_le_bytes()));
}

/// Adds a second partition.
fn second(patient: &mut Patient, kind: [u8; 16], first: u64, last: u64) {
    patient.tables(|_, array| {
        let entry = &mut array[128..256];
        entry[..16].copy_from_slice(&kind);
        entry[16..32].fill(7);
        entry[32..40].copy_from_slice(&first.to_le_bytes());
        entry[40..48].copy_from_slice(&last.to_le_bytes());
    });
}

pub(super) fn cases() -> Vec<Case> {
    let no_esp = &["no EFI system partition"];
    let unknown = &["the GPT at LBA 1 is of an unknown kind"];
    let damaged = &["the GPT at LBA 1 is damaged"];
    vec![
        broken("nothing at all", |_| {}).boots(),
        broken("primary header's checksum", |p| p.bytes[512 + 16] ^= 1).boots(),
        broken("primary array's checksum", |p| p.bytes[1024 + 60] ^= 1).boots(),
        broken("no primary header", |p| p.bytes[512..1024].fill(0)).boots(),
        broken("a primary header of ones", |p| {
            p.bytes[512..1024].fill(0xff)
        })
        .boots(),
        broken("both headers' checksums", |p| {
            p.headers().iter().for_each(|at| p.bytes[at + 16] ^= 1)
        })
        .says(damaged),
        broken("both arrays' checksums", |p| {
            p.arrays().iter().for_each(|at| p.bytes[at + 60] ^= 1)
        })
        .says(damaged),
        broken("no header", |p| {
            p.headers()
                .iter()
                .for_each(|&at| p.bytes[at..at + 512].fill(0))
        })
        .says(&["no GPT at LBA 1"]),
        broken("headers that lie elsewhere, they say", |p| {
            both(p, 24, &[9])
        })
        .says(damaged),
        broken("headers of no size", |p| {
            both(p, 12, &[0]);
        })
        .says(damaged),
        broken("headers of 4 GiB", |p| both(p, 12, &[0xff; 4])).says(damaged),
        broken("revision 2.0", |p| both(p, 10, &[2])).says(unknown),
        broken("entries of no size", |p| both(p, 84, &[0; 4])).says(unknown),
        broken("entries of 100 bytes", |p| both(p, 84, &[100])).says(unknown),
        broken("entries of 2 GiB", |p| both(p, 84, &[0, 0, 0, 0x80])).says(unknown),
        broken("no entries", |p| both(p, 80, &[0; 4])).says(unknown),
        broken("4 milliards of entries", |p| both(p, 80, &[0xff; 4])).says(unknown),
        broken("an array that would be 4 GiB, times 2^32", |p| {
            both(p, 80, &[0, 0, 0, 2, 128, 0, 0, 0])
        })
        .says(unknown),
        broken("the primary array beyond the disk", |p| {
            p.table(1, |header, _| header[72..80].copy_from_slice(&[0xff; 8]));
        })
        .boots(),
        broken("both arrays beyond the disk", |p| {
            both(p, 72, &(1_u64 << 40).to_le_bytes());
        })
        .says(&["LBA 1099511627776 is beyond the disk"]),
        broken("both arrays at the last LBA there is", |p| {
            both(p, 72, &[0xff; 8])
        })
        .says(&["beyond the disk"]),
        broken("both arrays at sector 0", |p| both(p, 72, &[0; 8])).says(damaged),
        broken("a backup beyond the disk, and no primary", |p| {
            p.bytes[512 + 32..512 + 40].fill(0xff);
        })
        .boots(),
        broken("a backup that is the primary", |p| {
            p.bytes[512 + 32..512 + 40].copy_from_slice(&1_u64.to_le_bytes());
        })
        .boots(),
        broken("an ESP that ends before it begins", |p| entry(p, 40, 2047)).says(no_esp),
        broken("an ESP that ends after the disk", |p| entry(p, 40, 1 << 20)).says(no_esp),
        broken("an ESP of 2^64 sectors", |p| {
            entry(p, 32, 0);
            entry(p, 40, u64::MAX);
        })
        .says(no_esp),
        broken("an ESP over the partition table", |p| entry(p, 32, 1))
            .says(&["no FAT file system at LBA 1"]),
        broken("an ESP over the boot sector", |p| entry(p, 32, 0))
            .says(&["no FAT file system at LBA 0"]),
        broken("an ESP of one sector", |p| entry(p, 40, 2048))
            .says(&["the FAT at LBA 2048 is damaged"]),
        broken("an ESP that lacks its last sectors", |p| {
            entry(p, 40, 2048 + 6000)
        })
        .boots(),
        broken("an XBOOTLDR partition over the ESP", |p| {
            second(p, XBOOTLDR, 2048, 2048 + 6143);
        })
        .boots(),
        broken("an XBOOTLDR partition of nothing", |p| {
            second(p, XBOOTLDR, 8400, 9000)
        })
        .boots()
        .says(&["no FAT file system at LBA 8400"]),
        broken("an XBOOTLDR partition inside the ESP", |p| {
            second(p, XBOOTLDR, 2050, 2060)
        })
        .boots()
        .says(&["no FAT file system at LBA 2050"]),
        broken("a protective MBR that protects nothing", |p| {
            p.bytes[446..510].fill(0)
        })
        .boots(),
        broken("a disk that ends after the ESP", |p| {
            p.bytes.truncate((2048 + 6144) * 512)
        })
        .boots(),
        broken("a disk that ends within the ESP", |p| {
            p.bytes.truncate((2048 + 3000) * 512)
        })
        .says(no_esp),
        broken("a disk that ends before the ESP", |p| {
            p.bytes.truncate(2040 * 512)
        })
        .says(no_esp),
    ]
}
