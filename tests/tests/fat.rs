//! FAT12, FAT16 and FAT32 in their sizes, contiguous and in pieces.

use tests::MIB;
use tests::data::random;
use tests::images::{Disk, Fat, Partition, Volume};
use tests::kernels::probe::Kernel;
use tests::machines::qemu::Machine;
use tests::scenario::Scenario;
use tests::{gapboot, scenario};

fn boots(scenario: &Scenario) {
    let directory = tempfile::tempdir().unwrap();
    let image = scenario.install(directory.path()).unwrap();
    let report = scenario.boot(&Machine::new(&image)).unwrap();
    scenario.emulate(&image, 512, &report).unwrap();
}

fn on(cluster: u64, fat: Fat, size: u64) {
    let run = if cluster < 16_384 { 3 } else { 1 };
    let fat = fat.cluster(cluster);
    let kernel = Kernel::load().unwrap().size(150_000);
    let scenario = Scenario {
        fat,
        size,
        ..Scenario::new().unwrap()
    };
    let scenario = scenario.kernel(kernel).initrd(random(1, 300_001));
    boots(&scenario);
    boots(&Scenario {
        run: Some(run),
        ..scenario
    });
}

#[test]
fn fat12() {
    on(512, Fat::new(12), 3 * MIB);
    on(4096, Fat::new(12), 16 * MIB);
    on(32_768, Fat::new(12), 80 * MIB);
}

#[test]
fn fat16() {
    on(512, Fat::new(16), 24 * MIB);
    on(8192, Fat::new(16), 200 * MIB);
    on(65_536, Fat::new(16), 600 * MIB);
}

#[test]
fn fat32() {
    on(512, Fat::new(32), 64 * MIB);
    on(4096, Fat::new(32), 300 * MIB);
    on(65_536, Fat::new(32), 4800 * MIB);
}

#[test]
fn sectors_larger_than_the_disks() {
    on(1024, Fat::new(12).sector(1024), 3 * MIB);
    on(4096, Fat::new(16).sector(2048), 64 * MIB);
    on(4096, Fat::new(32).sector(4096), 300 * MIB);
}

/// Counts, and reads and writes the state file.
#[test]
fn counting_on_sectors_of_4096_bytes() {
    const STATE: &str = "loader/gapboot.state";
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    let entry = |version| gapboot::type1("T", "/kernel", &[], version);
    let esp = Partition::esp(Fat::new(32).sector(4096))
        .file("kernel", Kernel::load().unwrap().bytes())
        .file("loader/entries/new+3-0.conf", entry("version=2"))
        .file("loader/entries/old.conf", entry("version=1"));
    Disk::new(300 * MIB).partition(esp).build(&image).unwrap();
    gapboot::install(&image).unwrap();
    let set = |key: &str, value: &str| {
        let done = gapboot::gapboot(&["set", key, value, image.to_str().unwrap()]).unwrap();
        assert!(done.status.success(), "{done:?}");
    };
    let volume = Volume::open(&image, 1).unwrap();
    let names = || {
        let mut names = volume.names("loader/entries").unwrap();
        names.sort_unstable();
        names
    };
    set("default", "new.conf");
    set("one-shot", "old.conf");
    let boots = [
        ("old.conf", "new+3-0.conf"),
        ("new.conf", "new+2-1.conf"),
        ("new.conf", "new+1-2.conf"),
    ];
    for (booted, counted) in boots {
        let before = volume.read(STATE).unwrap();
        let listed = gapboot::list(&image).unwrap();
        assert_eq!(listed.len(), 2);
        let decision = gapboot::boot(&image, None).unwrap();
        assert_eq!(decision.selected, booted);
        assert_eq!(names(), [counted, "old.conf"]);
        let is_counted = booted == "new.conf";
        let path = is_counted.then(|| format!("/loader/entries/{counted}"));
        assert_eq!(decision.counted, path);
        volume.check().unwrap();
        // The wish for one boot is gone, and the boot is noted.
        let after = volume.read(STATE).unwrap();
        assert_eq!(after == before, counted == "new+1-2.conf");
    }
}

#[test]
fn unusual_geometry() {
    // One FAT, three FATs, many reserved sectors, a small and a large root.
    on(
        2048,
        Fat::new(16).argument("-f1").argument("-R17").argument("-a"),
        30 * MIB,
    );
    on(
        2048,
        Fat::new(16).argument("-f3").argument("-r64"),
        30 * MIB,
    );
    on(
        1024,
        Fat::new(32).argument("-f1").argument("-R99").argument("-a"),
        100 * MIB,
    );
}

#[test]
fn every_cluster_apart() {
    let kernel = Kernel::load().unwrap().size(200_000);
    let scenario = Scenario {
        fat: Fat::new(32).cluster(1024),
        size: 100 * MIB,
        ..Scenario::new().unwrap()
    };
    boots(&Scenario {
        run: Some(1),
        ..scenario.kernel(kernel).initrd(random(2, 400_003))
    });
}

#[test]
fn directories_of_many_clusters_in_pieces() {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    let kernel = Kernel::load().unwrap();
    let mut esp = Partition::esp(Fat::new(32).cluster(512));
    // The two directories grow in turn, so their clusters alternate.
    for number in 0..60 {
        esp = esp.file(
            &format!("loader/a text that is not an entry {number}.txt"),
            "x",
        );
        esp = esp.file(
            &format!("a long directory name/another kernel of the past {number}"),
            "x",
        );
    }
    let entry = gapboot::type1(
        "T",
        "/A Long Directory NAME/the kernel that boots.bin",
        &[],
        "x=y",
    );
    esp = esp.file(
        "a long directory name/The Kernel That Boots.bin",
        kernel.bytes(),
    );
    esp = esp.file("loader/entries/a rather long name for an entry.conf", entry);
    Disk::new(64 * MIB).partition(esp).build(&image).unwrap();
    let volume = Volume::open(&image, 1).unwrap();
    assert!(volume.pieces("a long directory name").unwrap() > 5);
    gapboot::install(&image).unwrap();
    let report = scenario::boot(&Machine::new(&image)).unwrap();
    assert_eq!(report.kernel.sha256, tests::data::sha256(&kernel.kernel));
    assert_eq!(report.cmdline, "x=y");
}
