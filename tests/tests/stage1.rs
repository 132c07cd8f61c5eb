//! stage1's messages, and that an unattended machine goes on to its next boot
//! device after them.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use tests::images::SECTOR;
use tests::images::boot_sector::{self, NEXT_DEVICE};
use tests::kernels::probe::Report;
use tests::machines::firmware::Firmware;
use tests::machines::qemu::{Bus, Exit, Machine};
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

/// A machine that goes on to a floppy disk, [`NEXT_DEVICE`], after the disk.
fn with_next_device(machine: Machine, directory: &Path) -> Machine {
    let floppy = directory.join("next");
    boot_sector::next_device(&floppy).unwrap();
    machine.next_floppy(&floppy)
}

/// Boots the image, and fails unless the message shows on screen and serial line
/// and a key then leads to the next boot device.
fn fails_with(message: &str, machine: Machine, directory: &Path) {
    let mut guest = with_next_device(machine, directory).start().unwrap();
    guest.wait_for_serial(message).unwrap();
    guest.wait_for_screen(message).unwrap();
    let start = guest.ticks().unwrap();
    guest.press(&["spc"]).unwrap();
    guest.wait_for_serial(NEXT_DEVICE).unwrap();
    let waited = guest.ticks().unwrap() - start;
    // The guest's time, which goes on while a busy host keeps the key back: nearly
    // all of the 182 ticks that pass without a key are allowed.
    assert!(waited < 170, "no key ended the wait: {waited} ticks");
}

#[test]
fn a_zeroed_gap() {
    let (directory, image) = installed();
    overwrite(&image, STAGE2, &[0; layout::disk::STAGE2_BYTES]);
    fails_with("gapboot: no stage2", Machine::new(&image), directory.path());
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
    fails_with(
        "gapboot: bad stage2",
        Machine::new(&image),
        directory.path(),
    );
}

/// Without a key the message stays for ten seconds. They are the guest's, whose time
/// is a matter of its instructions here, a microsecond each: a busy host changes
/// nothing.
#[test]
fn a_message_stays_for_ten_seconds() {
    let (directory, image) = installed();
    let ticks = || {
        let machine = Machine::new(&image)
            .arguments(&["-icount", "shift=10,sleep=off"])
            .arguments(&["-rtc", "base=2026-06-01T12:00:00,clock=vm"]);
        let mut guest = with_next_device(machine, directory.path()).start().unwrap();
        guest.wait_for_serial(NEXT_DEVICE).unwrap();
        guest.ticks().unwrap()
    };
    overwrite(&image, STAGE2, &[0; layout::disk::STAGE2_BYTES]);
    let after_message = ticks();
    // A disk that nothing boots from: the same without a message.
    overwrite(&image, 510, &[0, 0]);
    let waited = after_message - ticks();
    // Ten seconds are 182 ticks, half a second less or two more is what else differs.
    assert!((173..220).contains(&waited), "it waited {waited} ticks");
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
    fails_with("gapboot: read error", machine, directory.path());
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
