//! The same scripts are wrong.

use std::path::Path;
use std::process::Stdio;

use menus::grub;
use tests::tool::{command, missing};

use crate::scripts;

/// Whether grub-script-check takes a script. It is one that does something: else the
/// program complains.
fn grub_takes(script: &str) -> bool {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = tempfile::NamedTempFile::new_in(directory).unwrap();
    std::fs::write(file.path(), script).unwrap();
    let mut check = command("grub-script-check");
    check
        .arg(file.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let status = check.status();
    let status =
        status.unwrap_or_else(|error| panic!("{}", missing("grub-script-check".as_ref(), error)));
    status.success()
}

fn compare(script: &str) -> bool {
    let grub = grub_takes(script);
    let ours = grub::check(script);
    assert_eq!(ours.is_ok(), grub, "{ours:?}: {script}");
    grub
}

#[test]
fn of_changed_scripts() {
    let rounds = match cfg!(feature = "heavy") {
        true => 20_000,
        false => 800,
    };
    let mut right = 0;
    for seed in 1..=rounds {
        let mut random = scripts::Random::new(seed);
        let script = match seed % 3 {
            0 => scripts::menu(&mut random),
            _ => scripts::script(&mut random),
        };
        let changed = scripts::changed(&mut random, &script);
        right += u64::from(compare(&format!("true\n{changed}")));
    }
    // The scripts are neither all right nor all wrong.
    assert!(
        (rounds / 10..rounds * 9 / 10).contains(&right),
        "{right} of {rounds}"
    );
}

#[test]
fn of_small_scripts() {
    for script in include_str!("small.txt").split("\n---\n") {
        compare(&format!("true\n{script}"));
    }
}
