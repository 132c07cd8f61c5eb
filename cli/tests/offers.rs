//! Other loaders' menus and mounted trees: what `gapboot list` shows of them, and what
//! `gapboot kexec` would start.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;

use cli::offers::choose::{Choice, Menus};
use cli::offers::{From, Others, TreeMenu, environment, payload};
use common::*;
use kexec::Payload;
use kexec::payload::Kind;
use menus::menu::EnvironmentBlock;
use menus::storage::{Device, Location};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use volumes::Volumes;
use volumes::host::Host;

const GRUB: &str = "\
set default=1
set timeout=5
menuentry 'First' --id first {
    linux /vmlinuz root=/dev/sda2 quiet
    initrd /initrd.img /second.img
}
submenu 'More' {
    menuentry 'Second' {
        linux /vmlinuz single
    }
}
menuentry 'Gone' {
    linux /nowhere
}
menuentry 'Other' {
    chainloader (hd0,1)+1
}
menuentry 'Xen' {
    multiboot /xen.gz dom0_mem=1G
    module /vmlinuz placeholder root=/dev/sda2
    module /initrd.img
}
";

const ISOLINUX: &str = "\
default live
timeout 50
label live
    menu label ^Live system
    kernel /vmlinuz
    append initrd=/initrd.img boot=live
label disk
    menu label From the disk
    localboot 0x80
";

/// Runs a tool; the test fails if it is missing or fails.
fn tool(name: &str, arguments: &[&str]) {
    let run = Command::new(name)
        .args(arguments)
        .env("PATH", "/usr/sbin:/sbin:/usr/bin:/bin")
        .env("MTOOLS_SKIP_CHECK", "1")
        .output()
        .unwrap_or_else(|error| {
            panic!(
                "{name}: {error}: install it with `apt-get install e2fsprogs dosfstools mtools \
                 xorriso gdisk`"
            )
        });
    let problem = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{name} {arguments:?}: {problem}");
}

/// A directory in which a test makes its files.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn at(&self, path: &str) -> String {
        self.0.path().join(path).to_str().unwrap().to_owned()
    }

    fn put(&self, path: &str, content: &[u8]) {
        let at = self.0.path().join(path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(at, content).unwrap();
    }

    /// The files that the menus name, in a directory.
    fn kernels(&self, directory: &str) {
        self.put(&format!("{directory}/vmlinuz"), &kernel());
        self.put(&format!("{directory}/initrd.img"), b"initrd");
        self.put(&format!("{directory}/second.img"), b"second");
        self.put(&format!("{directory}/xen.gz"), &multiboot());
    }

    /// An ext4 file system with a directory, at a byte of an image.
    fn ext4(&self, directory: &str, image: &str, at: u64) {
        let part = self.at("part");
        fs::File::create(&part).unwrap().set_len(16 << 20).unwrap();
        let directory = self.at(directory);
        tool(
            "mke2fs",
            &["-q", "-F", "-t", "ext4", "-d", &directory, &part],
        );
        let file = fs::OpenOptions::new().write(true).open(image).unwrap();
        file.write_all_at(&fs::read(&part).unwrap(), at).unwrap();
    }

    /// A FAT file system with an entry of the Boot Loader Specification, likewise.
    fn esp(&self, image: &str, at: u64) {
        let part = self.at("esp");
        fs::File::create(&part).unwrap().set_len(4 << 20).unwrap();
        tool("mkfs.vfat", &[&part]);
        let entry = b"title Own\nlinux /vmlinuz\noptions root=/dev/sda2\n";
        self.put("fat/loader/entries/own.conf", entry);
        self.put("fat/vmlinuz", &kernel());
        let files = [self.at("fat/loader"), self.at("fat/vmlinuz")];
        tool("mcopy", &["-s", "-i", &part, &files[0], &files[1], "::/"]);
        let file = fs::OpenOptions::new().write(true).open(image).unwrap();
        file.write_all_at(&fs::read(&part).unwrap(), at).unwrap();
    }

    /// A disk with an EFI system partition and one with GRUB's menu.
    fn disk(&self) -> String {
        self.kernels("root");
        self.put("root/boot/grub/grub.cfg", GRUB.as_bytes());
        let image = self.at("disk");
        fs::File::create(&image).unwrap().set_len(40 << 20).unwrap();
        tool(
            "sgdisk",
            &[
                "-n",
                "1:2048:10239",
                "-t",
                "1:ef00",
                "-n",
                "2:20480:53247",
                &image,
            ],
        );
        self.esp(&image, 2048 * 512);
        self.ext4("root", &image, 20480 * 512);
        image
    }

    /// An ISO image with ISOLINUX's menu.
    fn iso(&self) -> String {
        self.kernels("iso");
        self.put("iso/isolinux/isolinux.cfg", ISOLINUX.as_bytes());
        let image = self.at("image.iso");
        let directory = self.at("iso");
        tool(
            "xorriso",
            &["-as", "mkisofs", "-quiet", "-R", "-o", &image, &directory],
        );
        image
    }
}

/// A kernel with a Multiboot header.
fn multiboot() -> Vec<u8> {
    let mut kernel = vec![0; 4096];
    let header = [
        0x1bad_b002_u32,
        0x1_0000,
        0u32.wrapping_sub(0x1bad_b002 + 0x1_0000),
    ];
    for (word, place) in header.iter().zip(kernel.chunks_exact_mut(4)) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    kernel
}

fn run(arguments: &[&str]) -> Run {
    gapboot(&stages("0.1.0", 1), arguments)
}

fn list(arguments: &[&str]) -> Vec<Value> {
    let run = run(&[&["list", "--json"], arguments].concat()).done();
    serde_json::from_str(&run.out).unwrap()
}

fn digest(path: &str) -> Vec<u8> {
    Sha256::digest(fs::read(path).unwrap()).to_vec()
}

/// What GRUB's menu is in JSON.
fn grub() -> Vec<Value> {
    let entry = |id: &str, line: u32, rest: Value| {
        let title = id.rsplit('>').next().unwrap();
        let mut entry = json!({
            "type": "grub", "source": "/boot/grub/grub.cfg", "id": id, "title": title,
            "line": line, "isDefault": false,
        });
        let keys = entry.as_object_mut().unwrap();
        keys.extend(rest.as_object().unwrap().clone());
        entry
    };
    vec![
        entry(
            "First",
            3,
            json!({
                "linux": "/vmlinuz", "initrd": ["/initrd.img", "/second.img"],
                "options": "root=/dev/sda2 quiet",
            }),
        ),
        entry(
            "More>Second",
            8,
            json!({"linux": "/vmlinuz", "options": "single"}),
        ),
    ]
}

#[test]
fn the_loader_s_own_menu_and_that_of_grub() {
    let place = Place::new();
    let image = place.disk();
    let before = digest(&image);
    let all = list(&[&image]);
    assert_eq!(all[0]["type"], "type1");
    assert_eq!(all[0]["isDefault"], true);
    assert_eq!(all[1], grub()[0]);
    assert_eq!(all[2]["linux"], grub()[1]["linux"]);
    let xen = all.last().unwrap();
    assert_eq!(xen["multiboot"], "/xen.gz");
    assert_eq!(
        xen["modules"],
        json!(["/vmlinuz placeholder root=/dev/sda2", "/initrd.img"])
    );
    assert_eq!(xen["options"], "dom0_mem=1G");
    assert_eq!(xen.get("linux").or(xen.get("initrd")), None);
    // What starts no kernel says why.
    for title in ["Gone", "Other"] {
        let entry = all.iter().find(|entry| entry["title"] == title).unwrap();
        assert!(
            !entry["warnings"][0].as_str().unwrap().is_empty(),
            "{entry}"
        );
        assert_eq!(entry.get("linux"), None);
    }
    // One kind alone.
    let own = list(&[&image, "--from", "bls"]);
    assert_eq!(own, all[..1]);
    assert_eq!(list(&[&image, "--from", "grub"]), all[1..]);
    assert_eq!(list(&[&image, "--from", "syslinux"]), Vec::<Value>::new());
    let table = run(&["list", &image]).done();
    assert_eq!(table.err, "");
    for line in [
        "Boot Loader Specification\n  1  Own (default)\n",
        "\nGRUB: /boot/grub/grub.cfg (partition 2)\n  1  First\n     id       First\n     \
         kernel   /vmlinuz\n",
        "     id       More>Second\n",
        "     kernel   /xen.gz, by Multiboot\n",
    ] {
        assert!(
            table.out.contains(line),
            "{line:?} is not in: {}",
            table.out
        );
    }
    assert_eq!(digest(&image), before, "nothing is written");
}

#[test]
fn an_iso_image() {
    let place = Place::new();
    let image = place.iso();
    let before = digest(&image);
    let all = list(&[&image]);
    assert_eq!(
        all[0],
        json!({
            "type": "syslinux", "source": "/isolinux/isolinux.cfg", "id": "live",
            "title": "Live system", "linux": "/vmlinuz", "initrd": ["/initrd.img"],
            "options": "boot=live", "line": 3, "isDefault": true,
        })
    );
    assert_eq!(all.len(), 2);
    let table = run(&["list", &image]).done();
    assert_eq!(table.err, "");
    assert!(
        table
            .out
            .starts_with("SYSLINUX: /isolinux/isolinux.cfg\n  1  Live system (default)\n"),
        "{}",
        table.out
    );
    assert_eq!(list(&[&image, "--from", "all"]), all);
    run(&["list", &image, "--from", "bls"]).refused(&["partition"]);
    assert_eq!(digest(&image), before);
}

/// Disks on which gapboot's loader does not start are looked at all the same.
#[test]
fn sectors_of_4096_bytes() {
    let place = Place::new();
    place.kernels("root");
    place.put("root/boot/grub/grub.cfg", GRUB.as_bytes());
    let image = place.at("disk");
    fs::File::create(&image).unwrap().set_len(40 << 20).unwrap();
    tool("sgdisk", &["-n", "1:4096:8191", &image]);
    let small = fs::read(&image).unwrap();
    let mut large = vec![0; small.len()];
    large[..512].copy_from_slice(&small[..512]);
    let mut header = small[512..604].to_vec();
    header[72..80].copy_from_slice(&2_u64.to_le_bytes());
    header[16..20].fill(0);
    let sum = crc32fast::hash(&header);
    header[16..20].copy_from_slice(&sum.to_le_bytes());
    large[4096..4188].copy_from_slice(&header);
    large[8192..][..128 * 128].copy_from_slice(&small[1024..][..128 * 128]);
    fs::write(&image, large).unwrap();
    place.ext4("root", &image, 4096 * 4096);
    assert_eq!(list(&[&image])[0], grub()[0]);
}

/// File systems that are not read here are named, and what to do.
#[test]
fn what_is_not_read() {
    let place = Place::new();
    let image = place.at("disk");
    let mut disk = vec![0; 1 << 20];
    disk[..4].copy_from_slice(b"XFSB");
    fs::write(&image, disk).unwrap();
    let run = run(&["list", &image, "--from", "grub"]).done();
    assert!(run.out.contains("no menu of such a loader"), "{}", run.out);
    let note =
        "the disk: the device holds XFS, which is not read here: mount it, and name the directory";
    assert!(run.err.contains(note), "{}", run.err);
}

#[test]
fn a_mounted_tree() {
    let place = Place::new();
    place.kernels("tree");
    place.put("tree/boot/grub/grub.cfg", GRUB.as_bytes());
    let entry =
        b"title Tree\nversion 2\nlinux /6.1/linux\ninitrd /6.1/initrd\noptions root=/dev/sda2 ro\n";
    place.put("tree/boot/efi/loader/entries/a.conf", entry);
    place.put("tree/boot/efi/loader/entries/b+3.conf", entry);
    place.put("tree/boot/efi/loader/entries/broken.conf", b"linux /gone\n");
    place.put("tree/boot/efi/loader/entries/README", b"x");
    place.put("tree/boot/efi/loader/loader.conf", b"default b*\n");
    place.put("tree/boot/efi/6.1/linux", &kernel());
    place.put("tree/boot/efi/6.1/initrd", b"initrd of the entry");
    let tree = place.at("tree");
    let all = list(&[&tree]);
    let expected = json!({
        "type": "type1", "source": "esp", "id": "a.conf", "path": "/loader/entries/a.conf",
        "title": "Tree", "showTitle": "Tree (2) (a.conf)", "version": "2",
        "options": "root=/dev/sda2 ro", "linux": "/6.1/linux", "initrd": ["/6.1/initrd"],
        "isDefault": false,
    });
    assert_eq!(all[1], expected);
    assert_eq!(
        (&all[0]["id"], &all[0]["triesLeft"], &all[0]["isDefault"]),
        (&json!("b.conf"), &json!(3), &json!(true))
    );
    assert_eq!(all[2], grub()[0]);
    assert_eq!(list(&[&tree, "--from", "grub"]), all[2..]);
    let skipped = list(&[&tree, "--from", "bls", "--all"]);
    let names: Vec<_> = skipped
        .iter()
        .filter_map(|file| file["problem"].as_str())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(
        names
            .iter()
            .any(|name| name.contains("/gone does not exist")),
        "{names:?}"
    );
    let run = run(&["list", &tree]).done();
    assert!(
        run.err
            .contains("files that should give an entry, and do not: 1"),
        "{}",
        run.err
    );
}

/// Where nothing says which of several is meant, none is started.
#[test]
fn several_menus() {
    let place = Place::new();
    place.kernels("tree");
    place.put("tree/boot/grub/grub.cfg", GRUB.as_bytes());
    place.put(
        "tree/isolinux/isolinux.cfg",
        ISOLINUX.replace("label disk", "label First").as_bytes(),
    );
    let tree = place.at("tree");
    let kexec = |arguments: &[&str]| {
        let run = run(&[&["kexec", "-l", "--disk", &tree], arguments].concat());
        assert_eq!((run.status, &*run.out), (1, ""), "{}", run.err);
        run.err
    };
    let error = kexec(&[]);
    for words in [
        "several menus start something by themselves",
        "GRUB: /boot/grub/grub.cfg",
        "SYSLINUX: /isolinux/isolinux.cfg",
        ": live",
    ] {
        assert!(error.contains(words), "{words:?} is not in: {error}");
    }
    assert!(kexec(&["First"]).contains("First is in several menus"));
    assert!(kexec(&["nosuch"]).contains("no entry nosuch"));
    let error = kexec(&["Gone"]);
    assert!(error.contains("Gone starts no kernel: "), "{error}");
    let error = kexec(&["--from", "syslinux", "First"]);
    assert!(error.contains("First starts no kernel: "), "{error}");
}

/// The bytes of a file, from its start.
fn bytes(file: &mut fs::File) -> Vec<u8> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0)).unwrap();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Kernel, initrd and command line are those of the entry.
fn check(mut payload: Payload, initrd: Option<&[u8]>, cmdline: &str) {
    assert_eq!(bytes(&mut payload.kernel), kernel());
    let Kind::Linux { initrd: found } = &mut payload.kind else {
        panic!("{payload:?}");
    };
    assert_eq!(found.as_mut().map(bytes).as_deref(), initrd);
    assert_eq!(payload.cmdline, cmdline.as_bytes());
}

#[test]
fn what_kexec_starts() {
    let place = Place::new();
    let (disk, iso) = (place.disk(), place.iso());
    let before = [digest(&disk), digest(&iso)];
    for target in [disk.clone(), place.at("root"), iso.clone()] {
        let others = Others::of(Path::new(&target), From::All).unwrap();
        let menus = Menus {
            bls: None,
            others: &others,
        };
        let start = |id: &str, cmdline| {
            let Ok(Choice::Other { menu, entry, .. }) = menus.by_id(id) else {
                panic!("{id}");
            };
            payload::of_entry(&others.volumes, menu, entry, cmdline)
        };
        if target.ends_with("iso") {
            check(
                start("live", None).unwrap(),
                Some(b"initrd\0\0"),
                "boot=live",
            );
            assert!(
                matches!(menus.default(true), Ok(Choice::Other { entry, .. }) if entry.id == "live")
            );
            continue;
        }
        let both = Some(&b"initrd\0\0second\0\0"[..]);
        check(start("First", None).unwrap(), both, "root=/dev/sda2 quiet");
        check(start("first", Some("my own")).unwrap(), both, "my own");
        check(start("More>Second", None).unwrap(), None, "single");
        let xen = start("Xen", None).unwrap();
        // Xen is told not to ask the BIOS.
        assert_eq!(xen.cmdline, b"dom0_mem=1G no-real-mode edd=off");
        assert!(matches!(xen.kind, Kind::Multiboot { .. }));
        assert!(start("Other", None).is_err());
    }
    assert_eq!([digest(&disk), digest(&iso)], before, "nothing is written");
}

/// Entries of a mounted tree, and images there.
#[test]
fn what_kexec_starts_of_a_tree() {
    let place = Place::new();
    place.put(
        "tree/loader/entries/a.conf",
        b"linux linux\ninitrd one\ninitrd two\noptions a b\n",
    );
    place.put("tree/linux", &kernel());
    place.put("tree/one", b"one ");
    place.put("tree/two", b"two");
    let volumes = Volumes::open(Path::new(&place.at("tree"))).unwrap();
    let tree = TreeMenu::of(&volumes);
    let entry = tree.menu.select("a.conf").unwrap();
    let start = |cmdline| payload::of_tree(&volumes, &tree, entry, cmdline).unwrap();
    check(start(None), Some(b"one two\0"), "a b");
    check(start(Some("c")), Some(b"one two\0"), "c");
}

/// GRUB's environment block keeps its place and its size, and is changed in a mounted
/// tree only.
#[test]
fn the_environment_block() {
    let place = Place::new();
    place.put("tree/boot/grub/grubenv", &[b'#'; 1024]);
    let host = Host::below(Path::new("/nonexistent"));
    let volumes = Volumes::tree(Path::new(&place.at("tree")), &host).unwrap();
    let block = |size| EnvironmentBlock {
        file: Location::new(Device(0), "/boot/grub/grubenv").unwrap(),
        content: vec![b'x'; size],
    };
    environment::write(&volumes, &block(1024)).unwrap();
    assert_eq!(
        fs::read(place.at("tree/boot/grub/grubenv")).unwrap(),
        [b'x'; 1024]
    );
    assert!(environment::write(&volumes, &block(1000)).is_err());
    std::os::unix::fs::symlink("/etc/hostname", place.at("tree/out")).unwrap();
    let out = EnvironmentBlock {
        file: Location::new(Device(0), "/out").unwrap(),
        content: fs::read("/etc/hostname").unwrap(),
    };
    assert!(
        environment::write(&volumes, &out).is_err(),
        "it leads out of the tree"
    );
    let iso = Volumes::open(Path::new(&place.iso())).unwrap();
    let error = environment::write(&iso, &block(1024))
        .unwrap_err()
        .to_string();
    assert!(error.contains("mount it"), "{error}");
}

/// `--system` reads what is mounted where boot partitions are by custom.
#[test]
fn the_running_system() {
    let place = Place::new();
    place.kernels("system");
    place.put("system/boot/grub/grub.cfg", GRUB.as_bytes());
    let root = place.at("system");
    let kexec =
        |arguments: &[&str]| run(&[&["kexec", "--system", "--root", &root], arguments].concat());
    let table = kexec(&["--list"]).done().out;
    assert!(table.starts_with("GRUB: /boot/grub/grub.cfg\n"), "{table}");
    // An entry of the Boot Loader Specification beside it: nobody knows which loader
    // starts this machine.
    place.put(
        "system/efi/loader/entries/a.conf",
        b"title A\nlinux /linux\n",
    );
    place.put("system/efi/linux", &kernel());
    let table = kexec(&["--list"]).done().out;
    assert!(
        table.starts_with("Boot Loader Specification\n  1  A (default)\n"),
        "{table}"
    );
    let error = kexec(&["-l"]);
    assert_eq!((error.status, &*error.out), (1, ""));
    for words in [
        "several menus",
        "Boot Loader Specification: a.conf",
        "GRUB: ",
    ] {
        assert!(
            error.err.contains(words),
            "{words:?} is not in: {}",
            error.err
        );
    }
    // GRUB shows the entries of the Boot Loader Specification itself.
    let script = "blscfg\nset default=0\n";
    place.put("system/boot/grub/grub.cfg", script.as_bytes());
    place.put("system/loader/entries/b.conf", b"title B\nlinux /nowhere\n");
    let error = kexec(&["-l"]);
    assert!(!error.err.contains("several menus"), "{}", error.err);
}

/// An entry that GRUB starts once comes again, unless that is cleared.
#[test]
fn entries_that_start_once() {
    let place = Place::new();
    place.kernels("tree");
    let script = format!(
        "load_env\nif [ \"${{next_entry}}\" ]; then\nset default=\"${{next_entry}}\"\n\
         set next_entry=\nsave_env next_entry\nfi\n{}",
        GRUB.replace("set default=1\n", "")
    );
    place.put("tree/boot/grub/grub.cfg", script.as_bytes());
    let head = "# GRUB Environment Block\nnext_entry=first\n";
    let env = format!("{head}{}", "#".repeat(1024 - head.len()));
    place.put("tree/boot/grub/grubenv", env.as_bytes());
    let tree = place.at("tree");
    let all = list(&[&tree]);
    assert_eq!(
        (&all[0]["id"], &all[0]["isDefault"]),
        (&json!("First"), &json!(true))
    );
    let table = run(&["list", &tree]).done();
    assert!(table.out.contains("First (default, once)"), "{}", table.out);
    assert_eq!(
        fs::read(place.at("tree/boot/grub/grubenv")).unwrap(),
        env.as_bytes()
    );
    let others = Others::of(Path::new(&tree), From::Grub).unwrap();
    let [block] = others.menus[0].writes.as_slice() else {
        panic!("{:?}", others.menus[0].writes);
    };
    environment::write(&others.volumes, block).unwrap();
    let all = list(&[&tree]);
    assert_eq!(
        all[0]["isDefault"], true,
        "the first entry, as without a default"
    );
    let table = run(&["list", &tree]).done();
    assert!(table.out.contains("First (default)\n"), "{}", table.out);
    let written = fs::read(place.at("tree/boot/grub/grubenv")).unwrap();
    assert_eq!(written.len(), 1024);
    assert!(!String::from_utf8(written).unwrap().contains("first"));
}
