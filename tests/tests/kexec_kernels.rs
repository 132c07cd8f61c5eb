//! `gapboot kexec` on kernels that Linux does not start by itself: by their 32-bit
//! entry, at one address only, or by Multiboot.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tests::data::{random, sha256};
use tests::debian::package;
use tests::gapboot::built;
use tests::guests::next::{machine, start};
use tests::images::initramfs::Archive;
use tests::kernels::multiboot::{Format, Multiboot, Report, kernel};
use tests::kernels::probe::{self, parse};
use tests::machines::qemu::{Exit, Machine};
use tests::tool::{command, run};

/// What `gapboot kexec` says that loads nothing.
fn refusal(files: &[(&str, &[u8])], arguments: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let machine = machine(directory.path(), files, arguments).unwrap();
    let outcome = machine.run().unwrap();
    assert_eq!(outcome.exit, Exit::Status(0), "{}", outcome.serial);
    let said = outcome.serial.split("TEST gapboot: ").nth(1);
    let said = said.unwrap_or_else(|| panic!("{}", outcome.serial));
    said.lines().next().unwrap_or_default().trim().to_owned()
}

fn read(path: PathBuf) -> Vec<u8> {
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The kernel of Debian's i386 installer.
fn kernel_of_32_bits() -> PathBuf {
    let root = package("debian-installer-12-netboot-i386").unwrap();
    let images = root.join("usr/lib/debian-installer/images/12/i386/text");
    images.join("debian-installer/i386/linux")
}

/// Starts a system that loads these files, and waits until Linux has its command line and
/// its initrd.
fn starts_linux(directory: &Path, files: &[(&str, &[u8])], arguments: &str) {
    let mut guest = start(directory, files, arguments).unwrap();
    for said in [
        "BIOS-e820: [mem 0x",
        "Kernel command line: console=ttyS0 no_timer_check hello",
        "Trying to unpack rootfs image as initramfs...",
        "Freeing initrd memory: ",
    ] {
        guest.wait_for_serial(said).unwrap();
    }
}

#[test]
fn debians_32_bit_kernel() {
    let kernel = read(kernel_of_32_bits());
    // The installer's own takes minutes to unpack.
    let initrd = Archive::new().directory("next").finish();
    let files = [("linux", &*kernel), ("initrd", &*initrd)];
    let arguments = "linux --initrd initrd --cmdline 'console=ttyS0 no_timer_check hello'";
    let directory = tempfile::tempdir().unwrap();
    starts_linux(directory.path(), &files, arguments);
}

/// The image is entered in 32 bits, as its kernel is.
#[test]
fn an_image_with_a_32_bit_kernel() {
    let directory = tempfile::tempdir().unwrap();
    let [initrd, image] = ["initrd-inside", "os.efi"].map(|name| directory.path().join(name));
    fs::write(&initrd, Archive::new().directory("next").finish()).unwrap();
    run(Command::new(built("gapboot").unwrap())
        .args([
            "uki",
            "build",
            "--cmdline",
            "console=ttyS0 no_timer_check hello",
            "--linux",
        ])
        .arg(kernel_of_32_bits())
        .arg("--initrd")
        .arg(&initrd)
        .arg("--output")
        .arg(&image))
    .unwrap();
    starts_linux(directory.path(), &[("os.efi", &read(image))], "os.efi");
}

/// It asks the BIOS, which a kernel that Linux has started cannot.
#[test]
fn ipxe_is_refused() {
    let program = read(package("ipxe").unwrap().join("boot/ipxe.lkrn"));
    assert_eq!(
        refusal(&[("ipxe.lkrn", &program)], "ipxe.lkrn"),
        "ipxe.lkrn: this kernel can be entered in real mode only, for which it needs the BIOS: \
         start it by a boot loader"
    );
}

/// The modules of the probe, their strings, and what it should find.
const MODULES: [(&str, usize, &str); 3] = [
    ("one", 5000, "one --a b  c"),
    ("two.gz", 4096, "two.gz"),
    ("three", 1, "three \"x\""),
];

/// Starts the probe by `gapboot kexec`, and checks all that it finds but the memory map.
fn probe_by_kexec(kernel: &Multiboot, file: &[u8]) -> Report {
    let directory = tempfile::tempdir().unwrap();
    let contents = MODULES.map(|(name, size, _)| random(name.len() as u64, size));
    let packed = gzip(directory.path(), &contents[1]);
    let files = [
        ("probe", file),
        ("one", &contents[0]),
        ("two.gz", &packed),
        ("three", &contents[2]),
    ];
    let mut arguments = "probe --cmdline 'a=b  \"c d\" '".to_owned();
    for (_, _, string) in MODULES {
        arguments += &format!(" --module '{string}'");
    }
    let guest = start(directory.path(), &files, &arguments).unwrap();
    let outcome = guest.finish().unwrap();
    assert_eq!(
        outcome.exit,
        Exit::Status(probe::Report::STATUS),
        "{}",
        outcome.serial
    );
    let report: Report = parse(&outcome.serial).unwrap();

    // Section 3.2 of the specification.
    let entry = &report.entry;
    assert_eq!(entry.eax, 0x2bad_b002);
    let data = [entry.ds, entry.es, entry.fs, entry.gs, entry.ss];
    assert_eq!((entry.cs, data), (0x10, [0x18; 5]));
    assert_eq!(entry.cr0 & 0x8000_0001, 1, "paging is off");
    assert_eq!(entry.cr4 & !0x40, 0, "PAE is off too");
    assert_eq!(entry.eflags & 0x2_0200, 0, "no interrupts");
    // The firmware's data are as the system saw them.
    let page_0 = outcome.serial.split("TEST page 0 ").nth(1).unwrap();
    assert!(page_0.starts_with(&report.page_0.sha256), "{page_0}");
    assert_eq!(report.kernel.sha256, kernel.sha256);
    assert!(report.bss_is_zero);
    // Section 3.3.
    assert_eq!(report.flags, 0b10_0100_1101);
    assert_eq!(report.loader, "gapboot");
    assert_eq!(report.cmdline, "probe a=b  \"c d\" ");
    assert_eq!(report.modules.len(), MODULES.len());
    let mut end = report.kernel.address + report.kernel.size;
    for (module, ((_, size, string), content)) in
        report.modules.iter().zip(MODULES.iter().zip(&contents))
    {
        assert_eq!(module.string, *string);
        assert_eq!(
            (module.place.size, module.place.address % 4096),
            (*size as u64, 0)
        );
        assert_eq!(module.place.sha256, sha256(content));
        assert!(module.place.address >= end, "{report:?}");
        end = module.place.address + module.place.size;
    }
    report
}

fn gzip(directory: &Path, content: &[u8]) -> Vec<u8> {
    let path = directory.join("content");
    fs::write(&path, content).unwrap();
    run(command("gzip").arg("--force").arg(&path)).unwrap();
    read(directory.join("content.gz"))
}

/// What QEMU tells the probe of the same machine.
fn memory_by_qemu(directory: &Path, kernel: &Multiboot) -> Report {
    let path = directory.join("probe");
    fs::write(&path, &kernel.file).unwrap();
    let machine = Machine::without_disk().memory(1024);
    let outcome = machine
        .arguments(&["-kernel", &path.display().to_string()])
        .run()
        .unwrap();
    assert_eq!(
        outcome.exit,
        Exit::Status(probe::Report::STATUS),
        "{}",
        outcome.serial
    );
    parse(&outcome.serial).unwrap()
}

#[test]
fn the_probe_as_elf32() {
    let directory = tempfile::tempdir().unwrap();
    let kernel = kernel(Format::Elf32, directory.path()).unwrap();
    let report = probe_by_kexec(&kernel, &gzip(directory.path(), &kernel.file));
    let expected = memory_by_qemu(directory.path(), &kernel);
    assert_eq!(report.memory, expected.memory);
    assert_eq!(
        (report.mem_lower, report.mem_upper),
        (expected.mem_lower, expected.mem_upper)
    );
}

#[test]
fn the_probe_as_elf64() {
    let directory = tempfile::tempdir().unwrap();
    let kernel = kernel(Format::Elf64, directory.path()).unwrap();
    probe_by_kexec(&kernel, &kernel.file);
}

#[test]
fn the_probe_with_addresses_in_its_header() {
    let directory = tempfile::tempdir().unwrap();
    let kernel = kernel(Format::Addresses, directory.path()).unwrap();
    probe_by_kexec(&kernel, &kernel.file);
}
