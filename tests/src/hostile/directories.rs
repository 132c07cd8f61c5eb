//! Directories whose clusters hold other data, directories that loop, and damaged names.

use super::case::{Case, broken};
use super::surgery::Patient;

const ENTRIES: &[u8; 11] = b"ENTRIES    ";
const LOADER: &[u8; 11] = b"LOADER     ";
const VICTIM: &[u8; 11] = b"VICTIM~1CON";

/// Points the directory of entries elsewhere.
fn entries_at(patient: &mut Patient, cluster: u32) {
    let slot = patient.slot(ENTRIES);
    patient.set_first(slot, cluster);
}

/// Fills up a directory of one cluster with deleted files, so that it goes on in the
/// next cluster of its chain.
fn fill(patient: &mut Patient, cluster: u32) {
    let place = patient.cluster(cluster);
    for slot in patient.bytes[place].chunks_mut(32) {
        if slot[0] == 0 {
            slot[0] = 0xe5;
            slot[11] = 0x20;
        }
    }
}

/// Changes the slot with the piece of the victim's long name.
fn piece(patient: &mut Patient, act: impl Fn(&mut [u8])) {
    let slot = patient.slot(VICTIM);
    act(&mut patient.bytes[slot - 32..slot]);
}

pub(super) fn cases() -> Vec<Case> {
    let none = &["no entry in /loader/entries"];
    vec![
        broken("/loader is a file", |p| {
            let slot = p.slot(LOADER);
            p.bytes[slot + 11] = 0x20;
        })
        .says(none),
        broken("/loader/entries is a file", |p| {
            let slot = p.slot(ENTRIES);
            p.bytes[slot + 11] = 0x20;
        })
        .says(none),
        broken("/loader/entries is the root directory", |p| {
            entries_at(p, 0)
        })
        .says(none),
        broken("/loader/entries is /loader", |p| {
            let loader = p.first(p.slot(LOADER));
            entries_at(p, loader);
        })
        .says(none),
        broken("/loader is the root directory", |p| {
            let slot = p.slot(LOADER);
            p.set_first(slot, 0);
        })
        .says(none),
        broken("/loader/entries at cluster 1", |p| entries_at(p, 1))
            .says(&["/loader/entries", "no cluster 1"]),
        broken("/loader/entries past the last cluster", |p| {
            let end = p.end();
            entries_at(p, end);
        })
        .says(&["/loader/entries", "no cluster"]),
        broken("/loader/entries in a file of zeros", |p| {
            let last = p.end() - 1;
            entries_at(p, last);
        })
        .says(none),
        broken("/loader/entries in the victim's initrd", |p| {
            let cluster = p.first(p.slot(b"VICTIM  IMG"));
            entries_at(p, cluster);
        })
        .says(none),
        broken("/loader/entries that goes on in a free cluster", |p| {
            let cluster = p.first(p.slot(ENTRIES));
            fill(p, cluster);
            p.link(cluster, 0);
        })
        .boots()
        .says(&["/loader/entries", "is free"]),
        broken("/loader/entries that goes on in a bad cluster", |p| {
            let cluster = p.first(p.slot(ENTRIES));
            fill(p, cluster);
            p.link(cluster, 0xffff_fff7);
        })
        .boots()
        .says(&["/loader/entries", "is bad"]),
        broken("/loader/entries in a circle of one", |p| {
            let cluster = p.first(p.slot(ENTRIES));
            fill(p, cluster);
            p.link(cluster, cluster);
        })
        .boots()
        .says(&["/loader/entries", "in a circle"]),
        broken("/loader/entries in a circle through an initrd", |p| {
            let cluster = p.first(p.slot(ENTRIES));
            fill(p, cluster);
            let initrd = p.slot(b"HEALTHY IMG");
            let (first, second) = (p.first(initrd), p.nth(initrd, 1));
            p.link(cluster, first);
            p.link(second, cluster);
            // Bytes of an initrd that do not look like the end of a directory.
            for cluster in [first, second] {
                let place = p.cluster(cluster);
                p.bytes[place].fill(0xe5);
            }
        })
        .boots()
        .says(&["/loader/entries", "in a circle"]),
        broken("a root directory in a circle", |p| {
            let root = p.root_start();
            let first = p.first(p.slot(b"VICTIM  BIN"));
            let cluster = (2..first).find(|&cluster| p.cluster(cluster).start == root);
            let cluster = cluster.expect("FAT32 has its root directory in a cluster");
            fill(p, cluster);
            p.link(cluster, cluster);
        })
        .fat32()
        .boots(),
        broken("a root directory without an end", |p| {
            let root = p.root_start();
            let end = p.cluster(2).start;
            for slot in p.bytes[root..end]
                .chunks_mut(32)
                .filter(|slot| slot[0] == 0)
            {
                slot[0] = 0xe5;
            }
        })
        .boots(),
        broken("a root directory of noise", |p| {
            let root = p.root_start();
            p.put(root, &crate::data::random(9, 2048));
        })
        .says(&["no"]),
        broken("checksum of a long name", |p| {
            piece(p, |slot| slot[13] ^= 1)
        })
        .costs_itself(),
        broken("number of a piece: 0", |p| piece(p, |slot| slot[0] = 0x40)).costs_itself(),
        broken("number of a piece: 2", |p| piece(p, |slot| slot[0] = 0x42)).costs_itself(),
        broken("number of a piece: 63", |p| piece(p, |slot| slot[0] = 0x7f)).costs_itself(),
        broken("a piece that is not marked as the last", |p| {
            piece(p, |slot| slot[0] = 1)
        })
        .costs_itself(),
        broken("a deleted piece", |p| piece(p, |slot| slot[0] = 0xe5)).costs_itself(),
        broken("half a surrogate pair", |p| {
            piece(p, |slot| slot[1..3].copy_from_slice(&[0, 0xd8]))
        })
        .boots_as("\u{fffd}ictim.conf"),
        broken("a piece of nothing", |p| {
            piece(p, |slot| slot[1..11].fill(0))
        })
        .costs_itself(),
        broken("a long name without its file", |p| {
            let slot = p.slot(VICTIM);
            p.bytes[slot] = 0xe5;
        })
        .costs_itself(),
        broken("a file that is a volume label", |p| {
            let slot = p.slot(VICTIM);
            p.bytes[slot + 11] = 0x08;
        })
        .costs_itself(),
        broken("an entry that is a directory", |p| {
            let slot = p.slot(VICTIM);
            p.bytes[slot + 11] = 0x10;
        })
        .costs_itself(),
        broken("two files of one name", |p| {
            let (victim, healthy) = (p.slot(VICTIM), p.slot(b"HEALTH~1CON"));
            let set = p.bytes[victim - 32..victim + 32].to_vec();
            p.put(healthy - 32, &set);
        })
        .boots(),
    ]
}
