//! Partition tables in their variety.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;
use tests::MIB;
use tests::gapboot;
use tests::images::{Disk, Partition, SECTOR};
use tests::machines::qemu::Machine;
use tests::scenario::Scenario;

fn boots(scenario: &Scenario, image: &Path) {
    let report = scenario.boot(&Machine::new(image)).unwrap();
    scenario.emulate(image, 512, &report).unwrap();
}

fn boots_from(disk: &Disk, scenario: &Scenario) {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    disk.build(&image).unwrap();
    gapboot::install(&image).unwrap();
    boots(scenario, &image);
}

#[test]
fn the_esp_anywhere_in_the_table() {
    let scenario = Scenario::small().unwrap();
    let disk = Disk::new(200 * MIB)
        .partition(Partition::linux().number(9).start(2048).size(MIB))
        .partition(Partition::linux().number(1).start(300_000).size(MIB))
        .partition(
            scenario
                .partition()
                .number(77)
                .start(100_000)
                .size(30 * MIB),
        );
    boots_from(&disk, &scenario);
}

#[test]
fn tables_of_other_lengths() {
    let scenario = Scenario::small().unwrap();
    for length in [4, 56, 92] {
        let disk = Disk::new(64 * MIB)
            .table_length(length)
            .partition(scenario.partition().start(2048).size(30 * MIB));
        boots_from(&disk, &scenario);
    }
}

#[test]
fn the_backup_when_the_primary_is_damaged() {
    let scenario = Scenario::small().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    Disk::new(64 * MIB)
        .partition(scenario.partition().size(30 * MIB))
        .build(&image)
        .unwrap();
    gapboot::install(&image).unwrap();
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&image)
        .unwrap();
    // A byte of the first entry: the array's checksum is wrong.
    file.write_all_at(b"X", 2 * SECTOR + 60).unwrap();
    boots(&scenario, &image);
    // The header is gone.
    file.write_all_at(&[0; SECTOR as usize], SECTOR).unwrap();
    boots(&scenario, &image);
}

#[test]
fn an_esp_above_two_tebibytes() {
    let scenario = Scenario::small().unwrap();
    let start = (2 << 40) / SECTOR + 123 * 2048;
    let disk = Disk::new(3 << 40).partition(scenario.partition().start(start).size(30 * MIB));
    boots_from(&disk, &scenario);
}
