//! Mounted directories, and what the system says of their devices.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::string_slice)]

mod common;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use common::*;
use menus::search;
use menus::storage::{Device, Failure, Properties, Storage, Table};
use rustix::fs::OFlags;
use volumes::host::Host;
use volumes::{Volumes, open_below};

/// The system in a directory, with these mounts, whose devices are partitions of `sda`
/// and `sdb`.
fn system(root: &Path, mounts: &[(&str, &str, &str, &str)]) -> Host {
    let write = |at: String, text: &str| {
        let at = root.join(at);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(at, text).unwrap();
    };
    let link = |at: String, target: String| {
        let at = root.join(at);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        symlink(target, at).unwrap();
    };
    let mut lines = String::new();
    for (number, (name, kind, directory, at)) in mounts.iter().enumerate() {
        let numbers = format!("8:{number}");
        lines += &format!("{number} 1 {numbers} {directory} {at} rw - {kind} /dev/{name} rw\n");
        let (disk, partition) = name.split_at(3);
        write(format!("sys/devices/{disk}/{name}/partition"), partition);
        link(
            format!("sys/dev/block/{numbers}"),
            format!("../../devices/{disk}/{name}"),
        );
        for (directory, value) in [
            ("by-uuid", format!("uuid-{name}")),
            ("by-partuuid", format!("1234abcd-0{partition}")),
        ] {
            let at = format!("dev/disk/{directory}/{value}");
            link(at, format!("../../{name}"));
        }
    }
    write("proc/self/mountinfo".to_owned(), &lines);
    Host::below(root)
}

#[test]
fn a_directory_that_is_no_mount() {
    let source = Source::new(true);
    let volumes = Volumes::open(source.0.path()).unwrap();
    check(&volumes, Device(0), true);
    assert_eq!(volumes.devices().len(), 1);
    let properties = Properties {
        disk: Some(0),
        ..Properties::default()
    };
    assert_eq!(volumes.properties(Device(0)), properties);
    assert_eq!(volumes.mounted_at(Device(0)).unwrap(), source.0.path());
    assert_eq!(volumes.with_menus(), [Device(0)]);
}

#[test]
fn devices_of_mounts() {
    let source = Source::new(false);
    let root = fs::canonicalize(source.0.path()).unwrap();
    let mounts = [
        ("sda2", "btrfs", "/@", "/"),
        ("sda1", "ext4", "/", "/boot"),
        ("sdb3", "vfat", "/", "/a/b"),
    ];
    let host = system(&root, &mounts);
    let volumes = Volumes::tree(&root, &host).unwrap();
    assert_eq!(volumes.devices().len(), 3);
    let own = volumes.properties(Device(0));
    assert_eq!(own.subtree.as_deref(), Some("/@"));
    assert_eq!(own.file_system.as_deref(), Some("btrfs"));
    assert_eq!(search::by_uuid(&volumes, "uuid-sda1"), Some(Device(2)));
    assert_eq!(search::by_name(&volumes, "hd0,msdos2"), Some(Device(0)));
    assert_eq!(search::by_name(&volumes, "hd0,1"), Some(Device(2)));
    assert_eq!(search::by_name(&volumes, "hd1,3"), Some(Device(1)));
    let partition = volumes.properties(Device(2)).partition.unwrap();
    assert_eq!(
        (&*partition.uuid, partition.table),
        ("1234abcd-01", Table::Mbr)
    );
    // Menus are looked for where boot partitions are mounted, not on every file system.
    assert_eq!(volumes.with_menus(), [Device(0), Device(2)]);
    let kernel = volumes.read(&at(Device(2), "/grub/grub.cfg"), 100);
    assert_eq!(kernel.unwrap(), b"set timeout=5\n");
}

/// Links and names lead neither out of the directory nor into other file systems; pipes
/// and devices are not opened.
#[test]
fn nothing_leads_out() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    let tree = outside.path().join("tree");
    fs::create_dir(&tree).unwrap();
    symlink("../secret", tree.join("up")).unwrap();
    symlink(outside.path().join("secret"), tree.join("absolute")).unwrap();
    symlink("/proc/self/root", tree.join("magic")).unwrap();
    tool("mkfifo", &[tree.join("pipe").to_str().unwrap()]);
    let volumes = Volumes::open(&tree).unwrap();
    for path in ["/up", "/absolute", "/magic", "/pipe", "/../secret"] {
        let kind = volumes.kind(&at(Device(0), path));
        assert_eq!(kind, Err(Failure::Missing), "{path}");
    }
    // /proc is a file system of its own.
    let volumes = Volumes::tree(Path::new("/"), &Host::below(&tree)).unwrap();
    let version = at(Device(0), "/proc/version");
    assert_eq!(volumes.read(&version, 100), Err(Failure::Missing));
}

/// Linux refuses paths with `..` while something is renamed anywhere, so that they have to
/// be tried again.
#[test]
fn links_while_files_are_renamed() {
    let tree = tempfile::tempdir().unwrap();
    fs::write(tree.path().join("file"), "").unwrap();
    symlink("../".repeat(10) + "file", tree.path().join("up")).unwrap();
    let directory = fs::File::open(tree.path()).unwrap();
    let other = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| other.path().join(name));
    fs::write(&one, "").unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                fs::rename(&one, &two).unwrap();
                fs::rename(&two, &one).unwrap();
            }
        });
        let failures = (0..100_000)
            .filter_map(|_| open_below(&directory, "/up", OFlags::PATH).err())
            .collect::<Vec<_>>();
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(failures, []);
    });
}
