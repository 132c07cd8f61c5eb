//! Unified kernel images with false headers.

use super::case::{Case, IMAGE, broken};
use super::surgery::Patient;
use crate::data::random;
use fuzz::pe;

const FILE: &[u8; 11] = b"VICTIM  EFI";
/// Offsets in the PE headers, which begin at 80h.
const SIGNATURE: usize = 0x80;
const MACHINE: usize = 0x84;
const NUMBER_OF_SECTIONS: usize = 0x86;
const SIZE_OF_OPTIONAL_HEADER: usize = 0x94;
/// Offsets in an entry of the section table.
const NAME: usize = 0;
const VIRTUAL_SIZE: usize = 8;
const SIZE_OF_RAW_DATA: usize = 16;
const POINTER_TO_RAW_DATA: usize = 20;
/// The sections, in the order of the table.
const OSREL: usize = 0;
const CMDLINE: usize = 1;
const INITRD: usize = 2;
const LINUX: usize = 3;

/// The good image with this kernel.
pub(super) fn image(kernel: &[u8]) -> Vec<u8> {
    let initrd = random(3, 5000);
    pe::image(
        pe::AMD64,
        &[
            (".osrel", b"ID=victim\nPRETTY_NAME=victim\nVERSION_ID=1\n"),
            (".cmdline", b"root=/dev/vda2 quiet"),
            (".initrd", &initrd),
            (".linux", kernel),
        ],
    )
}

fn put(patient: &mut Patient, at: usize, bytes: &[u8]) {
    let slot = patient.slot(FILE);
    patient.put_into(slot, at, bytes);
}

/// Sets a field of a section's header.
fn section(patient: &mut Patient, number: usize, field: usize, value: u32) {
    let at = pe::TABLE + pe::ENTRY * number + field;
    put(patient, at, &value.to_le_bytes());
}

/// Moves a section, with the size that its header gives, to a place in the file.
fn place(patient: &mut Patient, number: usize, start: u32, size: u32) {
    section(patient, number, VIRTUAL_SIZE, size);
    section(patient, number, SIZE_OF_RAW_DATA, size);
    section(patient, number, POINTER_TO_RAW_DATA, start);
}

/// Gives a section another name.
fn name(patient: &mut Patient, number: usize, name: &[u8; 8]) {
    put(patient, pe::TABLE + pe::ENTRY * number + NAME, name);
}

/// What a section's header has.
fn field(patient: &Patient, number: usize, field: usize) -> u32 {
    let at = pe::TABLE + pe::ENTRY * number + field;
    let slot = patient.slot(FILE);
    let place = patient.cluster(patient.nth(slot, at / 512)).start + at % 512;
    let bytes = patient.bytes[place..place + 4].try_into();
    u32::from_le_bytes(bytes.expect("4 bytes"))
}

fn length(patient: &mut Patient, bytes: u32) {
    let slot = patient.slot(FILE);
    patient.set_size(slot, bytes);
}

pub(super) fn cases() -> Vec<Case> {
    let none = &["victim.efi: this is not a unified kernel image"];
    let headers = &["victim.efi: the PE header is bad at byte"];
    let outside = &["victim.efi: a section goes beyond the end"];
    let kernel = &["victim.efi: this is not a Linux kernel"];
    let cases = vec![
        broken("nothing at all", |_| {}).boots_as(IMAGE),
        broken("no MZ", |p| put(p, 0, b"ZM"))
            .costs_itself()
            .says(none),
        broken("no PE signature", |p| put(p, SIGNATURE, b"NE\0\0"))
            .costs_itself()
            .says(none),
        broken("headers past the end", |p| put(p, 0x3c, &[0, 0, 0, 0x10]))
            .costs_itself()
            .says(headers),
        broken("headers at 4 GiB", |p| put(p, 0x3c, &[0xff; 4]))
            .costs_itself()
            .says(headers),
        broken("headers over the DOS header", |p| put(p, 0x3c, &[0; 4]))
            .costs_itself()
            .says(none),
        broken("an image for AArch64", |p| put(p, MACHINE, &[0x64, 0xaa]))
            .costs_itself()
            .says(&["victim.efi: this is for another processor"]),
        broken("an image for 32-bit firmware", |p| {
            put(p, MACHINE, &[0x4c, 1])
        })
        .boots_as(IMAGE),
        broken("no section", |p| put(p, NUMBER_OF_SECTIONS, &[0, 0]))
            .costs_itself()
            .says(none),
        broken("256 sections", |p| put(p, NUMBER_OF_SECTIONS, &[0, 1])).boots_as(IMAGE),
        broken("257 sections", |p| put(p, NUMBER_OF_SECTIONS, &[1, 1]))
            .costs_itself()
            .says(headers),
        broken("65,535 sections", |p| {
            put(p, NUMBER_OF_SECTIONS, &[0xff; 2])
        })
        .costs_itself()
        .says(headers),
        broken("an optional header of 65,535 bytes", |p| {
            put(p, SIZE_OF_OPTIONAL_HEADER, &[0xff; 2])
        })
        .costs_itself()
        .says(none),
        broken("a kernel past the end", |p| {
            section(p, LINUX, POINTER_TO_RAW_DATA, 0x7fff_ffff)
        })
        .costs_itself()
        .says(outside),
        broken("a kernel that ends after the end", |p| {
            let start = field(p, LINUX, POINTER_TO_RAW_DATA);
            place(p, LINUX, start, 0x7fff_ffff);
        })
        .costs_itself()
        .says(outside),
        broken("a kernel over 4 GiB", |p| {
            place(p, LINUX, 0xffff_ff00, u32::MAX)
        })
        .costs_itself()
        .says(outside),
        broken("a kernel of nothing", |p| {
            section(p, LINUX, VIRTUAL_SIZE, 0)
        })
        .costs_itself()
        .says(none),
        broken("half a kernel", |p| section(p, LINUX, VIRTUAL_SIZE, 50_000))
            .says(&["victim.efi: ", "bytes are missing"]),
        broken("a kernel that is the headers", |p| {
            place(p, LINUX, 0, 100_000)
        })
        .says(kernel),
        broken("a kernel that is the initrd", |p| {
            let start = field(p, INITRD, POINTER_TO_RAW_DATA);
            place(p, LINUX, start, 5000);
        })
        .says(kernel),
        broken("an initrd that is the kernel", |p| {
            let start = field(p, LINUX, POINTER_TO_RAW_DATA);
            place(p, INITRD, start, 50_000);
        })
        .boots_as(IMAGE),
        broken("an initrd past the end", |p| {
            section(p, INITRD, POINTER_TO_RAW_DATA, 0x7fff_ffff)
        })
        .says(outside),
        broken("an initrd of 4 GiB", |p| place(p, INITRD, 0, u32::MAX)).says(outside),
        broken("a command line past the end", |p| {
            section(p, CMDLINE, POINTER_TO_RAW_DATA, 0x7fff_ffff)
        })
        .says(outside),
        broken("a command line of 3,000 bytes", |p| {
            let start = field(p, INITRD, POINTER_TO_RAW_DATA);
            // The first NUL would end the command line.
            for at in start..start + 3000 {
                put(p, at as usize, b"x");
            }
            place(p, CMDLINE, start, 3000);
        })
        .says(&["victim.efi: the command line exceeds 2047 bytes"]),
        broken("os-release past the end", |p| {
            section(p, OSREL, POINTER_TO_RAW_DATA, 0x7fff_ffff)
        })
        .costs_itself()
        .says(outside),
        broken("os-release of noise", |p| {
            let start = field(p, LINUX, POINTER_TO_RAW_DATA);
            place(p, OSREL, start + 2048, 90_000);
        })
        .costs_itself()
        .says(&["victim.efi: "]),
        broken("no os-release", |p| name(p, OSREL, b".oldrel\0"))
            .costs_itself()
            .says(none),
        broken("two kernels", |p| name(p, INITRD, b".linux\0\0")).says(kernel),
        broken("a kernel in a profile of noise", |p| {
            name(p, INITRD, b".profile")
        })
        .boots_as(IMAGE),
        broken("profiles and no kernel", |p| {
            for number in [CMDLINE, INITRD, LINUX] {
                name(p, number, b".profile");
            }
        })
        .costs_itself()
        .says(none),
        broken("names without an end", |p| {
            for number in [OSREL, CMDLINE, INITRD, LINUX] {
                name(p, number, &[0xff; 8]);
            }
        })
        .costs_itself()
        .says(none),
        broken("no byte", |p| length(p, 0))
            .costs_itself()
            .says(&["victim.efi: "]),
        broken("10 bytes", |p| length(p, 10))
            .costs_itself()
            .says(headers),
        broken("half of the headers", |p| length(p, 0x1a0))
            .costs_itself()
            .says(headers),
        broken("half of the file", |p| length(p, 50_000))
            .costs_itself()
            .says(outside),
        broken("a file that leads into a free cluster", |p| {
            let cluster = p.nth(p.slot(FILE), 30);
            p.link(cluster, 0);
        })
        .says(&["victim.efi: ", "is free"]),
        broken("a file in a circle", |p| {
            let slot = p.slot(FILE);
            let (start, cluster) = (p.first(slot), p.nth(slot, 30));
            p.link(cluster, start);
        })
        .says(&["victim.efi: the clusters run in a circle"]),
        broken("a directory in a circle", |p| {
            let cluster = p.first(p.slot(b"LINUX      "));
            let place = p.cluster(cluster);
            for slot in p.bytes[place].chunks_mut(32).filter(|slot| slot[0] == 0) {
                (slot[0], slot[11]) = (0xe5, 0x20);
            }
            p.link(cluster, cluster);
        })
        .boots_as(IMAGE)
        .says(&["/EFI/Linux: the clusters run in a circle"]),
    ];
    cases.into_iter().map(Case::uki).collect()
}
