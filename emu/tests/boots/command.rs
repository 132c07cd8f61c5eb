//! `bootloader_emu` as a command.

use crate::common::{TestDisk, kernel, random};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::process::{Command, Output};

fn emu(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bootloader_emu"))
        .args(arguments)
        .output()
        .unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn json(arguments: &[&str]) -> Value {
    let output = emu(arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && error.is_empty(),
        "{arguments:?}: {error}"
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Two entries, of which `new` comes first.
fn disk() -> TestDisk {
    let disk = TestDisk::fat32();
    for directory in ["loader", "loader/entries"] {
        disk.add_directory(directory);
    }
    disk.add("vmlinuz", &kernel(39, 100_000));
    disk.add("initrd", &random(5001, 2));
    disk.add("more", &random(500, 3));
    disk.add(
        "loader/entries/new.conf",
        b"title New\nversion 2\nsort-key x\nlinux /vmlinuz\ninitrd /initrd\ninitrd /more\n\
          options root=/dev/vda2\noptions quiet vga=ask\n",
    );
    disk.add(
        "loader/entries/old.conf",
        b"title Old\nversion 1\nsort-key x\nlinux /vmlinuz\n",
    );
    disk.add(
        "loader/entries/broken.conf",
        b"title Broken\nversion 0\nsort-key x\nlinux /initrd\n",
    );
    disk
}

#[test]
fn the_handoff() {
    let disk = disk();
    let image = disk.image();
    let image = image.to_str().unwrap();
    let before = sha256(&std::fs::read(image).unwrap());
    let handoff = json(&["--json", image]);
    let payload = &kernel(39, 100_000)[0x5000..];
    let initrd = [random(5001, 2), vec![0; 3], random(500, 3)].concat();
    assert_eq!(handoff["id"], "new.conf");
    assert_eq!(handoff["cmdline"], "root=/dev/vda2 quiet vga=ask");
    assert_eq!(
        handoff["kernel"],
        json!({ "address": 0x10_0000, "size": 100_000, "sha256": sha256(payload) })
    );
    assert_eq!(
        handoff["initrd"],
        json!({ "address": 0x400_0000, "size": 5504, "sha256": sha256(&initrd) })
    );
    assert_eq!(
        handoff["header"],
        json!({
            "vid_mode": 0xfffd, "type_of_loader": 0xff, "loadflags": 0x81,
            "ramdisk_image": 0x400_0000, "ramdisk_size": 5504,
            "heap_end_ptr": 0xee00, "cmd_line_ptr": 0x1_f000,
        })
    );
    let ram = json!({ "address": 0x10_0000, "size": 0x3fee_0000, "type": 1 });
    assert!(handoff["memory"].as_array().unwrap().contains(&ram));

    let small = json(&["--memory", "48", "--json", image]);
    assert_eq!(small["initrd"]["address"], 32 << 20);

    let old = json(&["--json", "--entry", "old", image]);
    assert_eq!(
        (&old["id"], &old["cmdline"]),
        (&json!("old.conf"), &json!(""))
    );
    assert_eq!(
        old["initrd"],
        json!({ "address": 0, "size": 0, "sha256": sha256(b"") })
    );
    assert_eq!(
        sha256(&std::fs::read(image).unwrap()),
        before,
        "the image never changes"
    );
}

#[test]
fn a_countdown_of_a_century() {
    let disk = disk();
    disk.add("loader/loader.conf", b"timeout 4000000000\n");
    let handoff = json(&["--json", disk.image().to_str().unwrap()]);
    assert_eq!(handoff["id"], "new.conf");
}

/// Entries that the loader adds by itself are chosen by the settings too, without a menu.
#[test]
fn the_default_restarts_or_powers_off() {
    for (id, word) in [("auto-poweroff", "powered"), ("auto-reboot", "restarted")] {
        for timeout in ["menu-disabled", "menu-hidden", "1"] {
            let disk = disk();
            let conf = format!("default {id}\n{id} yes\ntimeout {timeout}\n");
            disk.add("loader/loader.conf", conf.as_bytes());
            let said = format!("the loader {word} the machine");
            fails(&[disk.image().to_str().unwrap()], 1, &said);
        }
    }
}

#[test]
fn for_people() {
    let disk = disk();
    let output = emu(&["--trace", disk.image().to_str().unwrap()]);
    let (text, trace) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success());
    assert!(text.contains("entry    new.conf\n"), "{text}");
    assert!(text.contains("kernel   0x100000, 100000 bytes\n"), "{text}");
    assert!(trace.lines().count() > 5 && trace.lines().all(|line| line.starts_with("read ")));
}

fn fails(arguments: &[&str], status: i32, text: &str) {
    let output = emu(arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {error}");
    assert!(
        error.ends_with('\n') && error.lines().count() == 1,
        "one line: {error}"
    );
    assert!(
        error.starts_with("bootloader_emu: ") && error.contains(text),
        "{error}"
    );
    assert!(output.stdout.is_empty());
}

#[test]
fn failure_is_1_and_one_line() {
    let directory = tempfile::tempdir().unwrap();
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let empty = path(&directory.path().join("empty"));
    std::fs::write(&empty, [0; 1 << 20]).unwrap();
    fails(
        &["--json", &path(&directory.path().join("missing"))],
        1,
        "missing: No such file",
    );
    fails(&[&empty], 1, "no GPT");
    let disk = disk();
    let image = path(&disk.image());
    fails(
        &["--json", "--entry", "none", &image],
        1,
        "there is no entry none",
    );
    fails(
        &["--entry", "broken.conf", &image],
        1,
        "broken.conf: /initrd: this is not a Linux kernel",
    );
    fails(&["--memory", "31", &image], 1, "up to 32 MiB");
}

#[test]
fn wrong_usage_is_2() {
    fails(&[], 2, "DISK is missing");
    fails(&["--json"], 2, "DISK is missing");
    fails(&["a", "b"], 2, "unexpected argument");
    fails(&["--memory", "3", "a"], 2, "at least 4 MiB");
    fails(&["--memory", "x", "a"], 2, "x");
    fails(&["--entry"], 2, "--entry");
    fails(&["--what", "a"], 2, "--what");
    assert!(emu(&["--help"]).status.success());
}
