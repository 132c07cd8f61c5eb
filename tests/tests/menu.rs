//! The menu on the machine: on the screen it is what the emulator shows, and the
//! keyboard and the serial line do the same. What is remembered, counted and told
//! to userspace is on the disk and in the handoff afterwards.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use tests::MIB;
use tests::gapboot::{self, gapboot, type1};
use tests::images::{Disk, Fat, Partition, Volume};
use tests::kernels::probe::Kernel;
use tests::machines::qemu::{Guest, Machine};

const HINT: &str = "Enter boot   e edit   p details   h help";

/// A disk with these files and the probe as /kernel, and gapboot on it.
fn disk(files: &[(&str, &str)]) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let image = directory.path().join("disk.img");
    let kernel = Kernel::load().unwrap().bytes();
    let esp = Partition::esp(Fat::new(16).cluster(2048)).file("kernel", kernel);
    let esp = files
        .iter()
        .fold(esp, |esp, (path, text)| esp.file(path, *text));
    Disk::new(24 * MIB).partition(esp).build(&image).unwrap();
    gapboot::install(&image).unwrap();
    (directory, image)
}

fn three() -> (TempDir, PathBuf) {
    let entry = |title, version: &str| {
        let text = type1(title, "/kernel", &[], &format!("version={version}"));
        format!("{text}version {version}\nsort-key {title}\n")
    };
    disk(&[
        (
            "loader/loader.conf",
            "timeout menu-force\nauto-reboot yes\n",
        ),
        ("loader/entries/a.conf", &entry("Debian", "2")),
        ("loader/entries/b.conf", &entry("Debian", "1")),
        ("loader/entries/c+3.conf", &entry("Tried", "1")),
        ("loader/entries/lost.conf", "title Lost\nlinux /nowhere\n"),
    ])
}

/// What the emulator shows after these keys, line by line without blanks at the end.
fn emulated(image: &Path, keys: &str) -> Vec<String> {
    let output = gapboot::emulate(image, 512, &["--screen", "--keys", keys]).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    // The handoff follows, if there is one.
    let screen = text.split("\n{").next().unwrap();
    trimmed(screen.lines())
}

fn trimmed<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut lines: Vec<String> = lines.map(|line| line.trim_end().to_owned()).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

fn start(image: &Path) -> Guest {
    let machine = Machine::new(image).writable();
    let mut guest = machine.timeout(Duration::from_secs(40)).start().unwrap();
    guest.wait_for_screen(HINT).unwrap();
    guest
}

/// Waits until the screen is what is expected.
fn shows(guest: &mut Guest, expected: &[String]) {
    let shown = |guest: &mut Guest| trimmed(guest.screen().unwrap().text().lines());
    let result = guest.wait_for(|guest| shown(guest) == expected);
    assert!(
        result.is_ok(),
        "expected {expected:#?}, {:#?}",
        result.unwrap_err()
    );
}

#[test]
fn the_screen_is_what_the_emulator_shows() {
    let (_directory, image) = three();
    let mut guest = start(&image);
    shows(&mut guest, &emulated(&image, ""));
    // Titles are told apart; what has no kernel is not there.
    let text = guest.screen().unwrap().text();
    assert!(text.contains("Debian (2)") && text.contains("Debian (1)"));
    assert!(!text.contains("Lost"));
    guest.press(&["h"]).unwrap();
    shows(&mut guest, &emulated(&image, "h"));
    guest.press(&["esc"]).unwrap();
    guest.type_on_serial(b"\x1b[Bp").unwrap();
    let page = emulated(&image, "down,p");
    shows(&mut guest, &page);
    assert!(
        page.iter().any(|line| line.starts_with("not shown")),
        "{page:#?}"
    );
}

#[test]
fn keyboard_and_serial_line_edit_and_boot() {
    let (_directory, image) = three();
    let expected = "version=1 from-here";
    let mut guest = start(&image);
    guest.press(&["down", "e", "end"]).unwrap();
    guest
        .press(&[
            "spc", "f", "r", "o", "m", "minus", "h", "e", "r", "e", "ret",
        ])
        .unwrap();
    guest.wait_for_serial(expected).unwrap();
    drop(guest);

    let mut guest = start(&image);
    guest.type_on_serial(b"je\x1b[F from-here\r").unwrap();
    guest.wait_for_serial(&format!("{expected}\"")).unwrap();
    drop(guest);

    let output = gapboot::emulate(&image, 512, &["--keys", "down,e,end, from-here,enter"]).unwrap();
    let handoff: gapboot::Handoff = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&*handoff.id, &*handoff.cmdline), ("b.conf", expected));
}

/// `d` lasts where there is a state file; a one-shot entry boots once.
#[test]
fn what_is_remembered() {
    let (_directory, image) = three();
    let name = image.to_str().unwrap();
    let set = |arguments: &[&str]| {
        let output = gapboot(&[&["set"], arguments, &[name]].concat()).unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    let status = || {
        let output = gapboot(&["status", "--json", name]).unwrap();
        let status: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        status["state"].clone()
    };
    set(&["timeout", "0"]);
    set(&["oneshot", "b.conf"]);
    let boot = |version: &str| {
        let machine = Machine::new(&image).writable();
        let mut guest = machine.timeout(Duration::from_secs(40)).start().unwrap();
        guest.wait_for_serial(version).unwrap();
    };
    boot("version=1");
    assert_eq!(status()["oneShot"], serde_json::Value::Null);
    assert_eq!(status()["lastBooted"], serde_json::Value::Null);
    boot("version=2");
    assert_eq!(status()["lastBooted"], "a.conf");

    set(&["timeout", ""]);
    let mut guest = start(&image);
    guest.press(&["down", "d", "ret"]).unwrap();
    guest.wait_for_serial("version=1").unwrap();
    drop(guest);
    assert_eq!(status()["preferred"], "b.conf");
    Volume::open(&image, 1).unwrap().check().unwrap();
}

/// An attempt is counted before the kernel gets the machine.
#[test]
fn attempts_are_counted() {
    let (_directory, image) = three();
    let volume = Volume::open(&image, 1).unwrap();
    for name in ["c+2-1.conf", "c+1-2.conf", "c+0-3.conf", "c+0-4.conf"] {
        let mut guest = start(&image);
        guest.press(&["end", "up", "ret"]).unwrap();
        guest.wait_for_serial("{").unwrap();
        drop(guest);
        let names = volume.names("loader/entries").unwrap();
        assert!(names.iter().any(|other| other == name), "{name}: {names:?}");
    }
    volume.check().unwrap();
}

/// `console-mode` gives the menu more lines.
#[test]
fn fifty_lines() {
    let entries: Vec<(String, String)> = (0..45)
        .map(|number| {
            let text = type1(&format!("Entry {number:02}"), "/kernel", &[], "");
            let name = format!("loader/entries/{number:02}.conf");
            (name, format!("{text}sort-key {number:02}\n"))
        })
        .collect();
    let conf = "timeout menu-force\nconsole-mode max\n";
    let mut files = vec![("loader/loader.conf", conf)];
    files.extend(entries.iter().map(|(name, text)| (&**name, &**text)));
    let (_directory, image) = disk(&files);
    let name = image.to_str().unwrap();
    let output = gapboot(&["install", "--console", "vga", name]).unwrap();
    assert!(output.status.success(), "{output:?}");
    let mut guest = start(&image);
    // All of them are there, without scrolling.
    guest.wait_for_screen("Entry 44").unwrap();
    let lines = guest.screen().unwrap().lines();
    assert_eq!(lines.len(), 50);
    assert!(lines.iter().any(|line| line.contains("Entry 00")));
    guest.press(&["ret"]).unwrap();
    guest.wait_for_serial("{").unwrap();
}

/// `log-level` decides whether files that are left out are talked of.
#[test]
fn messages_of_what_is_left_out() {
    let entry = type1("Healthy", "/kernel", &[], "");
    for (level, said) in [("warning", true), ("err", false)] {
        let (_directory, image) = disk(&[
            ("loader/loader.conf", &format!("log-level {level}\n")),
            ("loader/entries/healthy.conf", &entry),
            ("loader/entries/lost.conf", "title Lost\nlinux /nowhere\n"),
        ]);
        let machine = Machine::new(&image).timeout(Duration::from_secs(40));
        let mut guest = machine.start().unwrap();
        guest.wait_for_serial("{").unwrap();
        assert_eq!(guest.serial().contains("lost.conf"), said, "{level}");
        // Tools that look at the disk tell all.
        let output = gapboot(&["list", "--all", image.to_str().unwrap()]).unwrap();
        let listed = [output.stdout, output.stderr].concat();
        assert!(String::from_utf8_lossy(&listed).contains("lost.conf"));
    }
}

/// The screen shows the characters of code page 437, the serial line all of UTF-8. Control
/// characters of a title reach neither. Counted and bad entries are marked, and the
/// entries that digits select are numbered.
#[test]
fn titles_of_all_kinds() {
    let title = "Système réglé ½ Größe αΣ";
    let entry = |title: &str, key| {
        let text = type1(title, "/kernel", &[], "");
        format!("{text}sort-key {key}\n")
    };
    let (_directory, image) = disk(&[
        ("loader/loader.conf", "timeout menu-force\n"),
        ("loader/entries/a.conf", &entry(title, "a")),
        (
            "loader/entries/b+2-1.conf",
            &entry("日本 \u{1b}[2J\u{7}\u{9b}2J", "b"),
        ),
        ("loader/entries/c+1.conf", &entry("Once", "c")),
        ("loader/entries/d+0-3.conf", &entry("Never", "d")),
    ]);
    let mut guest = start(&image);
    // The entries are drawn after the hint.
    guest.wait_for_screen("4    Never  [bad]").unwrap();
    let screen = guest.screen().unwrap();
    let cells: Vec<u8> = screen
        .cells
        .iter()
        .map(|[character, _]| *character)
        .collect();
    let encoded = code_page_437(title);
    assert!(
        cells.windows(encoded.len()).any(|window| window == encoded),
        "{}",
        screen.text()
    );
    for line in [
        "2    ?? ?[2J??2J  [2 tries left]",
        "3    Once  [1 try left]",
    ] {
        assert!(screen.text().contains(line), "{line}: {}", screen.text());
    }
    guest.wait_for_serial(&format!("{title} ")).unwrap();
    guest.wait_for_serial("日本 ?[2J??2J").unwrap();
}

/// What iconv makes of a text.
fn code_page_437(text: &str) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("text");
    std::fs::write(&file, text).unwrap();
    let output = Command::new("iconv")
        .args(["-f", "UTF-8", "-t", "CP437"])
        .arg(&file)
        .output()
        .expect("iconv is missing: apt-get install libc-bin");
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

/// After a failed boot the menu comes back on the entry that failed, with the reason.
#[test]
fn the_entry_that_failed_stays_selected() {
    let entry = |title, initrds: &[&str], key| {
        let text = type1(title, "/kernel", initrds, "");
        format!("{text}sort-key {key}\n")
    };
    let (_directory, image) = disk(&[
        ("loader/loader.conf", "timeout menu-force\n"),
        ("loader/entries/a.conf", &entry("Good", &[], "a")),
        ("loader/entries/b.conf", &entry("Bad", &["/nowhere"], "b")),
    ]);
    let mut guest = start(&image);
    guest.press(&["down", "ret"]).unwrap();
    guest
        .wait_for_screen("/nowhere: the file was not found")
        .unwrap();
    guest.wait_for_screen(HINT).unwrap();
    shows(&mut guest, &emulated(&image, "down,enter"));
    // Enter tries the same entry again; one up is the good one.
    guest.press(&["up", "ret"]).unwrap();
    guest.wait_for_serial("{").unwrap();
}
