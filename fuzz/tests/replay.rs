//! Runs every target with its seeds, with pieces of them, and with inputs that once
//! broke it.

use fuzz::TARGETS;
use std::path::Path;

#[test]
fn seeds() {
    for target in TARGETS {
        let seeds = (target.seeds)();
        assert!(!seeds.is_empty(), "{}", target.name);
        for seed in seeds {
            assert!(
                seed.len() <= target.longest,
                "{}: a seed of {} bytes",
                target.name,
                seed.len()
            );
            (target.run)(&seed);
            for end in (0..seed.len()).step_by(seed.len() / 16 + 1) {
                (target.run)(&seed[..end]);
            }
        }
    }
}

#[test]
fn fixtures() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    for directory in std::fs::read_dir(root).unwrap() {
        let directory = directory.unwrap();
        if !directory.file_type().unwrap().is_dir() {
            continue;
        }
        let name = directory.file_name();
        let target = TARGETS.iter().find(|target| *target.name == name);
        let target = target.unwrap_or_else(|| panic!("no target for {name:?}"));
        for file in std::fs::read_dir(directory.path()).unwrap() {
            (target.run)(&std::fs::read(file.unwrap().path()).unwrap());
        }
    }
}

#[test]
fn every_target_has_a_program() {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets");
    let mut found: Vec<String> = std::fs::read_dir(programs)
        .unwrap()
        .map(|file| {
            file.unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    found.sort();
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    assert_eq!(found, names);
}
