//! What stage2 does when the machine, or stage2 itself, fails.

use layout::memory;
use std::time::Duration;
use tempfile::TempDir;
use tests::machines::gdb::Gdb;
use tests::machines::qemu::{Bus, Guest, Machine};
use tests::scenario::Scenario;

/// An instruction that no processor has.
const UD2: [u8; 2] = [0x0f, 0x0b];

#[test]
fn an_exception_ends_in_a_message() {
    let start = memory::STAGE2_UNPACKED.start;
    let (_directory, mut guest, mut gdb) = guest();
    gdb.write_when_reached(start, &UD2).unwrap();
    gdb.detach().unwrap();
    let message = "gapboot: internal error. Please report it.";
    guest.wait_for_serial(message).unwrap();
    guest.wait_for_screen(message).unwrap();
}

#[test]
fn with_the_overlay_the_message_says_where() {
    // The far end of the real-mode stack, where nothing lies.
    let at = memory::REAL_STACK.start;
    let (_directory, mut guest, mut gdb) = guest();
    gdb.run_to(memory::STAGE2_UNPACKED.start).unwrap();
    // The kernel is loaded long after the overlay.
    gdb.run_to_write(memory::KERNEL_SETUP.start).unwrap();
    gdb.write(at, &UD2).unwrap();
    gdb.jump(at).unwrap();
    gdb.detach().unwrap();
    // The address of the instruction, the code segment, the flags.
    let message = format!("gapboot: stack: {at:08x} 00000008 0000");
    guest.wait_for_serial(&message).unwrap();
    guest.wait_for_screen(&message).unwrap();
}

/// A machine that starts a disk with gapboot, and waits for its first instruction.
fn guest() -> (TempDir, Guest, Gdb) {
    let directory = tempfile::tempdir().unwrap();
    let scenario = Scenario::small().unwrap();
    let image = scenario.install(directory.path()).unwrap();
    let socket = directory.path().join("gdb");
    let guest = Machine::new(&image)
        .arguments(&Gdb::arguments(&socket).each_ref().map(String::as_str))
        .timeout(Duration::from_secs(40));
    let guest = guest.start().unwrap();
    (directory, guest, Gdb::connect(&socket).unwrap())
}

/// What the BIOS and its option ROMs use of the 25 KiB of real-mode stack:
/// docs/contracts.md has the figures.
#[test]
fn most_of_the_real_mode_stack_is_left() {
    const PATTERN: u8 = 0xc5;
    let stack = memory::REAL_STACK;
    let directory = tempfile::tempdir().unwrap();
    let scenario = Scenario::small().unwrap();
    let image = scenario.install(directory.path()).unwrap();
    for bus in [Bus::Virtio, Bus::Ahci, Bus::Nvme, Bus::UsbXhci, Bus::Lsi] {
        let socket = directory.path().join(format!("{bus:?}"));
        let guest = Machine::new(&image)
            .bus(bus)
            .arguments(&Gdb::arguments(&socket).each_ref().map(String::as_str))
            .timeout(Duration::from_secs(40))
            .start()
            .unwrap();
        let mut gdb = Gdb::connect(&socket).unwrap();
        gdb.run_to(memory::STAGE1.start).unwrap();
        let fill = vec![PATTERN; stack.size() as usize];
        gdb.write(stack.start, &fill).unwrap();
        gdb.run_to(u32::from(memory::KERNEL_ENTRY_SEGMENT) << 4)
            .unwrap();
        let left = gdb.read(stack.start..stack.end).unwrap();
        let untouched = left.iter().take_while(|&&byte| byte == PATTERN).count();
        let used = left.len() - untouched;
        println!("{bus:?}: {used} bytes of real-mode stack");
        assert!((1..=2048).contains(&used), "{bus:?}: {used} bytes");
        drop(guest);
    }
}
