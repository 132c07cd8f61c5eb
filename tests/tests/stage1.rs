//! stage1's messages, and that an unattended machine goes on to its next boot
//! device after them.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tests::boot_sector::{self, NEXT_DEVICE, NEXT_DEVICE_STATUS};
use tests::firmware::Firmware;
use tests::image::SECTOR;
use tests::probe::Report;
use tests::qemu::{Bus, Exit, Machine};
use tests::scenario;
use tests::scenario::Scenario;

const STAGE2: u64 = layout::disk::STAGE2_LBA * SECTOR;

/// A small disk with gapboot and the probe kernel.
fn installed() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let scenario = Scenario::small().unwrap();
    let image = scenario.install(directory.path()).unwrap();
    (directory, image)
}

fn overwrite(image: &Path, at: u64, bytes: &[u8]) {
    OpenOptions::new()
        .write(true)
        .open(image)
        .unwrap()
        .write_all_at(bytes, at)
        .unwrap();
}

/// Boots the image and fails unless the message shows on screen and serial
/// line; gives the time from there to the next boot device.
fn fails_with(message: &str, machine: Machine, directory: &Path, key: bool) -> Duration {
    let floppy = directory.join("next");
    boot_sector::next_device(&floppy).unwrap();
    let machine = machine
        .next_floppy(&floppy)
        .timeout(Duration::from_secs(40));
    let mut guest = machine.start().unwrap();
    guest.wait_for_serial(message).unwrap();
    let start = Instant::now();
    guest.wait_for_screen(message).unwrap();
    if key {
        guest.press(&["spc"]).unwrap();
    }
    guest.wait_for_serial(NEXT_DEVICE).unwrap();
    assert_eq!(
        guest.finish().unwrap().exit,
        Exit::Status(NEXT_DEVICE_STATUS)
    );
    start.elapsed()
}

#[test]
fn a_zeroed_gap() {
    let (directory, image) = installed();
    overwrite(&image, STAGE2, &[0; layout::disk::STAGE2_BYTES]);
    let waited = fails_with(
        "gapboot: no stage2",
        Machine::new(&image),
        directory.path(),
        true,
    );
    assert!(
        waited < Duration::from_secs(5),
        "a key did not end the wait: {waited:?}"
    );
}

#[test]
fn one_flipped_byte() {
    let (directory, image) = installed();
    let mut byte = [0];
    let at = STAGE2 + 1500;
    OpenOptions::new()
        .read(true)
        .open(&image)
        .unwrap()
        .read_exact_at(&mut byte, at)
        .unwrap();
    overwrite(&image, at, &[byte[0] ^ 0x10]);
    let waited = fails_with(
        "gapboot: bad stage2",
        Machine::new(&image),
        directory.path(),
        false,
    );
    assert!(
        (8..14).contains(&waited.as_secs()),
        "it waited {waited:?}, not ten seconds"
    );
}

#[test]
fn a_disk_that_is_too_short() {
    let (directory, image) = installed();
    OpenOptions::new()
        .write(true)
        .open(&image)
        .unwrap()
        .set_len(40 * SECTOR)
        .unwrap();
    // SeaBIOS starts a disk of less than a cylinder on IDE only.
    let machine = Machine::new(&image).bus(Bus::Ide);
    fails_with("gapboot: read error", machine, directory.path(), true);
}

#[test]
fn firmware_without_extended_reads() {
    let (directory, image) = installed();
    let floppy = directory.path().join("firmware");
    let firmware = Firmware {
        no_disk_function: Some(0x41),
        ..Firmware::new()
    };
    firmware.write(&floppy).unwrap();
    let machine = Machine::new(&image)
        .first_floppy(&floppy)
        .timeout(Duration::from_secs(20));
    let mut guest = machine.start().unwrap();
    guest.wait_for_screen("gapboot: no LBA").unwrap();
}

#[test]
fn firmware_that_writes_a_bpb() {
    let (_directory, image) = installed();
    overwrite(&image, 0x0b, &[0xff; 0x33]);
    scenario::boot(&Machine::new(&image)).unwrap();
}

#[test]
fn an_interrupted_install() {
    // stage2's sectors are written from the first to the last: whatever is
    // missing, stage1 must see it.
    let (directory, image) = installed();
    let mut header = [0; 16];
    OpenOptions::new()
        .read(true)
        .open(&image)
        .unwrap()
        .read_exact_at(&mut header, STAGE2)
        .unwrap();
    let length = u64::from(u32::from_le_bytes([
        header[12], header[13], header[14], header[15],
    ]));
    let last = STAGE2 + (length - 1) / SECTOR * SECTOR;
    overwrite(&image, last, &[0; SECTOR as usize]);
    fails_with(
        "gapboot: bad stage2",
        Machine::new(&image),
        directory.path(),
        true,
    );
}

#[test]
fn an_intact_disk_boots() {
    let (_directory, image) = installed();
    let outcome = Machine::new(&image).run().unwrap();
    assert_eq!(
        outcome.exit,
        Exit::Status(Report::STATUS),
        "{}",
        outcome.serial
    );
}
