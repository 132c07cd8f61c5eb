//! What BIOSes do to boot loaders, one fault at a time: each on SeaBIOS and on a
//! BIOS of Bochs's, with garbage in all memory.

use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use tests::MIB;
use tests::data::random;
use tests::gapboot::gapboot;
use tests::images::Volume;
use tests::kernels::probe::{Kernel, Report};
use tests::machines::bochs::{self, Bios};
use tests::machines::firmware::{Fault, Firmware, Range};
use tests::machines::qemu::Machine;
use tests::scenario::Scenario;

/// MiB of memory; every memory map here describes a part of it.
const MEMORY: u32 = 128;

/// A disk with gapboot, the probe kernel and an initrd.
struct Rig {
    scenario: Scenario,
    image: PathBuf,
    floppy: PathBuf,
    _directory: TempDir,
}

impl Rig {
    fn new(firmware: &Firmware) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let scenario = Scenario::small().unwrap();
        let scenario = scenario.initrd(random(1, 300_003));
        let image = scenario.install(directory.path()).unwrap();
        let floppy = directory.path().join("firmware");
        firmware.write(&floppy).unwrap();
        Self {
            scenario,
            image,
            floppy,
            _directory: directory,
        }
    }

    fn qemu(&self) -> Machine {
        Machine::new(&self.image)
            .memory(MEMORY)
            .first_floppy(&self.floppy)
            .timeout(Duration::from_secs(30))
    }

    fn bochs(&self, bios: Bios) -> bochs::Machine {
        bochs::Machine::new(bios, &self.image)
            .memory(MEMORY)
            .first_floppy(&self.floppy)
    }
}

/// Boots, on every machine.
fn boots(firmware: &Firmware) {
    on_every_machine(&Rig::new(firmware));
}

fn on_every_machine(rig: &Rig) {
    rig.scenario.boot(&rig.qemu()).unwrap();
    for bios in Bios::ALL {
        rig.scenario.boot(&rig.bochs(bios)).unwrap();
    }
}

/// Boots in QEMU with the memory map of the firmware, to the initrd's address.
fn places_the_initrd(firmware: &Firmware, address: u64) -> Report {
    let rig = Rig::new(firmware);
    let report = tests::scenario::boot(&rig.qemu()).unwrap();
    let initrd = tests::data::sha256(&rig.scenario.memory_of_initrds());
    assert_eq!(report.initrd.sha256, initrd);
    assert_eq!(report.initrd.address, address, "{:x?}", report.initrd);
    report
}

/// The lowest place for an initrd: the first page after the memory in which the probe
/// runs.
fn after_the_kernel() -> u64 {
    let probe = Kernel::load().unwrap();
    (probe.get("pref_address") + probe.get("init_size")).next_multiple_of(4096)
}

/// Does not boot, and says why.
fn says(firmware: &Firmware, message: &str) {
    rig_says(&Rig::new(firmware), message);
}

/// As [`says`], on a machine that boots if it has its overlay.
fn says_without_overlay(firmware: &Firmware, message: &str) {
    let rig = Rig::new(firmware);
    let image = rig.image.to_str().unwrap();
    let output = gapboot(&["install", "--no-overlay", image]).unwrap();
    assert!(output.status.success(), "{output:?}");
    rig_says(&rig, message);
}

fn rig_says(rig: &Rig, message: &str) {
    let mut guest = rig.qemu().start().unwrap();
    guest.wait_for_screen(message).unwrap();
}

#[test]
fn garbage_in_memory_and_registers() {
    boots(&Firmware::new());
}

#[test]
fn registers_and_flags_change() {
    boots(&Firmware::with(&[Fault::Clobber]));
}

#[test]
fn interrupts_stay_off() {
    boots(&Firmware::with(&[Fault::InterruptsOff]));
}

#[test]
fn interrupts_stay_on() {
    boots(&Firmware::with(&[Fault::InterruptsOn]));
}

#[test]
fn tables_and_segment_limits_change() {
    boots(&Firmware::with(&[Fault::Tables]));
}

#[test]
fn all_that_a_caller_has_changes() {
    boots(&Firmware::with(&[
        Fault::Clobber,
        Fault::InterruptsOff,
        Fault::Tables,
        Fault::A20,
        Fault::Packet,
    ]));
}

#[test]
fn much_stack_is_needed() {
    boots(&Firmware {
        stack: 12 << 10,
        ..Firmware::new()
    });
}

/// What is typed is a person's wish for the menu, unless nobody may have one.
#[test]
fn the_keyboard_never_falls_silent() {
    let rig = Rig::new(&Firmware::with(&[Fault::Keys]));
    rig.qemu()
        .start()
        .unwrap()
        .wait_for_screen("Enter boot")
        .unwrap();
    Volume::open(&rig.image, 1)
        .unwrap()
        .write("loader/loader.conf", "timeout menu-disabled\n")
        .unwrap();
    on_every_machine(&rig);
}

#[test]
fn the_drive_is_not_named() {
    for drive_named in [0, 1, 0x7f, 0xff] {
        let rig = Rig::new(&Firmware {
            drive_named,
            ..Firmware::new()
        });
        rig.scenario.boot(&rig.qemu()).unwrap();
    }
}

#[test]
fn fewer_sectors_are_moved_than_asked_for() {
    for moved_sectors in [32, 50] {
        boots(&Firmware {
            moved_sectors,
            ..Firmware::new()
        });
    }
}

#[test]
fn too_few_sectors_for_stage1() {
    let firmware = Firmware {
        moved_sectors: 7,
        ..Firmware::new()
    };
    says(&firmware, "gapboot: bad stage2");
}

#[test]
fn the_first_reads_fail() {
    for fail_first in [1, 4] {
        boots(&Firmware {
            fail_first,
            ..Firmware::new()
        });
    }
}

#[test]
fn every_third_read_fails() {
    boots(&Firmware {
        fail_every: 3,
        ..Firmware::new()
    });
}

#[test]
fn every_read_fails() {
    let firmware = Firmware {
        fail_first: i16::MAX as u16,
        ..Firmware::new()
    };
    says(&firmware, "gapboot: read error");
}

#[test]
fn long_reads_fail() {
    for most_sectors in [64, 16, 1] {
        boots(&Firmware {
            most_sectors,
            ..Firmware::new()
        });
    }
}

#[test]
fn reads_are_corrected() {
    boots(&Firmware::with(&[Fault::Corrected]));
}

#[test]
fn packets_are_written_to() {
    boots(&Firmware::with(&[Fault::Packet]));
}

#[test]
fn the_size_of_the_disk_is_not_known() {
    boots(&Firmware::with(&[Fault::DiskSize]));
    boots(&Firmware {
        no_disk_function: Some(0x48),
        ..Firmware::new()
    });
}

#[test]
fn no_memory_map() {
    boots_without([Some(0xe820), None], 64 * MIB);
    // AH=88h sees 64 MiB at most: the lowest place after the kernel.
    boots_without([Some(0xe820), Some(0xe801)], after_the_kernel());
    // AX=E801h may answer in one of two pairs of registers.
    for faults in [&[Fault::NotConfigured], &[Fault::NotPresent]] {
        let firmware = Firmware {
            no_system_functions: [Some(0xe820), None],
            ..Firmware::with(faults)
        };
        places_the_initrd(&firmware, 64 * MIB);
    }
    // Only the overlay asks them. The kernel needs memory up to 2 MiB.
    let firmware = Firmware {
        no_system_functions: [Some(0xe820), None],
        ..Firmware::new()
    };
    says_without_overlay(&firmware, "error 8, 2");
}

/// AH=88h is the last call, and its registers say nothing if the carry flag is set.
#[test]
fn no_size_of_memory_at_all() {
    let firmware = Firmware {
        no_system_functions: [Some(0xe820), Some(0xe801)],
        ..Firmware::with(&[Fault::NoOldestSize])
    };
    says(&firmware, "the kernel needs memory up to 2 MiB");
}

fn boots_without(no_system_functions: [Option<u16>; 2], initrd: u64) {
    let firmware = Firmware {
        no_system_functions,
        ..Firmware::new()
    };
    let report = places_the_initrd(&firmware, initrd);
    assert_eq!(report.e820, [], "the hook works");
}

const RAM: u32 = 1;
const RESERVED: u32 = 2;
const LOW: Range = (0, 0x9_fc00, RAM, 1);
const HIGH: Range = (0x10_0000, 0x7e0_0000, RAM, 1);

fn with_map(map_size: u8, map: &[Range]) -> Firmware {
    Firmware {
        map_size,
        map: map.to_vec(),
        ..Firmware::new()
    }
}

#[test]
fn ranges_of_20_and_24_bytes() {
    for map_size in [20, 24] {
        places_the_initrd(&with_map(map_size, &[LOW, HIGH]), 64 * MIB);
    }
    // Attributes with bit 0 clear: the range is to be ignored. Where it is not
    // written, it means nothing.
    let ignored = (64 * MIB, MIB, RESERVED, 0);
    let map = [LOW, HIGH, ignored];
    places_the_initrd(&with_map(24, &map), 64 * MIB);
    places_the_initrd(&with_map(20, &map), after_the_kernel());
}

#[test]
fn a_map_in_disorder() {
    let map = [
        (0xfffc_0000, 0x4_0000, RESERVED, 1),
        // What is reserved wins, in whatever order.
        (66 * MIB, 0, RESERVED, 1),
        (65 * MIB, 2 * MIB, RAM, 1),
        (63 * MIB, 2 * MIB, RESERVED, 1),
        (64 * MIB, 63 * MIB, RAM, 1),
        (u64::MAX - 10, 100, RAM, 1),
        (0, 0, RAM, 1),
        (MIB, 63 * MIB, RAM, 1),
        LOW,
        (0x9_0000, 0x1000, 77, 1),
        (0, 0, 0, 0),
    ];
    let report = places_the_initrd(&with_map(20, &map), after_the_kernel());
    assert_eq!(report.e820.len(), map.len());
    let reserved = (63 * MIB, MIB, RESERVED, 1);
    let map = [(64 * MIB, 10 * MIB, RAM, 1), LOW, reserved, HIGH];
    places_the_initrd(&with_map(24, &map), 64 * MIB);
}

#[test]
fn the_end_of_the_map() {
    let firmware = Firmware {
        faults: &[Fault::MapEndsByCarry],
        ..with_map(20, &[LOW, HIGH])
    };
    places_the_initrd(&firmware, 64 * MIB);
    // Without a signature the map is none: AX=E801h sees all of the memory.
    let firmware = Firmware {
        faults: &[Fault::MapSignature],
        ..with_map(20, &[LOW, (MIB, MIB, RAM, 1), HIGH])
    };
    places_the_initrd(&firmware, 64 * MIB);
}

#[test]
fn the_a20_gate_is_shut_by_every_call() {
    // The keyboard controller opens it, as the BIOS does not. (QEMU's machines
    // without one have no gate.)
    let firmware = Firmware::with(&[Fault::A20]);
    boots(&firmware);
    says_without_overlay(&firmware, "gapboot: the A20 gate stays shut.");
}

#[test]
fn low_memory_ends_early() {
    let at_512_kib = Firmware {
        segment: 0x8000,
        ..Firmware::new()
    };
    for (low_memory, ebda) in [
        (512, 0),
        // The EBDA is respected where INT 12h leaves it out, or says nonsense.
        (639, 0x7f00),
        (0, 0x7f00),
        (0xffff, 0x7f00),
    ] {
        boots(&Firmware {
            low_memory,
            ebda,
            ..at_512_kib.clone()
        });
    }
}

#[test]
fn too_little_low_memory() {
    let firmware = Firmware {
        low_memory: 479,
        ..Firmware::new()
    };
    says(&firmware, "gapboot: less than 480 KiB of low memory.");
}

#[test]
fn a_machine_of_64_mib_with_512_kib_of_low_memory() {
    let rig = Rig::new(&Firmware {
        low_memory: 512,
        segment: 0x8000,
        ..Firmware::new()
    });
    rig.scenario.boot(&rig.qemu().memory(64)).unwrap();
    for bios in Bios::ALL {
        rig.scenario.boot(&rig.bochs(bios).memory(64)).unwrap();
    }
}

#[test]
fn the_second_disk_is_started() {
    let rig = Rig::new(&Firmware {
        drive: 0x81,
        drive_named: 0x81,
        ..Firmware::new()
    });
    let directory = tempfile::tempdir().unwrap();
    let other = Scenario {
        options: "from the first disk".to_owned(),
        ..rig.scenario.clone()
    };
    let first = other.install(directory.path()).unwrap();
    let machine = Machine::new(&first)
        .second_disk(&rig.image)
        .first_floppy(&rig.floppy);
    rig.scenario.boot(&machine).unwrap();
    for bios in Bios::ALL {
        let machine = bochs::Machine::new(bios, &first)
            .second_disk(&rig.image)
            .first_floppy(&rig.floppy);
        rig.scenario.boot(&machine).unwrap();
    }
}
