//! Every hostile disk ends in the boot of an entry or in a message that names
//! the cause: in the emulator, in QEMU, and in the tools of the host.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use tests::gapboot::{Handoff, built, emulate};
use tests::hostile::{Case, Models, groups};
use tests::probe::Report;
use tests::qemu::{Exit, Machine};

/// Where the disks lie while they are tested.
struct Rig {
    directory: tempfile::TempDir,
    models: Models,
}

impl Rig {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let models = Models::make(directory.path()).unwrap();
        Self { directory, models }
    }

    /// Writes the disk of a case, and calls back for each of them. Whatever went
    /// wrong with any case is told at the end.
    fn each(&self, cases: &[Case], judge: impl Fn(&Case, &Path) -> Result<(), String>) {
        let image = self.directory.path().join("disk.img");
        let mut problems = Vec::new();
        for case in cases {
            fs::write(&image, self.models.broken(case)).unwrap();
            if let Err(problem) = judge(case, &image) {
                problems.push(format!("{} (FAT{}): {problem}", case.name, case.fat));
            }
        }
        let count = problems.len();
        assert!(
            problems.is_empty(),
            "{count} of {}:\n{}",
            cases.len(),
            problems.join("\n")
        );
    }

    fn kernel(&self, id: &str) -> &str {
        let mut kernels = self.models.kernels.iter();
        kernels
            .find_map(|(name, sum)| (*name == id).then_some(sum.as_str()))
            .unwrap()
    }
}

/// Text without white space: a screen breaks lines anywhere.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

/// True if one of the messages in a text says all of this.
fn says(text: &str, parts: &[&str]) -> bool {
    let text = squeezed(text);
    let holds = |message: &str| parts.iter().all(|part| message.contains(&squeezed(part)));
    parts.is_empty() || text.split("gapboot:").any(holds)
}

fn ensure(holds: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem()) }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[test]
fn the_corpus_is_one() {
    let rig = Rig::new();
    let mut names: Vec<_> = Vec::new();
    for (group, cases) in groups() {
        for case in &cases {
            names.push((group, case.fat, case.name));
            let differs = rig.models.broken(case) != rig.models.patient(case.fat).bytes;
            assert!(
                differs || case.name == "nothing at all",
                "{} breaks nothing",
                case.name
            );
        }
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "names tell cases apart");
    println!("{count} hostile disks");
}

#[test]
fn in_the_emulator() {
    let rig = Rig::new();
    for (_, cases) in groups() {
        rig.each(&cases, |case, image| {
            let before = fs::read(image).unwrap();
            let output = emulate(image, 512, &[]).unwrap();
            let text = text(&output);
            ensure(fs::read(image).unwrap() == before, || {
                "the disk was written to".into()
            })?;
            match (case.boots, output.status.code()) {
                (Some(id), Some(0)) => {
                    let handoff: Handoff = serde_json::from_str(&text).unwrap();
                    let right = handoff.id == id && handoff.kernel.sha256 == rig.kernel(id);
                    ensure(right, || format!("{} booted", handoff.id))
                }
                (None, Some(1)) => {
                    ensure(text.lines().count() == 1 && says(&text, case.says), || {
                        text.clone()
                    })
                }
                // It may end either way.
                (None, Some(0)) if case.says.is_empty() => Ok(()),
                (_, status) => Err(format!("{status:?}: {text}")),
            }
        });
    }
}
