//! What stage2 does when the machine, or stage2 itself, fails.

use std::time::Duration;
use tests::MIB;
use tests::boot_sector::{self, Strangeness};
use tests::gdb::Gdb;
use tests::image::Fat;
use tests::qemu::Machine;
use tests::scenario::{self, Scenario};

/// An instruction that no processor has.
const UD2: [u8; 2] = [0x0f, 0x0b];

#[test]
fn an_exception_ends_in_a_message() {
    let directory = tempfile::tempdir().unwrap();
    let scenario = Scenario {
        fat: Fat::new(16).cluster(2048),
        size: 24 * MIB,
        ..Scenario::new().unwrap()
    };
    let image = scenario.install(directory.path()).unwrap();
    let socket = directory.path().join("gdb");
    let guest = Machine::new(&image)
        .arguments(&Gdb::arguments(&socket).each_ref().map(String::as_str))
        .timeout(Duration::from_secs(40));
    let mut guest = guest.start().unwrap();
    let mut gdb = Gdb::connect(&socket).unwrap();
    let start = layout::memory::STAGE2_UNPACKED.start;
    gdb.write_when_reached(start, &UD2).unwrap();
    gdb.detach().unwrap();
    // The address of the instruction, the code segment, the flags.
    let message = format!("gapboot: internal error, please report: {start:08x} 00000008 0000");
    guest.wait_for_serial(&message).unwrap();
    guest.wait_for_screen(&message).unwrap();
}

/// Without AX=E820h the map comes from AX=E801h, without that from AH=88h, which
/// sees 64 MiB at most: where the initrd lies tells them apart.
#[test]
fn older_calls_replace_e820() {
    let initrd = tests::initramfs::random(1, 1_000_003);
    for (missing, below_64_mib) in [
        ([Some(0xe820), None], false),
        ([Some(0xe820), Some(0xe801)], true),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let scenario = Scenario {
            fat: Fat::new(16).cluster(2048),
            size: 24 * MIB,
            ..Scenario::new().unwrap()
        };
        let scenario = scenario.initrd(initrd.clone());
        let image = scenario.install(directory.path()).unwrap();
        let floppy = directory.path().join("firmware");
        let strangeness = Strangeness {
            no_system_functions: missing,
            ..Strangeness::NONE
        };
        boot_sector::strange_firmware(&floppy, strangeness).unwrap();
        let report = scenario::boot(&Machine::new(&image).first_floppy(&floppy)).unwrap();
        assert_eq!(report.e820, [], "the hook works");
        assert_eq!(report.initrd.sha256, tests::sha256(&initrd));
        assert_eq!(report.initrd.address < 64 * MIB, below_64_mib);
    }
}
