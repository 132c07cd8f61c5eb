//! Real block devices: loop devices, which take root's rights. `./x test` runs this where
//! such devices can be made, and says so where not.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::fs;

use common::*;
use menus::search;
use menus::storage::{Device, Failure, Storage};

/// GRUB's name for ext2, ext3 and ext4.
const EXT: &str = "ext2";

/// A read-only block device on an image, until it is dropped.
struct Attached(String);

impl Attached {
    fn new(image: &str, options: &[&str]) -> Self {
        let fixed = ["--find", "--show", "--read-only"];
        let device = tool("losetup", &[&fixed, options, &[image]].concat());
        Self(device.trim().to_owned())
    }

    /// The node of a partition. Kernels without partition tables of their own are told
    /// what partx reads.
    fn partition(&self, number: u32) -> String {
        tool("partx", &["--update", &self.0]);
        format!("{}p{number}", self.0)
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        tool("losetup", &["--detach", &self.0]);
    }
}

/// A mounted file system, until it is dropped.
struct Mounted<'a>(&'a str);

impl<'a> Mounted<'a> {
    fn new(device: &str, at: &'a str) -> Self {
        fs::create_dir_all(at).unwrap();
        tool("mount", &["-o", "ro", device, at]);
        Self(at)
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        tool("umount", &[self.0]);
    }
}

/// A disk with sectors of this size: FAT on its first partition, ext4 on its second. Both
/// have the files of the tests, and lie in images of their own too.
fn disk(scratch: &Scratch, sector: u64) -> String {
    const FAT_MIB: u64 = 16;
    let (fat, ext4) = (scratch.image("fat", FAT_MIB), scratch.image("ext4", 24));
    let size = sector.to_string();
    tool("mkfs.vfat", &["-n", "ESP", "-S", &size, &fat]);
    mcopy(&fat, Source::new(false).path());
    let source = Source::new(true);
    let label = ["-q", "-L", "root", "-d", source.path(), &ext4];
    tool("mkfs.ext4", &label);
    let image = scratch.image("disk", 48);
    // In sectors of the device, which no tool here takes for those of a plain file.
    let (one, two) = ((1 << 20) / sector, (20 << 20) / sector);
    let (one_size, two_size) = ((FAT_MIB << 20) / sector, (24 << 20) / sector);
    let table = format!(
        "label: gpt\nstart={one}, size={one_size}, type=U, name=\"EFI system\"\n\
         start={two}, size={two_size}, type=L\n"
    );
    fs::write(scratch.at("table"), table).unwrap();
    let options = ["--find", "--show", &format!("--sector-size={sector}")];
    let device = tool("losetup", &[&options[..], &[&image]].concat());
    let device = Attached(device.trim().to_owned());
    let write = format!("sfdisk --quiet {} < {}", device.0, scratch.name("table"));
    tool("sh", &["-c", &write]);
    for (part, at) in [(&fat, one), (&ext4, two)] {
        let place = format!("seek={}", at * sector / 4096);
        let (from, to) = (format!("if={part}"), format!("of={}", device.0));
        tool(
            "dd",
            &["bs=4096", "status=none", "conv=fsync", &from, &to, &place],
        );
    }
    image
}

#[test]
fn a_disk() {
    for sector in [512, 4096] {
        let scratch = Scratch::new();
        let image = disk(&scratch, sector);
        let before = fs::read(&image).unwrap();
        let size = format!("--sector-size={sector}");
        let device = Attached::new(&image, &[&size]);
        let volumes = open(&device.0);
        assert_eq!(volumes.devices().len(), 3);
        check(&volumes, Device(1), false);
        check(&volumes, Device(2), true);
        check_names(&volumes, Device(1), &scratch.name("fat"), "fat");
        check_names(&volumes, Device(2), &scratch.name("ext4"), EXT);
        assert_eq!(search::by_name(&volumes, "hd0,gpt2"), Some(Device(2)));
        assert_eq!(volumes.with_menus(), [Device(1), Device(2)]);
        let partition = volumes.properties(Device(1)).partition.unwrap();
        assert_eq!(partition.label, "EFI system");
        drop(device);
        assert!(fs::read(&image).unwrap() == before, "it was written to");
    }
}

/// A partition has the number that it has on its disk, as far as Linux tells.
#[test]
fn a_partition() {
    let scratch = Scratch::new();
    let device = Attached::new(&disk(&scratch, 512), &["--partscan"]);
    let node = device.partition(2);
    let volumes = open(&node);
    assert_eq!(volumes.devices(), [Device(0)]);
    check(&volumes, Device(0), true);
    check_names(&volumes, Device(0), &scratch.name("ext4"), EXT);
    if let Some(partition) = volumes.properties(Device(0)).partition {
        assert_eq!(partition.number, 2);
        assert_eq!(volumes.called(Device(0)), node);
    }
}

/// The same file systems by Linux. It has mounted one of them below the other.
#[test]
fn mounted() {
    let scratch = Scratch::new();
    let [root, boot] = ["root", "boot"].map(|name| {
        let image = scratch.image(name, 24);
        tool("mkfs.ext4", &["-q", "-d", Source::new(true).path(), &image]);
        Attached::new(&image, &[])
    });
    let at = scratch.name("mounted");
    let _root = Mounted::new(&root.0, &at);
    let volumes = open(&at);
    check(&volumes, Device(0), true);
    let properties = volumes.properties(Device(0));
    assert_eq!(properties.file_system.as_deref(), Some(EXT));
    assert_eq!((properties.disk, properties.partition), (Some(0), None));
    assert_eq!(volumes.with_menus(), [Device(0)]);
    // Over a directory of the first one, whose files are hidden then.
    let below = format!("{at}/boot");
    let _boot = Mounted::new(&boot.0, &below);
    let volumes = open(&at);
    assert_eq!(volumes.devices(), [Device(0), Device(1)]);
    let kernel = "/boot/vmlinuz-6.1.0-18-amd64";
    assert_eq!(
        volumes.kind(&self::at(Device(0), kernel)),
        Err(Failure::Missing)
    );
    check(&volumes, Device(1), true);
    assert_eq!(volumes.properties(Device(1)).disk, Some(1));
    assert_eq!(volumes.with_menus(), [Device(0), Device(1)]);
}
