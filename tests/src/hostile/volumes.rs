//! Boot sectors of file systems.

use super::case::{Case, broken};

pub(super) fn cases() -> Vec<Case> {
    let missing = &["no FAT file system at LBA 2048"];
    let damaged = &["the FAT at LBA 2048 is damaged"];
    let no_entry = &["no entry in /loader/entries"];
    vec![
        broken("zeros", |p| p.boot_sector(0, &[0; 512])).says(missing),
        broken("ones", |p| p.boot_sector(0, &[0xff; 512])).says(missing),
        broken("NTFS", |p| {
            p.boot_sector(
                0,
                b"\xeb\x52\x90NTFS    \x00\x02\x08\x00\x00\x00\x00\x00\x00\x00\xf8",
            );
        })
        .says(missing),
        broken("sectors of no bytes", |p| p.boot_sector(11, &[0, 0])).says(missing),
        broken("sectors of 513 bytes", |p| p.boot_sector(11, &[1, 2])).says(missing),
        broken("sectors of 4096 bytes", |p| p.boot_sector(11, &[0, 16]))
            // The root directory is not where these sectors place it.
            .says(no_entry),
        broken("clusters of no sectors", |p| p.boot_sector(13, &[0])).says(missing),
        broken("clusters of 3 sectors", |p| p.boot_sector(13, &[3])).says(missing),
        broken("no reserved sectors", |p| p.boot_sector(14, &[0, 0])).says(missing),
        broken("65,535 reserved sectors", |p| p.boot_sector(14, &[0xff; 2])).says(damaged),
        broken("no tables", |p| p.boot_sector(16, &[0])).says(missing),
        broken("255 tables", |p| p.boot_sector(16, &[255])).says(damaged),
        broken("no root directory", |p| p.boot_sector(17, &[0, 0])).says(damaged),
        broken("a root directory of 65,535 slots", |p| {
            p.boot_sector(17, &[0xff; 2])
        })
        // The place of the root directory stays; only the clusters move.
        .says(no_entry),
        broken("no sectors", |p| {
            p.boot_sector(19, &[0, 0]);
            p.boot_sector(32, &[0; 4]);
        })
        .says(damaged),
        broken("2^32 - 1 sectors", |p| {
            p.boot_sector(19, &[0, 0]);
            p.boot_sector(32, &[0xff; 4]);
        })
        .says(damaged),
        broken("no media", |p| p.boot_sector(21, &[0])).says(missing),
        broken("tables of no sectors", |p| p.boot_sector(22, &[0, 0])).says(damaged),
        broken("tables of 65,535 sectors", |p| {
            p.boot_sector(22, &[0xff; 2])
        })
        .says(damaged),
        broken("tables of one sector", |p| p.boot_sector(22, &[1, 0])).says(damaged),
        broken("FAT32 tables of 2^32 - 1 sectors", |p| {
            p.boot_sector(36, &[0xff; 4])
        })
        .fat32()
        .says(damaged),
        broken("the tenth of two tables", |p| p.boot_sector(40, &[0x89, 0]))
            .fat32()
            .says(damaged),
        broken("version 1.0", |p| p.boot_sector(42, &[0, 1]))
            .fat32()
            .says(damaged),
        broken("a root directory at cluster 0", |p| {
            p.boot_sector(44, &[0; 4])
        })
        .fat32()
        .says(damaged),
        broken("a root directory past the last cluster", |p| {
            let end = p.end().to_le_bytes();
            p.boot_sector(44, &end);
        })
        .fat32()
        .says(damaged),
        broken("a root directory at cluster 2^28 + 2", |p| {
            p.boot_sector(44, &[2, 0, 0, 0x10])
        })
        .fat32()
        .says(damaged),
        broken("a root directory that is the victim's kernel", |p| {
            let cluster = p.first(p.slot(b"VICTIM  BIN")).to_le_bytes();
            p.boot_sector(44, &cluster);
        })
        .fat32()
        .says(no_entry),
        broken("no signature", |p| p.boot_sector(510, &[0, 0])).boots(),
        broken("no backup of the boot sector", |p| {
            p.boot_sector(6 * 512, &[0; 512])
        })
        .fat32()
        .boots(),
        broken("a second table of zeros", |p| {
            let start = p.table_start();
            let length = (p.root_start() - start) / 2;
            p.bytes[start + length..start + 2 * length].fill(0);
        })
        .boots(),
        broken("a first table of zeros", |p| {
            let start = p.table_start();
            let length = (p.root_start() - start) / 2;
            p.bytes[start..start + length].fill(0);
        })
        .says(&["cluster", "is free"]),
        broken("a first table of ones", |p| {
            let start = p.table_start();
            let length = (p.root_start() - start) / 2;
            p.bytes[start..start + length].fill(0xff);
        })
        .says(&["file ends at cluster"]),
    ]
}
