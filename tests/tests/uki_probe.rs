//! What the kernel inside an image is handed, byte for byte: the kernel is the
//! probe.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tests::MIB;
use tests::data::sha256;
use tests::gapboot::{self, type1};
use tests::images::{Disk, Fat, Partition};
use tests::kernels::probe::{Kernel, Report};
use tests::loaders::all::{By, HandedIn, Loader};
use tests::loaders::uki::{CMDLINE, Workshop, stub};
use tests::machines::firmware::{Fault, Firmware};
use tests::machines::qemu::Machine;

/// An image around this kernel, in a workshop of its own.
fn image(kernel: &Kernel) -> (Workshop, std::path::PathBuf) {
    let workshop = Workshop::new().unwrap();
    fs::write(workshop.path("vmlinuz"), kernel.bytes()).unwrap();
    let image = workshop.build(&stub().unwrap()).unwrap();
    (workshop, image)
}

/// The contents of sections, by `gapboot uki inspect`, each padded to four bytes.
fn sections(image: &Path, names: &[&str]) -> Vec<u8> {
    let path = image.to_str().unwrap();
    let printed = gapboot::gapboot(&["uki", "inspect", "--json", path]).unwrap();
    let report: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(report["problems"], Value::Array(Vec::new()));
    let bytes = fs::read(image).unwrap();
    let mut all = Vec::new();
    for name in names {
        let mut sections = report["sections"].as_array().unwrap().iter();
        let section = sections.find(|section| section["name"] == *name).unwrap();
        let number = |key: &str| section[key].as_u64().unwrap() as usize;
        let mut content = bytes[number("offset")..][..number("size")].to_vec();
        if *name == ".bzextra" {
            // Its archives are padded to whole sectors.
            let mark = b"TRAILER!!!\0\0\0\0";
            let places = content.windows(mark.len());
            let last = places.clone().rposition(|place| place == mark).unwrap();
            content.truncate(last + mark.len());
        }
        content.resize(content.len().next_multiple_of(4), 0);
        all.extend(content);
    }
    all
}

/// All initrds of an image with the one of the workshop that is handed in, in their order.
fn with_handed_in(workshop: &Workshop, image: &Path) -> Vec<u8> {
    let mut all = sections(image, &[".ucode"]);
    all.extend(fs::read(workshop.path("handed-in")).unwrap());
    all.resize(all.len().next_multiple_of(4), 0);
    all.extend(sections(image, &[".initrd", ".bzextra"]));
    all
}

/// The kernel is started as one alone would be, with all that is its image's.
#[track_caller]
fn assert_whole(loader: Loader, report: &Report, kernel: &Kernel, initrd: &[u8]) {
    let found = [
        report.setup.size.to_string(),
        report.setup.sha256.clone(),
        report.kernel.sha256.clone(),
        report.command_line(),
        report.initrd.size.to_string(),
        report.initrd.sha256.clone(),
    ];
    let expected = [
        kernel.setup.len().to_string(),
        kernel.setup_sha256(),
        sha256(&kernel.kernel),
        CMDLINE.to_owned(),
        initrd.len().to_string(),
        sha256(initrd),
    ];
    assert_eq!(found, expected, "{loader:?}");
    // It owns what it unpacks itself to.
    let start = kernel.get("pref_address").max(report.kernel.address);
    let end = start + kernel.get("init_size");
    let initrd_end = report.initrd.address + report.initrd.size;
    assert!(
        report.initrd.address >= end || initrd_end <= start,
        "the initrd at {:#x} lies between {start:#x} and {end:#x}",
        report.initrd.address
    );
}

/// Real-mode parts of 16 and of 20 KiB, by the 16-bit entry.
#[test]
fn setup_parts_of_16_and_of_20_kib() {
    for sectors in [31, 39] {
        let kernel = Kernel::load().unwrap().like_debian();
        let kernel = kernel.setup_sectors(sectors).size(1 << 20);
        let (_workshop, image) = image(&kernel);
        let initrd = sections(&image, &[".ucode", ".initrd", ".bzextra"]);
        for loader in [Loader::Qemu, Loader::Syslinux] {
            let outcome = loader.start(&image, HandedIn::default(), 512).unwrap();
            let report = Report::parse(&outcome.serial).unwrap();
            assert_whole(loader, &report, &kernel, &initrd);
        }
    }
}

/// GRUB's linux16 leaves 36 KiB for real-mode part and heap, the probe wants more.
#[test]
fn a_setup_part_that_does_not_fit_is_not_started() {
    let (_workshop, image) = image(&Kernel::load().unwrap().like_debian());
    let directory = tempfile::tempdir().unwrap();
    let loader = Loader::Grub("linux16");
    let machine = loader.machine(&image, HandedIn::default(), directory.path());
    let mut guest = machine.unwrap().start().unwrap();
    let message = "its kernel needs more low memory than the boot loader leaves";
    guest.wait_for_serial(message).unwrap();
}

/// A kernel that takes 16 to 400 MiB for its own: initrds go above, whether they
/// lie in the file, were handed in, or are loaded by gapboot.
#[test]
fn an_init_size_that_forces_the_initrd_up() {
    let kernel = Kernel::load().unwrap().like_debian();
    let kernel = kernel.size(32 << 20).set("init_size", 0x1800_0000);
    let (workshop, image) = image(&kernel);
    let handed_in = workshop.path("handed-in");
    let own = sections(&image, &[".ucode", ".initrd", ".bzextra"]);
    let more = with_handed_in(&workshop, &image);
    let start = |loader: Loader, initrd, expected: &[u8]| {
        let handed_in = HandedIn {
            initrd,
            cmdline: None,
        };
        let outcome = loader.start(&image, handed_in, 1024).unwrap();
        let report = Report::parse(&outcome.serial).unwrap();
        assert_whole(loader, &report, &kernel, expected);
        report.initrd.address
    };
    start(Loader::Qemu, None, &own);
    start(Loader::Qemu, Some(&*handed_in), &more);
    let by_gapboot = start(Loader::Gapboot(By::Type2), None, &own);
    assert_eq!(by_gapboot, 0x1900_0000);
}

/// Memory of the machine with the faulty BIOS, in MiB.
const MEMORY: u32 = 128;

/// What a machine does on which gapboot starts an image as a kernel, with an initrd handed
/// in, and its BIOS has faults. `look` gets the machine, the kernel and all initrds.
fn with_firmware(firmware: &Firmware, look: impl FnOnce(Machine, &Kernel, &[u8])) {
    let kernel = Kernel::load().unwrap().like_debian();
    let kernel = kernel.set("init_size", 8 * MIB);
    let (workshop, image) = image(&kernel);
    let entry = type1("Image", "/image.efi", &["/initrd"], "");
    let files = Partition::esp(Fat::new(16).cluster(2048))
        .file("image.efi", image.clone())
        .file("initrd", workshop.path("handed-in"))
        .file("loader/entries/image.conf", entry);
    let (disk, floppy) = (workshop.path("disk"), workshop.path("floppy"));
    Disk::new(24 * MIB).partition(files).build(&disk).unwrap();
    gapboot::install(&disk).unwrap();
    firmware.write(&floppy).unwrap();
    let machine = Machine::new(&disk).memory(MEMORY).first_floppy(&floppy);
    look(machine, &kernel, &with_handed_in(&workshop, &image));
}

/// The start of a kernel with initrds at the end of the memory that the stub has found.
#[track_caller]
fn started(firmware: &Firmware) -> Report {
    let mut report = None;
    with_firmware(firmware, |machine, kernel, initrds| {
        let started = tests::scenario::boot(&machine).unwrap();
        assert_whole(Loader::Gapboot(By::Key("linux")), &started, kernel, initrds);
        report = Some(started);
    });
    report.unwrap()
}

/// The first page after the initrds.
fn end(report: &Report) -> u64 {
    (report.initrd.address + report.initrd.size).next_multiple_of(4096)
}

/// The memory map; without it AX=E801h, in either pair of registers, in 64 KiB; without
/// that AH=88h, which knows of 64 MiB at most.
#[test]
fn the_memory_that_the_stub_finds() {
    let with_map = started(&Firmware::new());
    let ram = with_map.e820.iter().filter(|range| range.2 == 1);
    let last = ram.map(|range| range.0 + range.1).max().unwrap();
    assert_eq!(end(&with_map), last);
    let without_map = |faults, end: u64, no_size| {
        let report = started(&Firmware {
            no_system_functions: [Some(0xe820), no_size],
            ..Firmware::with(faults)
        });
        assert_eq!(report.e820, [], "the hook works");
        assert_eq!(self::end(&report), end, "{faults:?}");
    };
    for faults in [&[][..], &[Fault::NotConfigured], &[Fault::NotPresent]] {
        without_map(faults, last & !0xffff, None);
    }
    without_map(&[], 64 * MIB, Some(0xe801));
}

/// A BIOS that shows its screen on the serial line has an INT 10h of its own, outside of the
/// video BIOS: nothing is said twice.
#[test]
fn no_memory_that_the_stub_finds() {
    let firmware = Firmware {
        no_system_functions: [Some(0xe820), Some(0xe801)],
        ..Firmware::with(&[Fault::NoOldestSize, Fault::KernelsOnly])
    };
    with_firmware(&firmware, |machine, _, _| {
        let mut guest = machine.start().unwrap();
        guest.wait_for_screen("Press a key to restart.").unwrap();
        let screen = guest.screen().unwrap().text().replace('\n', "");
        let message = "the BIOS does not say where memory is; update the BIOS";
        assert!(screen.contains(message), "{screen}");
        assert!(
            !guest.serial().contains("cannot start"),
            "{}",
            guest.serial()
        );
    });
}
