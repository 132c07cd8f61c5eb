//! Files with clusters of other files, and entries with impossible values.

use super::case::{Case, HEALTHY, VICTIM, broken};
use super::surgery::Patient;

const KERNEL: &[u8; 11] = b"VICTIM  BIN";
const INITRD: &[u8; 11] = b"VICTIM  IMG";
const ENTRY: &[u8; 11] = b"VICTIM~1CON";
const CONF: &[u8; 11] = b"LOADER~1CON";

/// Leads the chain of a file elsewhere, from its fifth cluster on.
fn detour(patient: &mut Patient, short: &[u8; 11], to: u32) {
    let cluster = patient.nth(patient.slot(short), 4);
    patient.link(cluster, to);
}

fn first(patient: &mut Patient, short: &[u8; 11], cluster: u32) {
    let slot = patient.slot(short);
    patient.set_first(slot, cluster);
}

fn size(patient: &mut Patient, short: &[u8; 11], size: u32) {
    let slot = patient.slot(short);
    patient.set_size(slot, size);
}

fn text(patient: &mut Patient, short: &[u8; 11], text: &[u8]) {
    let slot = patient.slot(short);
    if text.len() <= 512 {
        patient.set_text(slot, text);
    } else {
        patient.set_long_text(slot, text);
    }
}

fn entry(patient: &mut Patient, lines: &str) {
    text(patient, ENTRY, lines.as_bytes());
}

pub(super) fn cases() -> Vec<Case> {
    let kernel_free = &["victim.conf: /victim.bin: ", "is free"];
    vec![
        broken("a kernel that leads into a free cluster", |p| detour(p, KERNEL, 0)).says(kernel_free),
        broken("the same on FAT32", |p| detour(p, KERNEL, 0)).fat32().says(kernel_free),
        broken("a kernel that leads into a bad cluster", |p| detour(p, KERNEL, 0xffff_fff7))
            .says(&["victim.conf: /victim.bin: ", "is bad"]),
        broken("a kernel that ends too soon", |p| detour(p, KERNEL, 0xffff_ffff))
            .says(&["victim.conf: /victim.bin: the file ends at cluster"]),
        broken("a kernel that leads to cluster 1", |p| detour(p, KERNEL, 1))
            .says(&["victim.conf: /victim.bin: there is no cluster 1 in"]),
        broken("a kernel that leads past the last cluster", |p| {
            let end = p.end();
            detour(p, KERNEL, end);
        })
        .says(&["victim.conf: /victim.bin: there is no cluster"]),
        broken("a kernel that leads past the last cluster of FAT32", |p| detour(p, KERNEL, 0x0fff_fff0))
            .fat32()
            .says(&["victim.conf: /victim.bin: there is no cluster 268435440"]),
        broken("a kernel in a circle", |p| {
            let start = p.first(p.slot(KERNEL));
            detour(p, KERNEL, start);
        })
        .says(&["victim.conf: /victim.bin: the clusters run in a circle"]),
        broken("a kernel in a circle of one", |p| {
            let fifth = p.nth(p.slot(KERNEL), 4);
            detour(p, KERNEL, fifth);
        })
        .fat32()
        .says(&["victim.conf: /victim.bin: the clusters run in a circle"]),
        broken("a kernel without clusters", |p| first(p, KERNEL, 0))
            .says(&["victim.conf: /victim.bin: there is no cluster 0"]),
        broken("a kernel at cluster 1", |p| first(p, KERNEL, 1))
            .says(&["victim.conf: /victim.bin: there is no cluster 1 in"]),
        broken("a kernel of 4 GiB", |p| size(p, KERNEL, u32::MAX))
            .says(&["victim.conf: /victim.bin: the file ends at cluster"]),
        broken("a kernel of no bytes", |p| size(p, KERNEL, 0)).says(&["victim.conf: /victim.bin: "]),
        broken("a kernel in the clusters of an initrd", |p| {
            let initrd = p.first(p.slot(INITRD));
            first(p, KERNEL, initrd);
        })
        .says(&["victim.conf: /victim.bin: "]),
        broken("an initrd that leads into a free cluster", |p| detour(p, INITRD, 0))
            .says(&["victim.conf: /victim.img: ", "is free"]),
        broken("an initrd in a circle", |p| {
            let start = p.first(p.slot(INITRD));
            detour(p, INITRD, start);
        })
        .says(&["victim.conf: /victim.img: the clusters run in a circle"]),
        broken("an initrd of 4 GiB", |p| size(p, INITRD, u32::MAX)).says(&["victim.conf: /victim.img: "]),
        broken("an initrd that is a directory", |p| {
            let slot = p.slot(INITRD);
            p.bytes[slot + 11] = 0x10;
        })
        .says(&["victim.conf: /victim.img: this is a directory"]),
        broken("a kernel that is a directory", |p| {
            let slot = p.slot(KERNEL);
            p.bytes[slot + 11] = 0x10;
        })
        .costs_itself()
        .says(&["victim.conf: /victim.bin: the file was not found"]),
        broken("an entry without clusters", |p| first(p, ENTRY, 0))
            .costs_itself()
            .says(&["victim.conf: there is no cluster 0"]),
        broken("an entry past the last cluster", |p| {
            let end = p.end();
            first(p, ENTRY, end);
        })
        .costs_itself()
        .says(&["victim.conf: there is no cluster"]),
        broken("an entry of 4 GiB", |p| size(p, ENTRY, u32::MAX))
            .costs_itself()
            .says(&["victim.conf: the entry has 4294967295 bytes"]),
        broken("an entry of more than its cluster", |p| {
            size(p, ENTRY, 5000);
            let slot = p.slot(ENTRY);
            let place = p.cluster(p.first(slot));
            p.bytes[place].fill(b'\n');
        })
        .costs_itself()
        .says(&["victim.conf: the file ends at cluster"]),
        broken("an entry of no bytes", |p| size(p, ENTRY, 0)).costs_itself().says(&["victim.conf: there is no linux"]),
        broken("an entry in its neighbour's clusters", |p| {
            let healthy = p.first(p.slot(b"HEALTH~1CON"));
            first(p, ENTRY, healthy);
        })
        .boots_kernel_of(VICTIM, HEALTHY),
        broken("an entry of NULs", |p| text(p, ENTRY, &[0; 400])).costs_itself().says(&["victim.conf: there is no linux"]),
        broken("an entry of noise", |p| {
            let noise = crate::data::random(5, 4000);
            text(p, ENTRY, &noise);
        })
        .costs_itself()
        .says(&["victim.conf: "]),
        broken("a line of 20,000 bytes", |p| text(p, ENTRY, &[b'x'; 20_000]))
            .costs_itself()
            .says(&["victim.conf: there is no linux"]),
        broken("a comment and an unknown line of 20,000 bytes", |p| {
            let long = "x ".repeat(10_000);
            entry(p, &format!("#{long}\nlinux /victim.bin\nunknown {long}\n"));
        })
        .boots(),
        broken("30,000 empty lines", |p| text(p, ENTRY, &[b'\n'; 30_000]))
            .costs_itself()
            .says(&["victim.conf: there is no linux"]),
        broken("two kernels", |p| entry(p, "linux /victim.bin\nuki /healthy.bin\n"))
            .costs_itself()
            .says(&["victim.conf: there is more than one of linux"]),
        broken("a kernel of another processor", |p| entry(p, "linux /victim.bin\narchitecture aa64\n"))
            .costs_itself()
            .says(&["victim.conf: this is for another processor"]),
        broken("a kernel above the root", |p| entry(p, "linux /../../victim.bin\n"))
            .costs_itself()
            .says(&["victim.conf: /../../victim.bin: the file was not found"]),
        broken("a kernel below a kernel", |p| entry(p, "linux /victim.bin/victim.bin\n"))
            .costs_itself()
            .says(&["victim.conf: /victim.bin/victim.bin: the file was not found"]),
        broken("a path of 3,000 bytes", |p| {
            let lines = format!("linux /{}\n", "a/".repeat(1500));
            entry(p, &lines);
        })
        .costs_itself()
        .says(&["victim.conf: the path is too long"]),
        broken("a version of 2,000 bytes", |p| {
            let lines = format!("version {}\nlinux /victim.bin\n", "1.".repeat(1000));
            entry(p, &lines);
        })
        .costs_itself()
        .says(&["victim.conf: ", "too long"]),
        broken("options of 4,000 bytes", |p| {
            let lines = format!("linux /victim.bin\noptions {}\n", "a ".repeat(2000));
            entry(p, &lines);
        })
        .says(&["victim.conf: ", "command line exceeds 2047 bytes"]),
        broken("an initrd that is missing", |p| entry(p, "linux /victim.bin\ninitrd /x\n"))
            .says(&["victim.conf: /x: the file was not found"]),
        broken("a title of control characters", |p| {
            entry(p, "title \x1b[2J\x07\x08\x0e\nlinux /victim.bin\ninitrd /victim.img\noptions root=/dev/vda2 quiet\n");
        })
        .boots(),
        broken("loader.conf of noise", |p| {
            let noise = crate::data::random(6, 2000);
            text(p, CONF, &noise);
        })
        .boots(),
        broken("loader.conf of one line", |p| text(p, CONF, &[b'd'; 10_000]))
            .boots(),
        broken("loader.conf that leads into a free cluster", |p| {
            text(p, CONF, &[b'\n'; 3000]);
            detour(p, CONF, 0);
        })
        .boots()
        .says(&["/loader/loader.conf: ", "is free"]),
        broken("a default of many stars", |p| {
            let lines = format!("default {}x\n", "*a".repeat(200));
            text(p, CONF, lines.as_bytes());
        })
        .boots(),
        broken("settings out of range", |p| {
            text(p, CONF, b"timeout 99999999999999999999\ntimeout -1\ndefault [\npreferred \\\nconsole-mode 77\n");
        })
        .boots(),
    ]
}
