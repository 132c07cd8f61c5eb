//! The rig's scenarios in v86, whose processor shares no code with QEMU's or Bochs's:
//! `./x v86`, and not `./x test`.
//!
//! Debian's kernels are missing here because they are for x86-64: v86 has no long mode.
//! So are disks of more than some hundred MiB, because v86 holds all of a disk in memory.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tests::MIB;
use tests::data::{random, sha256};
use tests::gapboot::{self, type1};
use tests::images::{Disk, Fat, Partition, SECTOR, Volume, boot_sector};
use tests::kernels::probe::{Kernel, Report};
use tests::loaders::{syslinux, uki};
use tests::machines::firmware::{Fault, Firmware};
use tests::machines::rig::{Exit, Rig};
use tests::machines::v86::{Guest, Machine};
use tests::scenario::{self, Scenario};

fn small() -> Scenario {
    Scenario::small().unwrap()
}

/// Boots an image, and has the emulator agree.
fn boots_image(scenario: &Scenario, image: &Path, memory: u32) {
    let machine = Machine::new(image).memory(memory);
    let report = scenario.boot(&machine).unwrap();
    scenario.emulate(image, memory, &report).unwrap();
}

fn boots(scenario: &Scenario) {
    let directory = tempfile::tempdir().unwrap();
    let image = scenario.install(directory.path()).unwrap();
    boots_image(scenario, &image, 128);
}

// The machine itself, without gapboot.

#[test]
fn keys_and_screen_reach_the_test() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    boot_sector::echo(&image).unwrap();
    let mut guest = Machine::new(&image).start().unwrap();
    guest.wait_for_screen("Hi").unwrap();
    guest.press(&["x", "shift+d"]).unwrap();
    guest.wait_for_screen("HixD").unwrap();
    guest.wait_for_serial("xD").unwrap();
}

#[test]
fn a_machine_that_hangs_is_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    std::fs::write(&image, vec![0; 1 << 20]).unwrap();
    let mut guest = Machine::new(&image).start().unwrap();
    guest.wait_for_screen("No bootable device").unwrap();
    guest.set_time_left(Duration::ZERO);
    assert_eq!(guest.finish().unwrap().exit, Exit::Stopped);
}

#[test]
fn a_foreign_loader_boots_the_probe() {
    let directory = tempfile::tempdir().unwrap();
    let scenario = small().initrd(random(2, 1_000_001));
    let image = directory.path().join("disk.img");
    scenario.build(&image).unwrap();
    let configuration =
        "default probe\nlabel probe\nlinux /probe/kernel\ninitrd /probe/initrd-0.img\nappend a=b\n";
    syslinux::install(&image, configuration).unwrap();
    let report = scenario::boot(&Machine::new(&image)).unwrap();
    assert_eq!(report.kernel.sha256, sha256(&scenario.kernel.kernel));
    assert_eq!(report.initrd.sha256, sha256(&scenario.initrds[0]));
    assert!(report.cmdline.contains("a=b"), "{}", report.cmdline);
}

// gapboot, down to the probe.

#[test]
fn every_amount_of_memory() {
    let kernel = Kernel::load().unwrap().setup_sectors(39).size(1 << 20);
    let scenario = small()
        .kernel(kernel.like_debian().trailer(1472))
        .initrd(random(1, 3_000_001));
    let directory = tempfile::tempdir().unwrap();
    let image = scenario.install(directory.path()).unwrap();
    for memory in [128, 512, 1024] {
        boots_image(&scenario, &image, memory);
    }
}

#[test]
fn the_oldest_kernel_with_the_shortest_setup_part() {
    let kernel = Kernel::load().unwrap().size(100_000);
    boots(&small().kernel(kernel.version(0x202).setup_sectors(4)));
}

#[test]
fn several_initrds_and_the_longest_command_line() {
    let options = format!("longest={}", "x".repeat(2047 - 8));
    let scenario = Scenario { options, ..small() };
    boots(
        &scenario
            .initrd(random(1, 1001))
            .initrd(random(2, 2))
            .initrd(random(3, 70_003)),
    );
}

#[test]
fn every_kind_of_fat() {
    for (cluster, fat, size) in [
        (512, Fat::new(12), 3 * MIB),
        (512, Fat::new(16), 24 * MIB),
        (512, Fat::new(32), 64 * MIB),
        (4096, Fat::new(16).sector(2048), 64 * MIB),
    ] {
        let scenario = Scenario {
            fat: fat.cluster(cluster),
            size,
            run: Some(3),
            ..small()
        };
        let kernel = Kernel::load().unwrap().size(150_000);
        boots(&scenario.kernel(kernel).initrd(random(1, 300_001)));
    }
}

#[test]
fn a_logical_partition_of_an_mbr() {
    let scenario = small();
    let entries = scenario.partition().kind("ea").number(6).size(30 * MIB);
    let logical = Partition::linux().kind("83").number(5).size(MIB);
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    Disk::mbr(64 * MIB)
        .partition(Partition::linux().kind("5").number(2))
        .partition(logical)
        .partition(entries)
        .build(&image)
        .unwrap();
    gapboot::install(&image).unwrap();
    boots_image(&scenario, &image, 128);
}

#[test]
fn the_backup_table_when_the_primary_is_damaged() {
    let directory = tempfile::tempdir().unwrap();
    let scenario = small();
    let image = scenario.install(directory.path()).unwrap();
    overwrite(&image, SECTOR, &[0; SECTOR as usize]);
    boots_image(&scenario, &image, 128);
}

/// Plain images as the host's tools make them, out of which the loader takes the kernel.
/// The first one is for 64-bit processors: the machine says so, and boots the other.
#[test]
fn unified_kernel_images_for_both_processors() {
    let workshop = uki::Workshop::new().unwrap();
    let kernel = Kernel::load().unwrap();
    std::fs::write(workshop.path("vmlinuz"), kernel.bytes()).unwrap();
    let plain = workshop.plain(&uki::stub().unwrap()).unwrap();
    let for_64_bits = std::fs::read(plain).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    let esp = Partition::esp(Fat::new(16))
        .file("EFI/Linux/image-1.efi", for_32_bits(&for_64_bits))
        .file("EFI/Linux/image-2.efi", for_64_bits);
    Disk::new(100 * MIB).partition(esp).build(&image).unwrap();
    gapboot::install(&image).unwrap();
    let outcome = Machine::new(&image).run().unwrap();
    let message = "image-2.efi: this is for another processor";
    assert!(outcome.serial.contains(message), "{}", outcome.serial);
    let report = Report::parse(&outcome.serial).unwrap();
    assert_eq!(report.node()["LoaderEntrySelected"], "image-1.efi");
    assert_eq!(report.command_line(), uki::CMDLINE);
    assert_eq!(report.kernel.sha256, sha256(&kernel.kernel));
    assert_eq!(report.setup.sha256, kernel.setup_sha256());
}

/// The same image with another machine in its header (PE format, "COFF File Header").
fn for_32_bits(image: &[u8]) -> Vec<u8> {
    const HEADER_PLACE: usize = 0x3c;
    const I386: [u8; 2] = [0x4c, 0x01];
    let mut image = image.to_vec();
    let place = &image[HEADER_PLACE..HEADER_PLACE + 4];
    let place = u32::from_le_bytes(place.try_into().unwrap()) as usize;
    assert_eq!(image[place..place + 4], *b"PE\0\0");
    image[place + 4..place + 6].copy_from_slice(&I386);
    image
}

/// Garbage in all memory and registers, and whatever else a caller has changes; except for
/// the A20 gate, which v86 does not have.
#[test]
fn a_hostile_bios() {
    let directory = tempfile::tempdir().unwrap();
    let scenario = small().initrd(random(1, 300_003));
    let image = scenario.install(directory.path()).unwrap();
    let floppy = directory.path().join("firmware");
    let firmware = Firmware::with(&[
        Fault::Clobber,
        Fault::InterruptsOff,
        Fault::Tables,
        Fault::Packet,
    ]);
    firmware.write(&floppy).unwrap();
    let machine = Machine::new(&image).first_floppy(&floppy);
    scenario.boot(&machine).unwrap();
}

// What a person sees, and does.

#[test]
fn stage1_says_what_is_missing_and_leaves() {
    let directory = tempfile::tempdir().unwrap();
    let image = small().install(directory.path()).unwrap();
    overwrite(
        &image,
        layout::disk::STAGE2_LBA * SECTOR,
        &[0; layout::disk::STAGE2_BYTES],
    );
    let mut guest = Machine::new(&image).start().unwrap();
    guest.wait_for_serial("gapboot: no stage2").unwrap();
    guest.wait_for_screen("gapboot: no stage2").unwrap();
    guest.press(&["spc"]).unwrap();
    // SeaBIOS, after the last device.
    guest.wait_for_screen("No bootable device").unwrap();
}

const HINT: &str = "Enter boot   e edit   p details   h help";

/// A disk with two entries, one of them counted, and a menu that waits.
fn two() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    let entry = |version: &str| {
        let text = type1("Probe", "/kernel", &[], &format!("version={version}"));
        format!("{text}version {version}\nsort-key probe\n")
    };
    let esp = Partition::esp(Fat::new(16).cluster(2048))
        .file("kernel", Kernel::load().unwrap().bytes())
        .file("loader/loader.conf", "timeout menu-force\n")
        .file("loader/entries/new+3.conf", entry("2"))
        .file("loader/entries/old.conf", entry("1"));
    Disk::new(24 * MIB).partition(esp).build(&image).unwrap();
    gapboot::install(&image).unwrap();
    (directory, image)
}

fn menu(image: &Path) -> Guest {
    let mut guest = Machine::new(image).writable().start().unwrap();
    guest.wait_for_screen(HINT).unwrap();
    guest
}

/// Waits until the screen is the one that the emulator shows after these keys.
fn shows(guest: &mut Guest, image: &Path, keys: &str) {
    let output = gapboot::emulate(image, 128, &["--screen", "--keys", keys]).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // The handoff follows, if there is one.
    let expected = trimmed(text.split("\n{").next().unwrap());
    let result = guest.wait_for(|guest| trimmed(&guest.screen().text()) == expected);
    assert!(
        result.is_ok(),
        "expected {expected:#?}, {:#?}",
        result.unwrap_err()
    );
}

/// The lines of a screen without blanks at their ends, and without empty lines at its end.
fn trimmed(text: &str) -> Vec<&str> {
    text.trim_end().lines().map(str::trim_end).collect()
}

#[test]
fn the_menu_is_what_the_emulator_shows() {
    let (_directory, image) = two();
    let mut guest = menu(&image);
    shows(&mut guest, &image, "");
    guest.press(&["h"]).unwrap();
    shows(&mut guest, &image, "h");
    guest.press(&["esc"]).unwrap();
    shows(&mut guest, &image, "h,esc");
    guest.type_on_serial(b"\x1b[Bp").unwrap();
    shows(&mut guest, &image, "down,p");
    // The menu's own way to restart.
    guest.press(&["esc", "shift+b"]).unwrap();
    assert_eq!(guest.finish().unwrap().exit, Exit::Status(0));
}

#[test]
fn keyboard_and_serial_line_edit_and_boot() {
    let (_directory, image) = two();
    let mut guest = menu(&image);
    guest.press(&["down", "e", "end", "spc", "a", "b"]).unwrap();
    guest.wait_for_screen("version=1 ab").unwrap();
    guest.press(&["minus", "c", "ret"]).unwrap();
    let report = Report::parse(&guest.finish().unwrap().serial).unwrap();
    assert_eq!(report.command_line(), "version=1 ab-c");

    let mut guest = menu(&image);
    guest.type_on_serial(b"je\x1b[F ab-c\r").unwrap();
    let report = Report::parse(&guest.finish().unwrap().serial).unwrap();
    assert_eq!(report.command_line(), "version=1 ab-c");
}

#[test]
fn attempts_are_counted_and_choices_remembered() {
    let (_directory, image) = two();
    let volume = Volume::open(&image, 1).unwrap();
    // Makes the state file.
    let name = image.to_str().unwrap();
    let output = gapboot::gapboot(&["set", "timeout", "menu-force", name]).unwrap();
    assert!(output.status.success(), "{output:?}");
    for name in ["new+2-1.conf", "new+1-2.conf"] {
        let mut guest = menu(&image);
        guest.press(&["d", "ret"]).unwrap();
        let outcome = guest.finish().unwrap();
        assert_eq!(outcome.exit, Exit::Status(Report::STATUS));
        let names = volume.names("loader/entries").unwrap();
        assert!(names.iter().any(|other| other == name), "{name}: {names:?}");
        volume.check().unwrap();
    }
    let output = gapboot::gapboot(&["status", "--json", name]).unwrap();
    let status: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(status["state"]["lastBooted"], "new.conf");
}

fn overwrite(image: &Path, at: u64, bytes: &[u8]) {
    let file = OpenOptions::new().write(true).open(image).unwrap();
    file.write_all_at(bytes, at).unwrap();
}
