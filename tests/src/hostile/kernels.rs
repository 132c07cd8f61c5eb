//! Kernels whose headers lie.

use super::{Case, Patient};
use crate::probe::named;

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
    let none = &["victim.conf: /victim.bin: not a Linux kernel"];
    let missing = &["victim.conf: /victim.bin: ", "bytes are missing"];
    let memory = &["victim.conf: ", "the kernel needs memory"];
    vec![
        Case::new("100 bytes", |p| length(p, 100)).says(&["victim.conf: /victim.bin: "]),
        Case::new("a boot sector", |p| length(p, 512)).says(&["victim.conf: /victim.bin: "]),
        Case::new("a header and no more", |p| length(p, 1024)).says(missing),
        Case::new("half a kernel", |p| length(p, 50_000)).says(missing),
        Case::new("no HdrS", |p| field(p, "header", 0)).says(none),
        Case::new("no boot flag", |p| field(p, "boot_flag", 0x55aa)).says(none),
        Case::new("protocol 0.00", |p| field(p, "version", 0)).says(&["boot protocol before 2.02"]),
        Case::new("protocol 255.255", |p| field(p, "version", 0xffff)).boots(),
        Case::new("a zImage", |p| field(p, "loadflags", 0)).says(&["a zImage"]),
        Case::new("255 setup sectors", |p| field(p, "setup_sects", 255))
            .says(&["bad value at byte 497"]),
        Case::new("a header of two bytes", |p| field(p, "jump", 0x00eb))
            .says(&["bad value at byte 513"]),
        Case::new("a kernel of 64 GiB", |p| field(p, "syssize", 0xffff_ffff)).says(missing),
        Case::new("a kernel of 16 bytes more", |p| {
            let size = 100_000_u64.div_ceil(16);
            field(p, "syssize", size + 1);
        })
        .says(missing),
        Case::new("init_size of 4 GiB", |p| field(p, "init_size", 0xffff_ffff)).says(memory),
        Case::new("pref_address at the end of all", |p| {
            field(p, "pref_address", u64::MAX)
        })
        .says(memory),
        Case::new("alignment of 3", |p| {
            field(p, "relocatable_kernel", 1);
            field(p, "kernel_alignment", 3);
        })
        .says(&["bad value at byte 560"]),
        Case::new("alignment of nothing", |p| {
            field(p, "relocatable_kernel", 1);
            field(p, "kernel_alignment", 0);
        })
        .says(&["bad value at byte 560"]),
        Case::new("alignment of 2 GiB", |p| {
            field(p, "relocatable_kernel", 1);
            field(p, "kernel_alignment", 0x8000_0000);
        })
        .says(memory),
        Case::new("no command line", |p| field(p, "cmdline_size", 0))
            .says(&["command line over 0 bytes"]),
        Case::new("no place for an initrd", |p| field(p, "initrd_addr_max", 0))
            .says(&["wants its initrd below"]),
    ]
}
