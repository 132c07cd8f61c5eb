//! The rig itself, proved without the boot loader under test: with QEMU's own
//! kernel loader, with SYSLINUX, and with the tools that check disks.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};
use tests::data::random;
use tests::data::sha256;
use tests::images::boot_sector;
use tests::images::{Disk, Fat, Partition, Volume, partitions};
use tests::kernels::probe::{Kernel, Report};
use tests::loaders::syslinux;
use tests::machines::qemu::{Bus, Exit, Machine};
use tests::scenario::{self, Scenario};
use tests::tool::{command, run};
use tests::{MIB, demo};

#[test]
fn the_probe_reports_what_qemu_hands_it() {
    let directory = tempfile::tempdir().unwrap();
    let kernel = Kernel::load()
        .unwrap()
        .setup_sectors(39)
        .size(3_000_000)
        .trailer(1472);
    let initrd = random(1, 64 << 20);
    let cmdline = r#"say="a \ b" last=ä"#;
    let paths = [
        directory.path().join("kernel"),
        directory.path().join("initrd"),
    ];
    fs::write(&paths[0], kernel.bytes()).unwrap();
    fs::write(&paths[1], &initrd).unwrap();
    let [kernel_path, initrd_path] = paths.each_ref().map(|path| path.to_str().unwrap());
    let arguments = [
        "-kernel",
        kernel_path,
        "-initrd",
        initrd_path,
        "-append",
        cmdline,
    ];
    let report = scenario::boot(&Machine::without_disk().arguments(&arguments)).unwrap();
    assert_eq!(report.kernel.address, 0x10_0000);
    assert_eq!(report.kernel.sha256, sha256(&kernel.kernel));
    assert_eq!(report.initrd.sha256, sha256(&initrd));
    assert_eq!(report.setup.sha256, kernel.setup_sha256());
    assert_eq!(report.command_line(), cmdline);
    assert_eq!(
        (report.entry.cs, report.entry.ds, report.entry.ss),
        (0x1020, 0x1000, 0x1000)
    );
    assert_eq!(report.get("version"), 0x20f);
    assert_eq!(report.get("setup_sects"), 39);
    assert_eq!(report.get("type_of_loader") >> 4, 0xb, "QEMU's number");
    assert!(report.a20);
    assert!(
        report
            .e820
            .iter()
            .any(|&(start, size, kind)| kind == 1 && start <= 1 << 20 && size > 400 << 20)
    );
}

#[test]
fn a_foreign_loader_boots_the_probe_on_every_bus() {
    let directory = tempfile::tempdir().unwrap();
    let scenario = Scenario::new().unwrap().initrd(random(2, 1_000_001));
    let image = directory.path().join("disk.img");
    scenario.build(&image).unwrap();
    let configuration =
        "default probe\nlabel probe\nlinux /probe/kernel\ninitrd /probe/initrd-0.img\nappend a=b\n";
    syslinux::install(&image, configuration).unwrap();
    let buses = [
        Bus::Virtio,
        Bus::Ahci,
        Bus::AhciCard,
        Bus::Ide,
        Bus::UsbXhci,
        Bus::UsbEhci,
        Bus::Nvme,
        Bus::VirtioScsi,
    ];
    for bus in buses {
        let report = scenario::boot(&Machine::new(&image).bus(bus)).unwrap();
        assert_eq!(
            report.kernel.sha256,
            sha256(&scenario.kernel.kernel),
            "{bus:?}"
        );
        assert_eq!(
            report.initrd.sha256,
            sha256(&scenario.initrds[0]),
            "{bus:?}"
        );
        assert!(report.cmdline.contains("a=b"), "{bus:?}");
    }
}

#[test]
fn images_are_what_was_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    let content = random(3, 100_000);
    let esp = Partition::esp(Fat::new(16).cluster(2048))
        .number(5)
        .start(10_240)
        .size(40 * MIB)
        .file("Loader/entries/a long name.conf", "title A\n")
        .fragmented_file("deep/down/pieces", content.clone(), 3);
    let other = Partition::linux().number(2).start(4096).size(MIB);
    Disk::new(100 * MIB)
        .table_length(256)
        .partition(esp)
        .partition(other)
        .build(&image)
        .unwrap();

    let places = partitions(&image).unwrap();
    let find = |number| *places.iter().find(|place| place.number == number).unwrap();
    assert_eq!((find(5).start, find(5).sectors), (10_240, 81_920));
    assert_eq!((find(2).start, find(2).sectors), (4096, 2048));
    let verdict = run(command("sgdisk").arg("-v").arg(&image)).unwrap();
    assert!(verdict.contains("No problems found"), "{verdict}");
    check_file_system(&image, find(5).start, find(5).sectors);

    let volume = Volume::open(&image, 5).unwrap();
    assert_eq!(volume.read("deep/down/pieces").unwrap(), content);
    assert_eq!(
        volume.pieces("deep/down/pieces").unwrap(),
        100_000usize.div_ceil(3 * 2048)
    );
    assert_eq!(
        volume.names("loader/entries").unwrap(),
        ["a long name.conf"]
    );
    volume.remove("loader/entries/a long name.conf").unwrap();
    assert!(volume.names("loader/entries").unwrap().is_empty());
}

#[test]
fn fat32_files_are_fragmented_too() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    let esp =
        Partition::esp(Fat::new(32).cluster(512)).fragmented_file("pieces", random(4, 20 * 512), 1);
    Disk::new(64 * MIB).partition(esp).build(&image).unwrap();
    assert_eq!(
        Volume::open(&image, 1).unwrap().pieces("pieces").unwrap(),
        20
    );
}

fn check_file_system(image: &Path, start: u64, sectors: u64) {
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("partition");
    let bytes = fs::read(image).unwrap();
    let range = (start * 512) as usize..((start + sectors) * 512) as usize;
    fs::write(&copy, &bytes[range]).unwrap();
    run(command("fsck.vfat").arg("-n").arg(&copy)).unwrap();
}

#[test]
fn keys_and_screen_reach_the_test() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    boot_sector::echo(&image).unwrap();
    let mut guest = Machine::new(&image)
        .timeout(Duration::from_secs(20))
        .start()
        .unwrap();
    guest.wait_for_screen("Hi").unwrap();
    guest.press(&["x", "shift+d"]).unwrap();
    guest.wait_for_screen("HixD").unwrap();
    guest.wait_for_serial("xD").unwrap();
    let outcome = guest.stop().unwrap();
    assert_eq!(outcome.exit, Exit::Stopped);
    assert!(
        outcome
            .screen
            .unwrap()
            .lines()
            .iter()
            .any(|line| line.ends_with("HixD"))
    );
}

#[test]
fn a_machine_that_hangs_is_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    fs::write(&image, vec![0; 1 << 20]).unwrap();
    let mut guest = Machine::new(&image).start().unwrap();
    guest.wait_for_screen("No bootable device").unwrap();
    guest.set_time_left(Duration::ZERO);
    let outcome = guest.finish().unwrap();
    assert_eq!(outcome.exit, Exit::Stopped);
    assert!(
        outcome
            .screen
            .unwrap()
            .text()
            .contains("No bootable device")
    );
    assert!(Report::parse(&outcome.serial).is_err());
}

#[test]
fn a_foreign_loader_boots_the_demo() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    demo::build(&image, false).unwrap();
    let configuration = "default demo\nlabel demo\nlinux /debian/vmlinuz\n\
        initrd /debian/initramfs.cpio\nappend console=tty0 console=ttyS0 quiet\n";
    syslinux::install(&image, configuration).unwrap();
    let guest = Machine::new(&image).memory(1024).start().unwrap();
    demo::use_shell(guest, Instant::now()).unwrap();
}
