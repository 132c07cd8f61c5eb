//! File systems as the distribution's tools make them, read back to the byte.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::string_slice)]

mod common;

use common::*;
use menus::storage::{Device, Failure, Kind, Storage};

const WHOLE: Device = Device(0);

#[test]
fn fat() {
    let source = Source::new(false);
    let scratch = Scratch::new();
    for (bits, mib, options) in [
        ("12", 8, &["-s", "8"][..]),
        ("16", 32, &[]),
        ("32", 64, &["-s", "1"]),
        // As on a disk with sectors of this size.
        ("16", 32, &["-S", "4096", "-s", "1"]),
        ("16", 32, &["-n", "NO NAME"]),
    ] {
        let image = scratch.image("fat", mib);
        let arguments = [&["-F", bits, "-n", "My BOOT"], options, &[&*image]].concat();
        tool("mkfs.vfat", &arguments);
        mcopy(&image, source.path());
        let volumes = open(&image);
        check(&volumes, WHOLE, false);
        check_names(&volumes, WHOLE, &image, "fat");
        let upper = at(WHOLE, "/BOOT/GRUB/GRUB.CFG");
        assert_eq!(volumes.kind(&upper), Ok(Kind::File { size: 14 }));
    }
}

#[test]
fn ext() {
    let source = Source::new(true);
    let scratch = Scratch::new();
    for kind in ["ext2", "ext3", "ext4"] {
        let image = scratch.image("ext", 64);
        let arguments = [
            "-q",
            "-F",
            "-t",
            kind,
            "-L",
            "a label",
            "-O",
            "^orphan_file",
            "-d",
            source.path(),
            &image,
        ];
        tool("mke2fs", &arguments);
        let volumes = open(&image);
        check(&volumes, WHOLE, true);
        check_names(&volumes, WHOLE, &image, "ext2");
    }
}

/// What is not read of ext4 says what to do.
#[test]
fn ext_with_something_else() {
    let source = Source::new(false);
    let scratch = Scratch::new();
    let image = scratch.image("ext", 64);
    let options = [
        "-q",
        "-F",
        "-t",
        "ext4",
        "-O",
        "inline_data",
        "-d",
        source.path(),
        &image,
    ];
    tool("mke2fs", &options);
    let volumes = open(&image);
    match volumes.kind(&at(WHOLE, "/boot")) {
        Err(Failure::Unsupported(text)) => assert!(text.contains("mount it"), "{text}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(volumes.problem(WHOLE), volumes.kind(&at(WHOLE, "/")).err());
    assert_eq!(
        volumes.properties(WHOLE).file_system.as_deref(),
        Some("ext2")
    );
}

#[test]
fn iso() {
    let scratch = Scratch::new();
    let image = scratch.name("iso");
    let make = |source: &Source, options: &[&str]| {
        let _ = std::fs::remove_file(&image);
        let first = [
            "-as",
            "mkisofs",
            "-quiet",
            "-o",
            &image,
            "-V",
            "My LABEL 12",
        ];
        tool("xorriso", &[&first, options, &[source.path()]].concat());
        open(&image)
    };
    let with_links = Source::new(true);
    let without = Source::new(false);
    for options in [&["-R"][..], &["-R", "-J"]] {
        let volumes = make(&with_links, options);
        check(&volumes, WHOLE, true);
        check_names(&volumes, WHOLE, &image, "iso9660");
    }
    let volumes = make(&without, &["--norock", "-J", "-joliet-long"]);
    check(&volumes, WHOLE, false);
    assert_eq!(
        volumes.properties(WHOLE).label.as_deref(),
        Some("My LABEL 12")
    );
    let upper = at(WHOLE, "/BOOT/GRUB/GRUB.CFG");
    assert_eq!(volumes.kind(&upper), Ok(Kind::File { size: 14 }));
}

/// Names of 8 and 3 letters, in any case; directories that lie elsewhere; long links and
/// names; a file of several pieces.
#[test]
fn corners_of_iso() {
    let scratch = Scratch::new();
    let source = tempfile::tempdir().unwrap();
    let path = |path: &str| source.path().join(path);
    let deep = "1/2/3/4/5/6/7/8/9/10";
    std::fs::create_dir_all(path(deep)).unwrap();
    std::fs::write(path(deep).join("file.txt"), "deep").unwrap();
    let long = "n".repeat(250);
    std::fs::write(path(&long), "long").unwrap();
    let target = format!("{}/{deep}/file.txt", "1/..");
    std::os::unix::fs::symlink(&target, path("link")).unwrap();
    let target = format!("/{}{long}", "1/2/../../".repeat(30));
    std::os::unix::fs::symlink(&target, path("long-link")).unwrap();
    std::fs::write(path("KERNEL.BIN"), "kernel").unwrap();
    let image = scratch.name("iso");
    let make = |options: &[&str]| {
        let _ = std::fs::remove_file(&image);
        let first = ["-as", "mkisofs", "-quiet", "-o", &image];
        let source = source.path().to_str().unwrap();
        tool("xorriso", &[&first, options, &[source]].concat());
        open(&image)
    };
    let volumes = make(&["-R", "-iso-level", "2"]);
    let read = |volumes: &volumes::Volumes, path: &str| {
        let read = volumes.read(&at(WHOLE, path), 100);
        read.map(|bytes| String::from_utf8(bytes).unwrap())
    };
    for (path, text) in [
        (&*format!("/{deep}/file.txt"), "deep"),
        ("/link", "deep"),
        ("/long-link", "long"),
        (&format!("/{long}"), "long"),
        // Rock Ridge's name as it stands, the plain one in any case.
        ("/kernel.bin", "kernel"),
    ] {
        assert_eq!(read(&volumes, path).as_deref(), Ok(text), "{path}");
    }
    let volumes = make(&["--norock", "-iso-level", "1"]);
    for path in ["/kernel.bin", "/KERNEL.BIN", "/Kernel.Bin"] {
        assert_eq!(read(&volumes, path).as_deref(), Ok("kernel"), "{path}");
    }
    let names = volumes.directory(&at(WHOLE, "/"), 100).unwrap();
    assert!(names.contains(&"kernel.bin".to_owned()), "{names:?}");
}

/// What is only recognised has its name, label and UUID, and says what to do.
#[test]
fn not_read_here() {
    let scratch = Scratch::new();
    let image = scratch.image("other", 4);
    let put = |parts: &[(usize, &[u8])]| {
        let mut bytes = vec![0; 1 << 20];
        for (at, part) in parts {
            bytes[*at..][..part.len()].copy_from_slice(part);
        }
        std::fs::write(&image, bytes).unwrap();
        let volumes = open(&image);
        let properties = volumes.properties(WHOLE);
        let text = match volumes.problem(WHOLE).unwrap() {
            Failure::Unsupported(text) => text,
            other => panic!("{other:?}"),
        };
        let own = |text: Option<String>| text.unwrap();
        (
            text,
            properties.file_system,
            own(properties.label),
            own(properties.uuid),
        )
    };
    let uuid: Vec<u8> = (0..16).map(|n| n * 16 + n).collect();
    let text = "00112233-4455-6677-8899-aabbccddeeff".to_owned();
    let none = String::new;
    let name = |name: &str| Some(name.to_owned());
    let says = |what: &str| {
        format!("the device holds {what}, which is not read here: mount it, and name the directory")
    };
    assert_eq!(
        put(&[(0, b"XFSB"), (32, &uuid), (108, b"my xfs")]),
        (says("XFS"), name("xfs"), "my xfs".to_owned(), text.clone())
    );
    assert_eq!(
        put(&[(0x1_0040, b"_BHRfS_M"), (0x1_0020, &uuid), (0x1_012b, b"l")]),
        (says("btrfs"), name("btrfs"), "l".to_owned(), text.clone())
    );
    assert_eq!(
        put(&[
            (1024, b"\x10\x20\xf5\xf2"),
            (0x46c, &uuid),
            (0x47c, b"f\0\xe4\0")
        ]),
        (says("F2FS"), name("f2fs"), "fä".to_owned(), text)
    );
    assert_eq!(
        put(&[
            (3, b"NTFS    "),
            (0x48, b"\x01\x23\x45\x67\x89\xab\xcd\xef")
        ]),
        (
            says("NTFS"),
            name("ntfs"),
            none(),
            "EFCDAB8967452301".to_owned()
        )
    );
    assert_eq!(
        put(&[(0, b"hsqs")]),
        (says("squashfs"), name("squash4"), none(), none())
    );
    for (at, magic, what) in [
        (0, &b"LUKS\xba\xbe"[..], "an encrypted file system (LUKS)"),
        (512, b"LABELONE", "a part of LVM"),
        (4096, b"\xfc\x4e\x2b\xa9", "a part of a RAID (md)"),
    ] {
        assert_eq!(put(&[(at, magic)]), (says(what), None, none(), none()));
    }
}
