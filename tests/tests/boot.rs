//! The probe kernel through gapboot: on every bus, with every amount of
//! memory, in every variant; and the emulator's handoff for the same disks.

use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tests::MIB;
use tests::data::random;
use tests::gapboot;
use tests::images::Disk;
use tests::kernels::probe::{Kernel, Report};
use tests::machines::bochs::{self, Bios};
use tests::machines::qemu::{Bus, Machine};
use tests::scenario::Scenario;

fn debian_like() -> Kernel {
    Kernel::load()
        .unwrap()
        .setup_sectors(39)
        .size(8 << 20)
        .like_debian()
        .trailer(1472)
}

fn small() -> Scenario {
    Scenario::small().unwrap()
}

struct Installed {
    scenario: Scenario,
    image: PathBuf,
    _directory: TempDir,
}

impl Installed {
    fn new(scenario: Scenario) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let image = scenario.install(directory.path()).unwrap();
        Self {
            scenario,
            image,
            _directory: directory,
        }
    }

    /// Boots it, and has the emulator agree.
    fn boots(&self, bus: Bus, memory: u32) -> Report {
        let machine = Machine::new(&self.image).bus(bus).memory(memory);
        let report = self.scenario.boot(&machine).unwrap();
        self.scenario.emulate(&self.image, memory, &report).unwrap();
        report
    }
}

impl Installed {
    /// The same in Bochs.
    fn boots_on_bochs(&self, bios: Bios, memory: u32) {
        let machine = bochs::Machine::new(bios, &self.image).memory(memory);
        let report = self.scenario.boot(&machine).unwrap();
        self.scenario.emulate(&self.image, memory, &report).unwrap();
    }
}

/// Boots a scenario in machines with 128 MiB: on SeaBIOS and on a BIOS that has
/// nothing in common with it.
fn boots(scenario: Scenario) -> Report {
    let installed = Installed::new(scenario);
    installed.boots_on_bochs(Bios::Latest, 128);
    installed.boots(Bus::Virtio, 128)
}

fn on_bus(bus: Bus) {
    let scenario = Scenario::new().unwrap().kernel(debian_like());
    let small = Installed::new(scenario.clone().initrd(random(32, 32 << 20)));
    small.boots(bus, 128);
    drop(small);
    let large = Installed::new(scenario.initrd(random(64, 64 << 20)));
    for memory in [512, 3072, 6144] {
        large.boots(bus, memory);
    }
}

#[test]
fn on_virtio() {
    on_bus(Bus::Virtio);
}

#[test]
fn on_ahci() {
    on_bus(Bus::Ahci);
}

#[test]
fn on_ide() {
    on_bus(Bus::Ide);
}

#[test]
fn on_usb() {
    on_bus(Bus::UsbXhci);
}

#[test]
fn on_other_buses() {
    let scenario = Scenario::new()
        .unwrap()
        .kernel(debian_like())
        .initrd(random(1, 3_000_001));
    let installed = Installed::new(scenario);
    for bus in [
        Bus::AhciCard,
        Bus::UsbEhci,
        Bus::Nvme,
        Bus::VirtioScsi,
        Bus::Lsi,
        Bus::MegaSas,
    ] {
        installed.boots(bus, 256);
    }
}

#[test]
fn on_an_sd_card() {
    // Their sizes are powers of two.
    let scenario = Scenario {
        size: 32 * MIB,
        ..small()
    };
    Installed::new(scenario.initrd(random(1, 300_001))).boots(Bus::Sd, 256);
}

#[test]
fn on_bochs() {
    let kernel = Kernel::load().unwrap().setup_sectors(39).size(1 << 20);
    let scenario = Scenario::new()
        .unwrap()
        .kernel(kernel.like_debian().trailer(1472))
        .initrd(random(1, 3_000_001));
    let installed = Installed::new(scenario);
    for bios in Bios::ALL {
        for memory in [96, 512] {
            installed.boots_on_bochs(bios, memory);
        }
    }
}

#[test]
fn on_a_486() {
    let installed = Installed::new(small().initrd(random(1, 300_001)));
    let machine = Machine::new(&installed.image).arguments(&["-cpu", "486"]);
    installed.scenario.boot(&machine).unwrap();
}

#[test]
fn beyond_2_tib() {
    const SIZE: u64 = 3 << 40;
    let scenario = small().initrd(random(1, 300_001));
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    let start = (SIZE - 32 * MIB) / 512;
    let esp = scenario.partition().start(start).size(24 * MIB);
    Disk::new(SIZE).partition(esp).build(&image).unwrap();
    gapboot::install(&image).unwrap();
    for bus in [Bus::Virtio, Bus::Ahci, Bus::Ide, Bus::Nvme] {
        let machine = Machine::new(&image).bus(bus).memory(128);
        let report = scenario.boot(&machine).unwrap();
        scenario.emulate(&image, 128, &report).unwrap();
    }
}

#[test]
fn every_length_of_the_setup_part() {
    let kernel = Kernel::load().unwrap();
    boots(small().kernel(kernel.clone().setup_sectors_by_default()));
    for sectors in [4, 5, 31, 39, 63] {
        boots(
            small()
                .kernel(kernel.clone().setup_sectors(sectors))
                .initrd(random(5, 5000)),
        );
    }
}

#[test]
fn every_version_of_the_protocol() {
    let kernel = Kernel::load().unwrap().size(100_000);
    for version in 0x202..=0x20f {
        boots(
            small()
                .kernel(kernel.clone().version(version))
                .initrd(random(6, 70_000)),
        );
    }
}

#[test]
fn initrds_of_every_length_are_joined_at_four_bytes() {
    for sizes in [[1, 2, 3], [1001, 1002, 1003], [4096, 1, 4096]] {
        let mut scenario = small();
        for (seed, size) in (1..).zip(sizes) {
            scenario = scenario.initrd(random(seed, size));
        }
        boots(scenario);
    }
}

#[test]
fn no_initrd_and_no_command_line() {
    let report = boots(Scenario {
        options: String::new(),
        ..small()
    });
    assert_eq!(report.get("ramdisk_size"), 0);
}

#[test]
fn the_longest_command_line() {
    let options = format!("longest={}", "x".repeat(2047 - 8));
    boots(Scenario {
        options: options.clone(),
        ..small()
    });
    // Older kernels take less.
    let kernel = Kernel::load().unwrap().set("cmdline_size", 300);
    boots(
        Scenario {
            options: options[..300].to_owned(),
            ..small()
        }
        .kernel(kernel),
    );
    let kernel = Kernel::load().unwrap().version(0x205);
    boots(
        Scenario {
            options: options[..255].to_owned(),
            ..small()
        }
        .kernel(kernel),
    );
}

#[test]
fn the_command_line_is_passed_as_it_is_written() {
    let options = "a=\"b c\"   d='e'\tf=\\g $h ${i} %j \u{e4}\u{20ac} -- init=/x".to_owned();
    boots(Scenario { options, ..small() });
}

#[test]
fn the_initrd_keeps_clear_of_the_kernel() {
    let kernel = Kernel::load().unwrap();
    let initrd = || random(9, 1_234_567);
    // 63.6 MiB from 16 MiB on: up to 0x4f98000.
    let report = boots(
        small()
            .kernel(kernel.clone().like_debian())
            .initrd(initrd()),
    );
    assert_eq!(report.initrd.address, 0x4f9_8000);
    // The kernel takes little: 64 MiB.
    let report = boots(small().kernel(kernel.clone()).initrd(initrd()));
    assert_eq!(report.initrd.address, 0x400_0000);
    // The initrd must lie below 64 MiB: the lowest place after the kernel.
    let low = kernel.clone().set("initrd_addr_max", 0x3ff_ffff);
    let report = boots(small().kernel(low).initrd(initrd()));
    assert!(report.initrd.address < 0x20_0000, "{:x?}", report.initrd);
    // Not relocatable, prefers 32 MiB, needs 48 MiB there.
    let fixed = kernel
        .set("pref_address", 0x200_0000)
        .set("init_size", 0x300_0000);
    let report = boots(small().kernel(fixed).initrd(initrd()));
    assert_eq!(report.initrd.address, 0x500_0000);
}

#[test]
fn signed_kernels_are_longer_than_their_header_says() {
    for size in [1, 8, 1472, 70_000] {
        let installed = Installed::new(small().kernel(Kernel::load().unwrap().trailer(size)));
        let machine = Machine::new(&installed.image).memory(128);
        installed.scenario.boot(&machine).unwrap();
    }
}

#[test]
fn the_disk_is_the_one_that_the_bios_started() {
    let installed = Installed::new(small());
    let directory = tempfile::tempdir().unwrap();
    let other = Scenario {
        options: "from the second disk".to_owned(),
        ..small()
    };
    let second = other.install(directory.path()).unwrap();
    let machine = Machine::new(&installed.image).second_disk(&second);
    installed.scenario.boot(&machine).unwrap();
}

#[test]
fn booting_changes_nothing_on_the_disk() {
    let installed = Installed::new(small().initrd(random(2, 9999)));
    let before = std::fs::read(&installed.image).unwrap();
    installed
        .scenario
        .boot(&Machine::new(&installed.image).writable())
        .unwrap();
    assert!(
        before == std::fs::read(&installed.image).unwrap(),
        "{}",
        changed(&before, &installed.image)
    );
}

/// The sectors that changed.
fn changed(before: &[u8], image: &Path) -> String {
    let after = std::fs::read(image).unwrap();
    let sectors = before.chunks(512).zip(after.chunks(512)).enumerate();
    let changed = sectors
        .filter(|(_, (before, after))| before != after)
        .map(|(lba, _)| lba);
    format!("changed sectors: {:?}", changed.collect::<Vec<_>>())
}
