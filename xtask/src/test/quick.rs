//! `./x test --quick`: the tests that a contributor runs after each change.

use anyhow::{Result, ensure};
use std::process::Command;

use super::cargo_test::{self, Built};
use super::tally::Tally;
use crate::check::only_host;
use crate::workspace::Workspace;

/// Tests that start machines, and two that try many disks in the emulator: the file
/// in `tests/tests`, and the test's name.
const BOOTS: &[(&str, &str)] = &[
    // A Type 1 entry, on SeaBIOS and in Bochs.
    ("boot", "no_initrd_and_no_command_line"),
    // Which entry, by the emulator and by a machine.
    ("choice", "the_machine_chooses_alike"),
    // A Debian kernel.
    ("debian", "the_cloud_kernel"),
    // A broken disk ends in a message.
    ("hostile", "in_the_emulator"),
    ("hostile", "kernels_in_qemu"),
    // The menu on the screen, the keyboard and the serial line; counting.
    ("menu", "attempts_are_counted"),
    ("menu", "the_screen_is_what_the_emulator_shows"),
    ("messages", "a_missing_kernel"),
    // The loader without the overlay.
    ("overlay", "no_overlay"),
    ("stage1", "a_zeroed_gap"),
    // A unified kernel image from /EFI/Linux.
    ("type2", "an_image_of_gapboot_uki_build"),
];

/// Runs the unit tests of all host crates and the tests that boot in the emulator, then
/// [`BOOTS`].
pub(super) fn run(workspace: &Workspace, built: &Built, tally: &mut Tally) {
    tally.step("unit tests");
    cargo_test::run(&mut units(built.test(workspace)), tally);
    tally.step("the emulator");
    let mut emulator = built.test(workspace);
    emulator.args(["--no-fail-fast", "--package=emu", "--test=*"]);
    cargo_test::run(&mut emulator, tally);
    tally.step("machines");
    let before = tally.all();
    cargo_test::run(&mut boots(built.test(workspace)), tally);
    tally.check("quick", all_ran(tally.all() - before));
}

/// The unit tests of all host crates, except those of the packer, which take minutes.
fn units(mut test: Command) -> Command {
    only_host(&mut test).args(["--no-fail-fast", "--lib", "--bins"]);
    test.args(["--", "--skip=pack::", "--skip=unpack_test::"]);
    test
}

fn boots(mut test: Command) -> Command {
    test.args(["--no-fail-fast", "--package=tests"]);
    let mut files: Vec<&str> = BOOTS.iter().map(|(file, _)| *file).collect();
    files.dedup();
    for file in files {
        test.args(["--test", file]);
    }
    test.args(["--", "--exact"]);
    test.args(BOOTS.iter().map(|(_, name)| name));
    test
}

/// Checks that a test ran: a name that fits no test would run none, unnoticed.
fn all_ran(ran: u32) -> Result<()> {
    ensure!(
        ran as usize == BOOTS.len(),
        "{ran} tests ran, not {}: a name in xtask/src/test/quick.rs is no test any more",
        BOOTS.len()
    );
    Ok(())
}
