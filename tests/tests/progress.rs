//! A slow disk: what a person sees while it is read.

use tests::MIB;
use tests::data::random;
use tests::kernels::probe::Report;
use tests::machines::qemu::Machine;
use tests::scenario::Scenario;

const LINE: &str = "Loading ....1....2....3....4....5....6....7....8....9....";

/// Four seconds for a load: the line appears on both consoles while it lasts,
/// and the kernel gets what it always gets. A busy host makes it more than four,
/// never less; how much of the line there is at the end depends on that.
#[test]
fn a_slow_disk() {
    let scenario = Scenario::new().unwrap();
    let scenario = scenario.initrd(random(1, 24 * MIB as usize));
    let directory = tempfile::tempdir().unwrap();
    let image = scenario.install(directory.path()).unwrap();
    let machine = Machine::new(&image).bytes_per_second(6 * MIB);
    let mut guest = machine.start().unwrap();
    guest.wait_for_screen("Loading ....").unwrap();
    guest.wait_for_serial("Loading ....1..").unwrap();
    let outcome = guest.finish().unwrap();
    let (line, rest) = outcome.serial.split_once("\r\n").unwrap();
    assert!(LINE.starts_with(line), "{line:?}");
    let report = Report::parse(rest).unwrap();
    assert_eq!(report.initrd.size, 24 * MIB);
    assert_eq!(
        report.initrd.sha256,
        tests::data::sha256(&scenario.initrds[0])
    );
}
