//! Unusual texts in entries and in `loader.conf`: long lines, and paths as Windows writes
//! them.

use crate::common::{archive, kernel, pe};
use crate::start::{OSREL, disk, extra, fails, padded, start};
use boot::Kind;

/// Longer than what the loader keeps of a line.
const LONG: usize = 10_000;

#[test]
fn lines_of_any_length() {
    let long = "x ".repeat(LONG / 2);
    let blank = " ".repeat(LONG);
    let disk = disk();
    let kernel = kernel(39, 3000);
    disk.add("linux", &kernel);
    let entry = |name: &str, text: &str| {
        let text = format!("{text}\nlinux /linux\noptions rest\n");
        disk.add(&format!("loader/entries/{name}.conf"), text.as_bytes());
    };
    entry(
        "comment",
        &format!("# {long}\n   #{long}\nunknown {long}\n{long}"),
    );
    entry("title", &format!("title {long}"));
    entry("options", &format!("options {long}"));
    entry("gap", &format!("options a{blank}b"));
    entry("start", &format!("options{blank}b"));
    entry("initrd", &format!("initrd /{long}"));
    entry("version", &format!("version {long}"));
    entry("architecture", &format!("architecture {long}"));
    let path = format!("linux /{long}\n");
    disk.add("loader/entries/linux.conf", path.as_bytes());
    let conf = format!("# {long}\ntimeout {long}\ndefault {long}\nunknown {long}\ndefault t*\n");
    disk.add("loader/loader.conf", conf.as_bytes());

    assert_eq!(start(&disk, "").unwrap().id, "title.conf");
    for id in ["comment.conf", "title.conf"] {
        let started = start(&disk, id).unwrap();
        assert_eq!(
            (started.id.as_str(), started.cmdline().as_str()),
            (id, "rest")
        );
        assert_eq!(
            started.kernel(),
            kernel[kernel.len() - started.kernel().len()..]
        );
    }
    // An entry with a wrong value is never started with another one.
    for id in ["options.conf", "gap.conf", "start.conf"] {
        fails(&disk, id, Kind::CommandLineLong);
    }
    // The message names the key.
    let screen = start(&disk, "initrd.conf").err().unwrap();
    assert!(screen.contains("initrd.conf: initrd /x x"), "{screen}");
    let screen = start(&disk, "").unwrap().machine.console.to_string();
    for (name, kind) in [
        ("version", Kind::EntryTooLong),
        ("architecture", Kind::EntryArchitecture),
        ("linux", Kind::EntryPath),
    ] {
        let said = format!("{name}.conf: {}", crate::start::says(kind));
        assert!(screen.contains(&said), "{screen}");
    }
}

#[test]
fn paths_with_backslashes_and_dots() {
    let disk = disk();
    let kernel = kernel(39, 3000);
    let image = pe(&[(".osrel", OSREL), (".linux", &kernel), (".cmdline", b"own")]);
    disk.add_tree(&[
        ("b/linux", &kernel),
        ("b/c/initrd", b"initrd"),
        ("b/image.efi", &image),
        ("b/image.efi.extra.d/own.cred", b"beside"),
        ("b/c/more.cred", b"named"),
    ]);
    disk.add(
        "loader/entries/linux.conf",
        b"linux \\b\\c\\..\\.\\linux\ninitrd \\b/c\\initrd\ninitrd ./b/../b/c/initrd\n",
    );
    disk.add(
        "loader/entries/uki.conf",
        b"uki b\\c\\..\\image.efi\nextra \\b\\c\\more.cred\n",
    );
    disk.add(
        "loader/entries/efi.conf",
        b"efi \\b\\c/../image.efi\noptions x\n",
    );
    let started = start(&disk, "linux.conf").unwrap();
    assert_eq!(started.initrd(), b"initrd\0\0initrd");
    let credentials =
        |name: &str, bytes: &[u8]| archive(".extra/credentials", [0o500, 0o400], &[(name, bytes)]);
    let beside = credentials("own.cred", b"beside");
    let osrel = extra(&[("os-release", OSREL)]);
    let started = start(&disk, "uki.conf").unwrap();
    let named = credentials("more.cred", b"named");
    assert_eq!(started.initrd(), padded(&[&named, &beside, &osrel]));
    assert_eq!(started.cmdline(), "own");
    let started = start(&disk, "efi.conf").unwrap();
    assert_eq!(started.initrd(), padded(&[&beside, &osrel]));
    assert_eq!(started.cmdline(), "x");
}
