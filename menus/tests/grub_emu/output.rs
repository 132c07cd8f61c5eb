//! Scripts print the same.

use std::fs;
use std::path::Path;

use menus::grub;
use menus::memory::Memory;
use menus::storage::{Location, Properties};

use crate::emulator::{Emulator, OUTPUT};
use crate::scripts;

/// The last line of each script.
const LAST: &str = "that was the last line";

/// What GRUB prints.
fn grub(script: &str) -> String {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    // A file of its own: a quote without its end takes the rest of its file with it.
    fs::write(directory.path().join("script.cfg"), script).unwrap();
    let config = format!("source $config_directory/script.cfg\necho {LAST}\nexit\n");
    fs::write(directory.path().join("grub.cfg"), config).unwrap();
    comparable(&Emulator::start(directory.path(), OUTPUT).output(LAST))
}

/// What the crate says that GRUB prints.
fn ours(script: &str) -> String {
    let mut memory = Memory::default();
    let device = memory.add(Properties::default());
    let config = Location::new(device, "/boot/grub/grub.cfg").unwrap();
    let (output, reached) = grub::run(&memory, &config, script);
    assert_eq!(reached, [""; 0], "it does not end: {script}");
    comparable(&output)
}

/// Without the messages of errors of syntax: how many there are of one error depends on
/// how GRUB's parser recovers. And without a message that GRUB prints for some tests of
/// words as numbers, and for others not.
fn comparable(output: &str) -> String {
    let left_out = [
        "error: syntax error.",
        "error: Incorrect command.",
        "error: $.",
        "error: unrecognized number.",
        // A quote without its end.
        "error: out of memory.",
    ];
    let lines = output.lines().filter(|line| !left_out.contains(line));
    lines.map(|line| format!("{line}\n")).collect()
}

/// A script prints the same.
fn compare(script: &str) {
    let ours = ours(script);
    let theirs = grub(script);
    if theirs != ours {
        let differ = theirs.lines().zip(ours.lines()).position(|(a, b)| a != b);
        let at = differ.unwrap_or(theirs.lines().count().min(ours.lines().count()));
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("grub-emu-differs");
        fs::create_dir_all(&kept).unwrap();
        for (name, text) in [("script.cfg", script), ("grub", &theirs), ("ours", &ours)] {
            fs::write(kept.join(name), text).unwrap();
        }
        panic!(
            "line {} of the output: GRUB prints {:?}, we print {:?}, after {:?}; script and outputs are in {}",
            at + 1,
            theirs.lines().nth(at),
            ours.lines().nth(at),
            at.checked_sub(1)
                .and_then(|before| theirs.lines().nth(before)),
            kept.display()
        );
    }
}

#[test]
fn of_all_that_the_language_has() {
    compare(include_str!("language.cfg"));
}

/// Scripts of a kind that real configurations do not have.
#[test]
fn at_random() {
    // Each run of GRUB takes many scripts, one after another.
    let (runs, scripts) = match cfg!(feature = "heavy") {
        true => (150, 20),
        false => (15, 20),
    };
    for seed in 1..=runs {
        let mut random = scripts::Random::new(seed);
        let all: Vec<String> = (0..scripts).map(|_| scripts::script(&mut random)).collect();
        compare(&all.concat());
    }
}
