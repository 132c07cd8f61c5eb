//! What takes minutes: `./x heavy`, and not `./x test`.
//!
//! Images with an initrd of 600 MiB, by every way that has to move it; and smaller ones
//! by the loaders that others wrote.

use tests::loaders::all::{By, Loader, carries};

#[test]
fn an_initrd_of_600_mib_by_qemu() {
    carries(600, Loader::Qemu, 2048);
}

#[test]
fn an_initrd_of_600_mib_by_gapboot() {
    carries(600, Loader::Gapboot(By::Type2), 2048);
}

// kexec refuses more than half of RAM.

#[test]
fn an_initrd_of_600_mib_by_kexec_file_load() {
    carries(600, Loader::Kexec(&["-l", "-s"], 4096), 4096);
}

#[test]
fn an_initrd_of_600_mib_by_kexec_load() {
    carries(600, Loader::Kexec(&["-l"], 4096), 4096);
}

#[test]
fn an_initrd_of_600_mib_by_gapboot_kexec() {
    for arguments in [&["-l"][..], &["-l", "-c"]] {
        carries(600, Loader::GapbootKexec(arguments, 4096), 4096);
    }
}

#[test]
fn an_initrd_of_64_mib_by_grub() {
    carries(64, Loader::Grub("linux"), 1024);
}

// kexec-tools puts it above 4 GiB.

#[test]
fn an_initrd_of_64_mib_on_6_gib_by_kexec_load() {
    carries(64, Loader::Kexec(&["-l"], 6144), 6144);
}

#[test]
fn an_initrd_of_64_mib_on_6_gib_by_kexec_file_load() {
    carries(64, Loader::Kexec(&["-l", "-s"], 6144), 6144);
}
