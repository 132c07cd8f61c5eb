//! What stage2 does when the machine, or stage2 itself, fails.

use std::time::Duration;
use tests::MIB;
use tests::gdb::Gdb;
use tests::image::Fat;
use tests::qemu::Machine;
use tests::scenario::Scenario;

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
