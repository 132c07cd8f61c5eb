//! Disks with an MBR, and the console that the installer sets.

use std::path::{Path, PathBuf};
use std::time::Duration;
use tests::MIB;
use tests::gapboot;
use tests::images::{Disk, Fat, Partition};
use tests::machines::qemu::Machine;
use tests::scenario::Scenario;

/// `OSType` of a partition with boot entries.
const BOOT: &str = "ea";

fn boots(disk: &Disk, scenario: &Scenario) {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    disk.build(&image).unwrap();
    gapboot::install(&image).unwrap();
    let report = scenario.boot(&Machine::new(&image)).unwrap();
    scenario.emulate(&image, 512, &report).unwrap();
}

#[test]
fn a_primary_and_a_logical_partition() {
    let scenario = Scenario::small().unwrap();
    let entries = |number| {
        scenario
            .partition()
            .kind(BOOT)
            .number(number)
            .size(30 * MIB)
    };
    let data = Partition::linux().kind("83").number(1).size(MIB);
    boots(
        &Disk::mbr(64 * MIB)
            .partition(data.clone())
            .partition(entries(2)),
        &scenario,
    );
    // As UEFI boots it, where there is no partition of the other type.
    let esp = entries(2).kind("ef");
    boots(
        &Disk::mbr(64 * MIB).partition(data.clone()).partition(esp),
        &scenario,
    );
    let extended = Partition::linux().kind("5").number(2);
    let logical = Partition::linux().kind("83").number(5).size(MIB);
    let disk = Disk::mbr(64 * MIB)
        .partition(data)
        .partition(extended)
        .partition(logical)
        .partition(entries(6));
    boots(&disk, &scenario);
}

/// An image without entries, whose loader says so on the chosen console.
fn silent(directory: &Path, console: &str) -> PathBuf {
    let image = directory.join("disk.img");
    let esp = Partition::esp(Fat::new(16).cluster(2048));
    Disk::new(24 * MIB).partition(esp).build(&image).unwrap();
    let console = format!("--console={console}");
    let output = gapboot::gapboot(&["install", &console, image.to_str().unwrap()]).unwrap();
    assert!(output.status.success(), "{output:?}");
    image
}

/// The first serial port that QEMU is told of is COM1: here that is a file, and
/// what the guest says comes out of COM2. QEMU notes the speed that a port is set to.
#[test]
fn the_console_that_was_chosen() {
    let directory = tempfile::tempdir().unwrap();
    let image = silent(directory.path(), "serial:2@9600");
    let (first, trace) = (
        directory.path().join("com1"),
        directory.path().join("trace"),
    );
    let machine = Machine::new(&image)
        .timeout(Duration::from_secs(40))
        .arguments(&[
            "-chardev",
            &format!("file,id=first,path={}", first.display()),
            "-serial",
            "chardev:first",
            "-trace",
            "serial_update_parameters",
            "-D",
            trace.to_str().unwrap(),
        ]);
    let mut guest = machine.start().unwrap();
    let message = "no entry in /loader/entries";
    guest.wait_for_serial(message).unwrap();
    let screen = guest.screen().unwrap().text();
    assert!(
        !screen.contains(message),
        "not chosen, the screen: {screen}"
    );
    drop(guest);
    let first = std::fs::read_to_string(&first).unwrap();
    assert!(!first.contains(message), "not chosen, COM1: {first}");
    let trace = std::fs::read_to_string(&trace).unwrap();
    assert!(trace.contains("=9600 parity='N' data=8"), "{trace}");
}
