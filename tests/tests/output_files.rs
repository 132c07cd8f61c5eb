//! The files that `gapboot` makes: complete and on the medium, or the old one stays.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tests::gapboot::built;
use tests::loaders::uki::Workshop;
use tests::tool::{as_root, command, missing};

/// The arguments of an image's making, as a line for a shell.
fn build(workshop: &Workshop, output: &Path) -> String {
    let file = |name: &str| workshop.path(name).display().to_string();
    format!(
        "{} uki build --linux {} --initrd {} --os-release ID=t --output {}",
        built("gapboot").unwrap().display(),
        file("vmlinuz"),
        file("initrd"),
        output.display()
    )
}

fn shell(line: &str) -> Output {
    let mut shell = command("sh");
    let output = shell.args(["-c", line]).output();
    output
        .map_err(|error| missing(shell.get_program(), error))
        .unwrap()
}

/// A directory with a file `image.efi` that holds `old`.
fn place() -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    let image = place.path().join("image.efi");
    fs::write(&image, "old").unwrap();
    (place, image)
}

/// A failure leaves the old file, and nothing else.
#[track_caller]
fn assert_old(place: &tempfile::TempDir, image: &Path, output: &Output, words: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let failed = format!("gapboot: cannot write {}: ", image.display());
    let line = said.lines().find(|line| line.starts_with(&failed));
    assert!(line.is_some_and(|line| line.contains(words)), "{said}");
    assert_eq!(fs::read(image).unwrap(), b"old");
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1, "{said}");
}

#[test]
fn files_may_not_become_that_large() {
    let workshop = Workshop::new().unwrap();
    let (place, image) = place();
    // 1 MiB; the signal would end the program before it can say anything.
    let line = format!(
        "trap '' XFSZ; ulimit -f 2048; exec {}",
        build(&workshop, &image)
    );
    assert_old(&place, &image, &shell(&line), "ulimit -f");
}

#[test]
fn no_space_left() {
    let workshop = Workshop::new().unwrap();
    let (place, image) = place();
    // A file system of 1 MiB that only this command sees.
    let at = place.path().display();
    let line = format!(
        "mount -t tmpfs -o size=1m tmpfs {at} && echo old >{image} && {build}; status=$?; \
         ls -A {at}; cat {image}; exit $status",
        image = image.display(),
        build = build(&workshop, &image),
    );
    let mut unshare = as_root("unshare").unwrap();
    let output = unshare.args(["-m", "sh", "-c", &line]).output();
    let output = output
        .map_err(|error| missing(unshare.get_program(), error))
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("No space left on device"), "{said}");
    assert!(said.contains("; make room"), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "image.efi\nold\n");
}

/// The bytes are on the medium before the name, and the name before the end: a power cut
/// leaves the old file or the new one.
#[test]
fn a_power_cut_leaves_a_complete_file() {
    let workshop = Workshop::new().unwrap();
    let (place, image) = place();
    let log = workshop.path("log");
    let mut strace = command("strace");
    let calls = "trace=fsync,fdatasync,rename,renameat,renameat2,write,pwrite64";
    let traced = strace
        .args(["-f", "-y", "-e", calls, "-o"])
        .arg(&log)
        .args(["sh", "-c", &format!("exec {}", build(&workshop, &image))])
        .output();
    let traced = traced
        .map_err(|error| missing(strace.get_program(), error))
        .unwrap();
    assert!(traced.status.success(), "{traced:?}");
    let log = fs::read_to_string(log).unwrap();
    // Neither `write`s to standard error nor the bytes matter.
    let steps = log.lines().filter_map(|line| {
        let (_, call) = line.split_once(' ')?;
        let name = call.trim_start().split('(').next()?;
        let about = match () {
            () if call.contains(".gapboot-") => "file",
            () if call.contains(&format!("<{}>", place.path().display())) => "directory",
            () => return None,
        };
        Some(format!(
            "{} {about}",
            name.trim_start_matches('p').trim_end_matches("64")
        ))
    });
    let mut steps: Vec<_> = steps.collect();
    steps.dedup();
    for step in &mut steps {
        if step.starts_with("rename") {
            *step = "rename file".to_owned();
        }
    }
    assert_eq!(
        steps,
        ["write file", "fsync file", "rename file", "fsync directory"],
        "{log}"
    );
    assert!(fs::metadata(&image).unwrap().len() > 1 << 20);
}

/// A program that ends by a signal leaves the old file too.
#[test]
fn an_interrupted_command_leaves_the_old_file() {
    let workshop = Workshop::new().unwrap();
    let (_place, image) = place();
    // The initrd comes from a pipe that nobody ends: the command waits, and is killed.
    let pipe = workshop.path("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let mut child = Command::new(built("gapboot").unwrap())
        .args(["uki", "build", "--os-release", "ID=t", "--linux"])
        .arg(workshop.path("vmlinuz"))
        .arg("--initrd")
        .arg(&pipe)
        .arg("--output")
        .arg(&image)
        .spawn()
        .unwrap();
    // Opens as soon as the command has opened its end.
    let mut writer = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
    std::io::Write::write_all(&mut writer, b"a part").unwrap();
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success());
    assert_eq!(fs::read(&image).unwrap(), b"old");
}
