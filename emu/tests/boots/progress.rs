//! The line that a person sees while a load takes its time.

use crate::common::{TestDisk, kernel, random};
use crate::start::{disk, machine, start_on};
use emu::disk::Access;

const LINE: &str = "Loading ....1....2....3....4....5....6....7....8....9....";
/// Ticks in the second without a word, and the one that ends it.
const SILENT: usize = 19;

/// A disk with a kernel, and an initrd that takes this many long reads.
fn with_initrd(reads: usize) -> TestDisk {
    let disk = disk();
    disk.add("vmlinuz", &kernel(39, 3000));
    disk.add("initrd", &random(reads * 127 * 512, 1));
    disk.add("loader/entries/a.conf", b"linux /vmlinuz\ninitrd /initrd\n");
    disk
}

/// The text that is printed during the load if each read takes `pace` ticks.
fn printed(disk: &TestDisk, pace: u32) -> String {
    let mut machine = machine(disk);
    machine.console.pace = pace;
    let started = start_on(machine, "").unwrap();
    assert_eq!(started.initrd().len() % (127 * 512), 0);
    started.machine.console.to_string()
}

#[test]
fn a_character_a_tick_after_a_second() {
    // Two more reads are the kernel's.
    for (reads, seen) in [(10, 0), (SILENT - 2, 0), (SILENT, 2), (40, 23)] {
        let line = match seen {
            0 => String::new(),
            _ => format!("{}\n", &LINE[..seen]),
        };
        assert_eq!(printed(&with_initrd(reads), 1), line, "{reads} reads");
    }
}

#[test]
fn a_character_for_each_fiftieth() {
    let disk = with_initrd(200);
    assert_eq!(printed(&disk, 0), "");
    // Four reads are a fiftieth, and 8 characters come without any.
    assert_eq!(printed(&disk, 1), format!("{LINE}\n"));
    assert_eq!(printed(&disk, 10), format!("{LINE}\n"));
}

#[test]
fn it_ends_before_a_message_begins() {
    let disk = with_initrd(60);
    let reads = start_on(machine(&disk), "").unwrap().machine.disk.accesses;
    let Some(Access::Read(at, _)) = reads.iter().nth_back(20) else {
        panic!("the last accesses are reads")
    };
    let mut machine = machine(&disk);
    machine.console.pace = 1;
    machine.disk.bad = Some(at + 5);
    let said = start_on(machine, "").err().unwrap();
    let (line, message) = said.split_once('\n').unwrap();
    assert!(LINE.starts_with(line) && line.len() > 10, "{said}");
    assert!(message.starts_with("gapboot: a.conf: "), "{said}");
}

/// The line costs no request, and changes nothing of what is handed over.
#[test]
fn nothing_else_is_different() {
    let disk = with_initrd(60);
    let [quick, slow] = [0, 1].map(|pace| {
        let mut machine = machine(&disk);
        machine.console.pace = pace;
        start_on(machine, "").unwrap()
    });
    assert_eq!(quick.machine.disk.accesses, slow.machine.disk.accesses);
    assert_eq!(quick.handoff, slow.handoff);
    assert!(quick.initrd() == slow.initrd());
}
