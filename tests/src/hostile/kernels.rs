//! Kernels with false headers.

use super::case::{Case, broken};
use super::surgery::Patient;
use crate::kernels::probe::named;

/// Sets a field of the victim's header.
fn field(patient: &mut Patient, name: &str, value: u64) {
    let field = named(name);
    let slot = patient.slot(b"VICTIM  BIN");
    patient.put_into(slot, field.offset, &value.to_le_bytes()[..field.size]);
}

fn length(patient: &mut Patient, bytes: u32) {
    let slot = patient.slot(b"VICTIM  BIN");
    patient.set_size(slot, bytes);
}

pub(super) fn cases() -> Vec<Case> {
    let none = &["victim.conf: /victim.bin: this is not a Linux kernel"];
    let missing = &["victim.conf: /victim.bin: ", "bytes are missing"];
    let memory = &["victim.conf: ", "the kernel needs memory"];
    vec![
        broken("100 bytes", |p| length(p, 100)).says(&["victim.conf: /victim.bin: "]),
        broken("a boot sector", |p| length(p, 512)).says(&["victim.conf: /victim.bin: "]),
        broken("a header and no more", |p| length(p, 1024)).says(missing),
        broken("half a kernel", |p| length(p, 50_000)).says(missing),
        broken("no HdrS", |p| field(p, "header", 0)).says(none),
        broken("no boot flag", |p| field(p, "boot_flag", 0x55aa)).says(none),
        broken("protocol 0.00", |p| field(p, "version", 0))
            .says(&["boot protocol is older than 2.02"]),
        broken("protocol 255.255", |p| field(p, "version", 0xffff)).boots(),
        broken("a zImage", |p| field(p, "loadflags", 0)).says(&["this is a zImage"]),
        broken("255 setup sectors", |p| field(p, "setup_sects", 255))
            .says(&["kernel header is bad at byte 497"]),
        broken("a header of two bytes", |p| field(p, "jump", 0x00eb))
            .says(&["kernel header is bad at byte 513"]),
        broken("a kernel of 64 GiB", |p| field(p, "syssize", 0xffff_ffff)).says(missing),
        broken("a kernel of 16 bytes more", |p| {
            let size = 100_000_u64.div_ceil(16);
            field(p, "syssize", size + 1);
        })
        .says(missing),
        broken("init_size of 4 GiB", |p| field(p, "init_size", 0xffff_ffff)).says(memory),
        broken("pref_address at the end of all", |p| {
            field(p, "pref_address", u64::MAX)
        })
        .says(memory),
        broken("alignment of 3", |p| {
            field(p, "relocatable_kernel", 1);
            field(p, "kernel_alignment", 3);
        })
        .says(&["kernel header is bad at byte 560"]),
        broken("alignment of nothing", |p| {
            field(p, "relocatable_kernel", 1);
            field(p, "kernel_alignment", 0);
        })
        .says(&["kernel header is bad at byte 560"]),
        broken("alignment of 2 GiB", |p| {
            field(p, "relocatable_kernel", 1);
            field(p, "kernel_alignment", 0x8000_0000);
        })
        .says(memory),
        broken("no command line", |p| field(p, "cmdline_size", 0))
            .says(&["command line exceeds 0 bytes"]),
        broken("no place for an initrd", |p| field(p, "initrd_addr_max", 0))
            .says(&["wants its initrd below"]),
    ]
}
