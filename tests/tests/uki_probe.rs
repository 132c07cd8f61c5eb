//! What the kernel inside an image is handed, byte for byte: the kernel is the
//! probe.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tests::data::sha256;
use tests::gapboot;
use tests::kernels::probe::{Kernel, Report};
use tests::loaders::all::{By, HandedIn, Loader};
use tests::loaders::uki::{CMDLINE, Workshop, stub};

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
    let mut more = sections(&image, &[".ucode"]);
    more.extend(fs::read(&handed_in).unwrap());
    more.resize(more.len().next_multiple_of(4), 0);
    more.extend(sections(&image, &[".initrd", ".bzextra"]));
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
