//! Every hostile disk ends in the boot of an entry or in a message that names
//! the cause: in the emulator, in QEMU, and in the tools of the host.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use tests::gapboot::{Handoff, built, emulate};
use tests::hostile::{Case, HEALTHY, Model, Models, Patient, VICTIM, groups};
use tests::kernels::probe::Report;
use tests::machines::qemu::{Exit, Machine};

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
                problems.push(format!("{} ({:?}): {problem}", case.name, case.model));
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
            names.push((group, case.model, case.name));
            let differs = rig.models.broken(case) != rig.models.patient(case.model).bytes;
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

fn all() -> Vec<Case> {
    groups().into_iter().flat_map(|(_, cases)| cases).collect()
}

#[test]
fn in_the_emulator() {
    let rig = Rig::new();
    rig.each(&all(), |case, image| {
        let before = fs::read(image).unwrap();
        let output = emulate(image, 512, &[]).unwrap();
        let text = text(&output);
        ensure(fs::read(image).unwrap() == before, || {
            "the disk was written to".into()
        })?;
        match (case.boots, output.status.code()) {
            (Some(id), Some(0)) => {
                let handoff: Handoff = serde_json::from_str(&text).unwrap();
                let right =
                    handoff.id == id && handoff.kernel.sha256 == rig.models.kernel(case.kernel);
                ensure(right, || format!("{} booted", handoff.id))
            }
            // It says the last of its messages, which may be that nothing is left.
            (None, Some(1)) => {
                let nothing = says(&text, &["no entry in /loader/entries"]);
                ensure(text.lines().count() == 1, || text.clone())?;
                ensure(nothing || says(&text, case.says), || text.clone())
            }
            (_, status) => Err(format!("{status:?}: {text}")),
        }
    });
}

/// Boots a machine and judges it: `kernel` is the checksum of the one that boots.
/// A machine that restarts, as after a triple fault, has ended; one that is still
/// silent after 20 seconds, where others need two, hangs.
fn judge(machine: Machine, kernel: Option<&str>, parts: &[&str]) -> Result<(), String> {
    let guest = machine.timeout(Duration::from_secs(20)).start();
    let mut guest = guest.map_err(|error| format!("{error:#}"))?;
    // That it ended or says nothing more is judged by what it said, below.
    let _ = guest.wait_for(|guest| {
        let serial = guest.serial();
        // A message alone, or the menu that shows it.
        let whole = serial.ends_with('\n') || serial.contains("Enter boot");
        let told = serial.contains("gapboot:") && whole && says(&serial, parts);
        serial.contains("PROBE-REPORT-END") || (kernel.is_none() && told)
    });
    let outcome = guest.stop().map_err(|error| format!("{error:#}"))?;
    let serial = &outcome.serial;
    ensure(says(serial, parts), || {
        format!("never said {parts:?}: {serial}")
    })?;
    match (kernel, Report::parse(serial)) {
        (Some(kernel), Ok(report)) => ensure(report.kernel.sha256 == kernel, || {
            "the other one booted".into()
        }),
        (Some(_), Err(error)) => Err(format!("{:?}, {error}", outcome.exit)),
        (None, Ok(_)) => Err("it booted".into()),
        (None, Err(_)) => {
            let waits = outcome.exit == Exit::Stopped && serial.contains("gapboot:");
            ensure(waits, || format!("{:?}: {serial}", outcome.exit))
        }
    }
}

/// Boots a group in QEMU.
fn in_qemu(group: &str) {
    let rig = Rig::new();
    let (_, cases) = groups()
        .into_iter()
        .find(|(name, _)| *name == group)
        .unwrap();
    rig.each(&cases, |case, image| {
        let kernel = case.boots.map(|_| rig.models.kernel(case.kernel));
        judge(Machine::new(image), kernel, case.says)
    });
}

/// A sector that cannot be read, at all or once.
struct Unreadable {
    name: &'static str,
    /// Where on the disk, in bytes.
    place: fn(&Patient) -> usize,
    once: bool,
    boots: Option<&'static str>,
    says: &'static [&'static str],
}

fn contents(patient: &Patient, short: &[u8; 11], cluster: usize) -> usize {
    patient
        .cluster(patient.nth(patient.slot(short), cluster))
        .start
}

#[test]
fn unreadable_sectors_in_qemu() {
    let case = |name, place, boots, says| Unreadable {
        name,
        place,
        once: false,
        boots,
        says,
    };
    let cannot: &[&str] = &["cannot read LBA", "BIOS error"];
    let cases: Vec<Unreadable> = vec![
        case(
            "partition table's header",
            |p| p.headers()[0],
            Some(VICTIM),
            &[],
        ),
        case(
            "partition table's array",
            |p| p.arrays()[0],
            Some(VICTIM),
            &[],
        ),
        case("backup's header", |p| p.headers()[1], Some(VICTIM), &[]),
        case(
            "boot sector",
            |_| 2048 * 512,
            None,
            &["cannot read LBA 2048: BIOS error"],
        ),
        case("file allocation table", Patient::table_start, None, cannot),
        case("root directory", Patient::root_start, None, cannot),
        case(
            "/loader/entries",
            |p| contents(p, b"ENTRIES    ", 0),
            None,
            &["/loader/entries: cannot read LBA"],
        ),
        case(
            "loader.conf",
            |p| contents(p, b"LOADER~1CON", 0),
            Some(VICTIM),
            &["/loader/loader.conf: cannot read LBA"],
        ),
        case(
            "an entry",
            |p| contents(p, b"VICTIM~1CON", 0),
            Some(HEALTHY),
            &["victim.conf: cannot read LBA"],
        ),
        case(
            "a kernel's start",
            |p| contents(p, b"VICTIM  BIN", 0),
            None,
            &["victim.conf: /victim.bin: cannot read LBA"],
        ),
        case(
            "a kernel's middle",
            |p| contents(p, b"VICTIM  BIN", 99),
            None,
            &["victim.conf: ", "cannot read LBA"],
        ),
        case(
            "an initrd",
            |p| contents(p, b"VICTIM  IMG", 5),
            None,
            &["victim.conf: /victim.img: cannot read LBA"],
        ),
        Unreadable {
            once: true,
            ..case(
                "a kernel's start, once",
                |p| contents(p, b"VICTIM  BIN", 0),
                Some(VICTIM),
                &[],
            )
        },
        Unreadable {
            once: true,
            ..case(
                "a kernel's middle, once",
                |p| contents(p, b"VICTIM  BIN", 99),
                Some(VICTIM),
                &[],
            )
        },
        Unreadable {
            once: true,
            ..case("boot sector, once", |_| 2048 * 512, Some(VICTIM), &[])
        },
        Unreadable {
            once: true,
            ..case(
                "root directory, once",
                Patient::root_start,
                Some(VICTIM),
                &[],
            )
        },
    ];
    let rig = Rig::new();
    let patient = rig.models.patient(Model::Fat16);
    let image = rig.directory.path().join("disk.img");
    let rules = rig.directory.path().join("rules");
    fs::write(&image, &patient.bytes).unwrap();
    let mut problems = Vec::new();
    for case in &cases {
        let sector = (case.place)(&patient) / 512;
        let once = if case.once { "on" } else { "off" };
        let rule = format!(
            "[inject-error]\nevent = \"read_aio\"\nerrno = \"5\"\nsector = \"{sector}\"\nonce = \"{once}\"\n"
        );
        fs::write(&rules, rule).unwrap();
        let file = format!("blkdebug:{}:{}", rules.display(), image.display());
        let drive = format!("if=none,id=bad,format=raw,rerror=report,readonly=on,file={file}");
        let machine = Machine::without_disk().arguments(&[
            "-drive",
            &drive,
            "-device",
            "virtio-blk-pci,drive=bad",
        ]);
        let kernel = case.boots.map(|id| rig.models.kernel(id));
        if let Err(problem) = judge(machine, kernel, case.says) {
            problems.push(format!("{} (LBA {sector}): {problem}", case.name));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn partition_tables_in_qemu() {
    in_qemu("partition tables");
}

#[test]
fn mbr_partition_tables_in_qemu() {
    in_qemu("MBR partition tables");
}

#[test]
fn file_systems_in_qemu() {
    in_qemu("file systems");
}

#[test]
fn directories_and_names_in_qemu() {
    in_qemu("directories and names");
}

#[test]
fn files_in_qemu() {
    in_qemu("files");
}

#[test]
fn kernels_in_qemu() {
    in_qemu("kernels");
}

#[test]
fn unified_kernel_images_in_qemu() {
    in_qemu("unified kernel images");
}

#[test]
fn the_host_s_tools() {
    let rig = Rig::new();
    rig.each(&all(), |case, image| {
        let before = fs::read(image).unwrap();
        for words in [
            &["list"][..],
            &["status"],
            &["install", "--dry-run"],
            &["uki", "inspect"],
        ] {
            let start = Instant::now();
            let output = Command::new(built("gapboot").unwrap())
                .args(words)
                .arg(image)
                .output()
                .unwrap();
            let text = text(&output);
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            let told = match output.status.code() {
                Some(0) => true,
                Some(1) => {
                    errors
                        .lines()
                        .filter(|line| line.starts_with("gapboot: "))
                        .count()
                        >= 1
                }
                _ => false,
            };
            ensure(told && !text.contains("panicked"), || {
                format!("{words:?} {:?}: {text}", output.status)
            })?;
            // It takes some milliseconds; a loop would take for ever.
            ensure(start.elapsed() < Duration::from_secs(10), || {
                format!("{words:?} takes too long")
            })?;
            if words == ["list"] && case.boots.is_some() {
                ensure(output.status.success(), || format!("{words:?}: {text}"))?;
            }
        }
        ensure(fs::read(image).unwrap() == before, || {
            "the disk was written to".into()
        })
    });
}
