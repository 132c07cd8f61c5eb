//! `gapboot adapt` on images that the distributions' tools make: what is seen of them, what
//! is written, and the way back.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use std::cell::RefCell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use adapt::change::Change;
use adapt::look::{Look, look};
use adapt::plan::{Plan, Wishes};
use adapt::undo::Undo;
use adapt::{MIB, esp};
use cli::adapt::menus::offer;
use cli::adapt::{undo_file, write};
use cli::disk::{Access, Disk, Sectors, WriteSectors};
use cli::install::Stages;
use cli::uki::append::append;
use cli::uki::report::Report;
use cli::uki::stub::Stub;
use common::uki::{Place, kernel, stub};
use common::{Run, gapboot, noise};
use tempfile::TempDir;
use volumes::{Bytes, image_bytes};

const ISOLINUX_CFG: &str = "\
DEFAULT live
TIMEOUT 10
LABEL live
  KERNEL /boot/vmlinuz
  INITRD /boot/initrd
  APPEND quiet
LABEL disk
  LOCALBOOT 0x80
";
const GRUB_CFG: &str = "\
set timeout=1
menuentry 'Live' {
  linux /boot/vmlinuz quiet
  initrd /boot/initrd
}
";
const ISOHDPFX: &str = "/usr/lib/ISOLINUX/isohdpfx.bin";
const MEMDISK: &str = "/usr/lib/syslinux/memdisk";
const ISOLINUX: &str = "/usr/lib/ISOLINUX/isolinux.bin";

fn run(command: &mut Command) -> String {
    let output = command.output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}; see ./x test"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {text}{errors}");
    text + &errors
}

/// Images in a directory.
struct Images(TempDir);

/// The kinds of images.
const KINDS: [&str; 8] = [
    "isohybrid",
    "xorriso",
    "offset",
    "plain",
    "grub",
    "mbr",
    "gpt",
    "odd",
];

impl Images {
    fn new() -> Self {
        let images = Self(TempDir::new().unwrap());
        for folder in ["tree/isolinux", "tree/boot/grub"] {
            fs::create_dir_all(images.path(folder)).unwrap();
        }
        fs::write(images.path("tree/boot/vmlinuz"), kernel(300_000)).unwrap();
        fs::write(images.path("tree/boot/initrd"), noise(5, 50_000)).unwrap();
        fs::write(images.path("tree/isolinux/isolinux.cfg"), ISOLINUX_CFG).unwrap();
        fs::copy(ISOLINUX, images.path("tree/isolinux/isolinux.bin")).unwrap();
        images
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// An image of a kind, as the tools make it.
    fn make(&self, kind: &str) -> PathBuf {
        let path = self.path(&format!("{kind}.img"));
        match kind {
            "plain" => self.iso(&path, &[]),
            "isohybrid" => {
                self.iso(&path, &[]);
                run(Command::new("isohybrid").arg(&path));
            }
            "xorriso" => self.iso(&path, &["-isohybrid-mbr", ISOHDPFX]),
            "offset" => {
                let offset = ["-isohybrid-mbr", ISOHDPFX, "-partition_offset", "16"];
                self.iso(&path, &offset);
            }
            "grub" => self.grub(&path),
            "mbr" => self.disk(
                &path,
                "label: dos\nlabel-id: 0x1234abcd\n2048,16384,L,*\n",
                0,
            ),
            "gpt" => {
                let kinds = "2048,2048,21686148-6449-6E6F-744E-656564454649\n4096,14336,L\n";
                self.disk(&path, &format!("label: gpt\n{kinds}"), 4096);
            }
            // Its size is no multiple of a sector.
            "odd" => {
                self.iso(&path, &[]);
                let file = fs::File::options().write(true).open(&path).unwrap();
                let size = file.metadata().unwrap().len();
                file.set_len(size + 100).unwrap();
            }
            _ => panic!("{kind}"),
        }
        path
    }

    fn iso(&self, path: &Path, more: &[&str]) {
        run(Command::new("xorriso")
            .args([
                "-as",
                "mkisofs",
                "-R",
                "-V",
                "LIVE",
                "-b",
                "isolinux/isolinux.bin",
            ])
            .args([
                "-c",
                "isolinux/boot.cat",
                "-no-emul-boot",
                "-boot-load-size",
                "4",
            ])
            .args(["-boot-info-table"])
            .args(more)
            .arg("-o")
            .args([path, &self.path("tree")]));
    }

    /// As grub-mkrescue makes it for a BIOS: a record that begins at sector 1.
    fn grub(&self, path: &Path) {
        fs::write(self.path("tree/boot/grub/grub.cfg"), GRUB_CFG).unwrap();
        fs::write(self.path("hybrid.img"), noise(6, 512)).unwrap();
        run(Command::new("xorriso")
            .args([
                "-as",
                "mkisofs",
                "-R",
                "-V",
                "ISOIMAGE",
                "-b",
                "isolinux/isolinux.bin",
            ])
            .args(["-no-emul-boot", "-boot-load-size", "4", "-boot-info-table"])
            .args(["--protective-msdos-label", "--grub2-mbr"])
            .arg(self.path("hybrid.img"))
            .arg("-o")
            .args([path, &self.path("tree")]));
    }

    /// A disk of 16 MiB with ext4 in its last partition, and boot code.
    fn disk(&self, path: &Path, script: &str, first: u64) {
        fs::write(self.path("tree/extlinux.conf"), ISOLINUX_CFG).unwrap();
        let size = if first == 0 { 9 * MIB } else { 10 * MIB };
        fs::write(path, vec![0; size as usize]).unwrap();
        let first = first.max(2048);
        let script_file = self.path("script");
        fs::write(&script_file, script).unwrap();
        run(Command::new("sfdisk")
            .args(["-q", "--no-reread", "--no-tell-kernel"])
            .arg(path)
            .stdin(fs::File::open(script_file).unwrap()));
        run(Command::new("mke2fs")
            .args(["-q", "-F", "-t", "ext4", "-L", "sys", "-d"])
            .arg(self.path("tree"))
            .arg("-E")
            .arg(format!("offset={}", first * 512))
            .arg(path)
            .arg("7000k"));
        let mut bytes = fs::read(path).unwrap();
        bytes[..440].copy_from_slice(&noise(9, 440));
        fs::write(path, bytes).unwrap();
    }
}

fn open(path: &Path) -> Rc<dyn Bytes> {
    image_bytes(path).unwrap()
}

fn looked(path: &Path) -> Look {
    look(&open(path)).unwrap()
}

/// The plan for an image with a program for a bridge.
fn plan(path: &Path, wishes: Wishes) -> Result<Plan, Vec<String>> {
    let content = esp::make(4 * MIB, 0x1234_5678, &noise(7, 100_000)).unwrap();
    Plan::new(&looked(path), content, wishes)
}

fn adapted(path: &Path, plan: &Plan) -> PathBuf {
    let output = path.with_extension("out");
    let (changes, total) = (&plan.changes, plan.place.total);
    write::copy(path, &output, changes, total, &mut Vec::new()).unwrap();
    output
}

fn stages() -> Stages {
    common::stages("1.0", 1)
}

fn adapt_run(arguments: &[&str]) -> Run {
    let mut all = vec!["adapt"];
    all.extend(arguments);
    gapboot(&stages(), &all)
}

#[test]
fn only_the_bytes_of_the_plan_differ() {
    let images = Images::new();
    for kind in KINDS {
        let path = images.make(kind);
        let before = fs::read(&path).unwrap();
        let plan = plan(&path, Wishes::default()).unwrap();
        let after = fs::read(adapted(&path, &plan)).unwrap();
        assert_eq!(after.len() as u64, plan.place.total, "{kind}");
        let mut expected = before.clone();
        expected.resize(after.len(), 0);
        for Change { lba, bytes, .. } in &plan.changes {
            expected[*lba as usize * 512..][..bytes.len()].copy_from_slice(bytes);
        }
        assert!(after == expected, "{kind}");
        // Boot code (but for an image that had none), disk id, and the first record.
        let had_code = before[510..512] == [0x55, 0xaa];
        if had_code {
            assert_eq!(after[..446], before[..446], "{kind}");
            if kind != "gpt" {
                assert_eq!(after[446..462], before[446..462], "{kind}");
            }
        }
        let in_the_original = plan.changes.iter().filter(|change| !change.is_new);
        let sectors: usize = in_the_original.map(|c| c.bytes.len() / 512).sum();
        assert!(
            sectors <= if kind == "gpt" { 34 } else { 2 },
            "{kind}: {sectors}"
        );
        assert_eq!(fs::read(&path).unwrap(), before, "{kind}: the source");
    }
}

#[test]
fn other_tools_see_the_partition() {
    let images = Images::new();
    for kind in KINDS {
        let path = images.make(kind);
        let first = sfdisk(&path);
        let plan = plan(&path, Wishes::default()).unwrap();
        let output = adapted(&path, &plan);
        let (start, sectors) = (plan.place.start / 512, plan.place.size / 512);
        let now = sfdisk(&output);
        let mut expected = first;
        let type_ = if kind == "gpt" {
            "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
        } else {
            "ef"
        };
        expected.push((start, sectors, type_.to_owned()));
        assert_eq!(now, expected, "{kind}");
        if kind == "gpt" {
            let said = run(Command::new("sgdisk").arg("-v").arg(&output));
            assert!(said.contains("No problems found"), "{said}");
        } else if kind != "mbr" {
            let said = run(Command::new("xorriso").arg("-indev").arg(&output).args([
                "-report_el_torito",
                "plain",
                "-report_system_area",
                "plain",
            ]));
            let lines: Vec<Vec<&str>> = said
                .lines()
                .filter(|line| line.starts_with("El Torito boot img"))
                .map(|line| line.split_whitespace().skip(6).collect())
                .collect();
            assert_eq!(lines.len(), 2, "{said}");
            assert_eq!(lines[0][..2], ["BIOS", "y"], "{said}");
            let load = sectors.to_string();
            let lba = (start / 4).to_string();
            let uefi = ["UEFI", "y", "none", "0x0000", "0x00", &load, &lba];
            assert_eq!(lines[1], uefi, "{said}");
        }
        // It is what it should have become.
        let again = looked(&output);
        assert!(!again.uefi.is_empty(), "{kind}: {again:?}");
        assert_eq!(again.problems, Vec::<String>::new(), "{kind}");
        assert_eq!(again.boots_as_cd(), looked(&path).boots_as_cd(), "{kind}");
        assert_eq!(
            again.boots_as_disk(),
            looked(&path).boots_as_disk(),
            "{kind}"
        );
        let fsck = run(Command::new("sh").args([
            "-c",
            &format!(
                "dd if={} bs=1M skip={} count=4 of={} 2>&1 && fsck.vfat -n {}",
                output.display(),
                plan.place.start / MIB,
                images.path("esp").display(),
                images.path("esp").display()
            ),
        ]));
        assert!(!fsck.to_lowercase().contains("dirty"), "{fsck}");
    }
}

/// Start, size and type of each partition.
fn sfdisk(path: &Path) -> Vec<(u64, u64, String)> {
    let output = Command::new("sfdisk")
        .args(["-f", "--json"])
        .arg(path)
        .output()
        .unwrap();
    let table: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let list = table["partitiontable"]["partitions"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let partition = |entry: &serde_json::Value| {
        let number = |name: &str| entry[name].as_u64().unwrap();
        (
            number("start"),
            number("size"),
            entry["type"].as_str().unwrap().to_owned(),
        )
    };
    list.iter().map(partition).collect()
}

#[test]
fn a_gpt_on_request() {
    let images = Images::new();
    for kind in ["plain", "isohybrid", "grub"] {
        let path = images.make(kind);
        let plan = plan(&path, Wishes { gpt: true }).unwrap();
        let output = adapted(&path, &plan);
        let said = run(Command::new("sgdisk").arg("-p").arg(&output));
        assert!(said.contains("EF00"), "{kind}: {said}");
        let again = looked(&output);
        assert_eq!(again.problems, Vec::<String>::new(), "{kind}");
        let before = fs::read(&path).unwrap();
        let after = fs::read(&output).unwrap();
        if kind != "plain" {
            assert_eq!(after[..462], before[..462], "{kind}");
        }
    }
    let disk = plan(&images.make("mbr"), Wishes { gpt: true }).unwrap_err();
    assert!(disk[0].contains("--gpt is for images of CDs"), "{disk:?}");
}

#[test]
fn menus_and_words() {
    let images = Images::new();
    for kind in KINDS {
        let path = images.make(kind);
        let offer = offer(&path).unwrap();
        let words = offer.words(None).unwrap();
        let uuid = words.strip_prefix("gapboot.device=UUID=").unwrap();
        match kind {
            "mbr" | "gpt" => {
                let said = run(Command::new("dumpe2fs").arg("-h").arg(format!(
                    "{}?offset={}",
                    path.display(),
                    if kind == "gpt" {
                        4096 * 512
                    } else {
                        2048 * 512
                    }
                )));
                assert!(said.contains(uuid), "{kind}: {words}: {said}");
            }
            _ => assert_eq!(uuid.len(), 22, "{kind}: a date"),
        }
        let startable = offer.entries.iter().filter(|entry| entry.problem.is_none());
        let ids: Vec<_> = startable.map(|entry| entry.id.as_str()).collect();
        let id = if kind == "grub" { "Live" } else { "live" };
        assert!(ids.contains(&id), "{kind}: {ids:?}");
        assert_eq!(
            offer.default(None).unwrap().id.to_lowercase(),
            "live",
            "{kind}"
        );
        let with = offer.words(Some(id)).unwrap();
        assert_eq!(with, format!("{words} gapboot.default={id}"));
        let wrong = offer.words(Some("none")).unwrap_err().to_string();
        assert!(wrong.contains("no entry none"), "{wrong}");
    }
    let path = images.make("plain");
    let offer = offer(&path).unwrap();
    let error = offer.words(Some("disk")).unwrap_err().to_string();
    assert!(error.contains("cannot start disk"), "{error}");
}

#[test]
fn inspected() {
    let images = Images::new();
    let path = images.make("isohybrid");
    let name = path.to_str().unwrap();
    let said = adapt_run(&["--inspect", "--json", name]).done();
    let json: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(json["table"], "mbr");
    assert_eq!(json["iso9660"]["label"], "LIVE");
    assert_eq!(
        json["bios"],
        serde_json::json!({"disk": "ISOLINUX", "cd": true})
    );
    assert_eq!(json["uefi"], serde_json::json!([]));
    assert_eq!(json["refused"], serde_json::json!([]));
    assert_eq!(json["changes"].as_array().unwrap().len(), 3);
    assert_eq!(json["entries"][0]["isDefault"], true);
    let text = adapt_run(&["--inspect", name]).done().out;
    for words in ["MBR, 1 partition", "as a CD", "live (default)", "sector 0"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn refusals() {
    let images = Images::new();
    let refused = |path: &Path| adapt_run(&["--dry-run", path.to_str().unwrap()]);
    let tampered = |kind: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let path = images.make(kind);
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
        path
    };
    let full = tampered("isohybrid", &|bytes| {
        for at in [462, 478, 494] {
            let record = bytes[446..462].to_vec();
            bytes[at..at + 16].copy_from_slice(&record);
        }
    });
    refused(&full).refused(&["no free place", "all four"]);
    let after = tampered("xorriso", &|bytes| bytes.extend(noise(1, 512)));
    refused(&after).refused(&["something unknown lies after", "truncate"]);
    let short = tampered("mbr", &|bytes| bytes.truncate(6 << 20));
    refused(&short).refused(&["partition 1 ends after the end", "complete?"]);
    let cut = tampered("plain", &|bytes| bytes.truncate(600 << 10));
    refused(&cut).refused(&["ISO 9660", "complete?"]);
    let overlap = tampered("mbr", &|bytes| {
        let record = bytes[446..462].to_vec();
        bytes[462..478].copy_from_slice(&record);
    });
    refused(&overlap).refused(&["contradicts itself", "overlap"]);
    let unprotected = tampered("gpt", &|bytes| bytes[450] = 0x83);
    refused(&unprotected).refused(&["contradict"]);
    let damaged = tampered("gpt", &|bytes| bytes[600] ^= 1);
    refused(&damaged).refused(&["GPT is damaged", "repair the table of a copy with sgdisk"]);
    let wiped = tampered("gpt", &|bytes| bytes[..512].fill(0));
    refused(&wiped).refused(&["contradict"]);
    let catalogue = tampered("plain", &|bytes| {
        let at = bytes[17 * 2048 + 0x47..]
            .first_chunk::<4>()
            .copied()
            .unwrap();
        bytes[u32::from_le_bytes(at) as usize * 2048] = 9;
    });
    refused(&catalogue).refused(&["catalogue", "damaged"]);
    let blank = images.path("blank");
    fs::write(&blank, vec![0; 4 << 20]).unwrap();
    refused(&blank).refused(&["no partition table, and no ISO 9660"]);
    let fat = images.path("fat");
    fs::write(&fat, vec![0; 4 << 20]).unwrap();
    run(Command::new("mkfs.vfat").arg(&fat));
    refused(&fat).refused(&["a file system that fills a whole disk"]);
    let empty = images.path("empty");
    fs::write(&empty, "").unwrap();
    refused(&empty).refused(&["shorter than a sector"]);
    refused(&images.path("none")).refused(&["No such file"]);
    refused(images.0.path()).refused(&["it is not a file"]);
    // Nothing that the bridge could start.
    fs::write(images.path("tree/boot/vmlinuz"), noise(1, 3000)).unwrap();
    refused(&images.make("plain")).refused(&["no entry that starts a kernel", "vmlinuz"]);
    fs::copy(MEMDISK, images.path("tree/boot/vmlinuz")).unwrap();
    refused(&images.make("plain")).refused(&["memdisk, which needs the BIOS"]);
    for menu in ["isolinux/isolinux.cfg", "extlinux.conf"] {
        fs::remove_file(images.path(&format!("tree/{menu}"))).unwrap();
    }
    refused(&images.make("plain")).refused(&["no menu of"]);
    // It starts on UEFI already.
    let plan = plan(&images.make("xorriso"), Wishes::default()).unwrap();
    let done = adapted(&images.path("xorriso.img"), &plan);
    refused(&done).refused(&["starts on UEFI already", "El Torito", "BOOTX64.EFI"]);
}

#[test]
fn usage() {
    let images = Images::new();
    let path = images.make("plain");
    let name = path.to_str().unwrap();
    for arguments in [
        &[name][..],
        &[name, "--in-place"],
        &[name, "--output", "x", "--in-place", "--undo", "y"],
        &[name, "--output", "x", "--bridge", "a", "--kernel", "b"],
        &[name, "--json"],
        &[name, "--restore", "x", "--gpt"],
    ] {
        let run = adapt_run(arguments);
        assert_eq!(run.status, 2, "{arguments:?}: {}", run.err);
    }
}

/// A disk in memory whose power fails after some writes.
struct Failing {
    image: RefCell<Vec<u8>>,
    left: usize,
}

impl Sectors for Failing {
    fn sectors(&self) -> u64 {
        self.image.borrow().len() as u64 / 512
    }

    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        into.copy_from_slice(&self.image.borrow()[at as usize * 512..][..into.len()]);
        Ok(())
    }
}

impl WriteSectors for Failing {
    fn write(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        for (at, sector) in (at as usize..).zip(bytes.chunks(512)) {
            self.left = self
                .left
                .checked_sub(1)
                .ok_or_else(|| io::Error::other("power"))?;
            self.image.borrow_mut()[at * 512..][..512].copy_from_slice(sector);
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sectors of a change that are written: where nothing was, zeros are left out.
fn written(change: &Change) -> usize {
    let blocks = change.bytes.chunks(4096);
    let blocks = blocks.filter(|block| !change.is_new || block.iter().any(|byte| *byte != 0));
    blocks.map(|block| block.len() / 512).sum()
}

/// Whatever sectors were written: what a BIOS starts is the same, and the original comes
/// back. A restore that is interrupted can be repeated.
#[test]
fn interrupted_at_each_sector() {
    let images = Images::new();
    for kind in ["isohybrid", "plain", "mbr", "gpt"] {
        let path = images.make(kind);
        let before = fs::read(&path).unwrap();
        let plan = plan(&path, Wishes::default()).unwrap();
        let undo = Undo::of(&*open(&path), &plan).unwrap();
        let mut whole = Vec::new();
        // The partition itself has many sectors, which are all alike.
        let of_partition = written(&plan.changes[0]);
        let tables: usize = plan.changes[1..].iter().map(written).sum();
        let cuts = [0, 1, of_partition / 2].into_iter();
        for cut in cuts.chain(of_partition..=of_partition + tables) {
            let mut image = before.clone();
            image.resize(plan.place.total as usize, 0);
            let mut disk = Failing {
                image: RefCell::new(image),
                left: cut,
            };
            let result = write::apply(&plan.changes, &mut disk, true);
            assert_eq!(result.is_ok(), cut == of_partition + tables, "{kind} {cut}");
            let image = disk.image.into_inner();
            // Boot code and the records that were there: what a BIOS looks at.
            if kind != "plain" || result.is_err() {
                assert_eq!(image[..446], before[..446], "{kind} {cut}");
            }
            let is_new_table = kind == "plain" && result.is_ok();
            if kind != "gpt" && !is_new_table {
                assert_eq!(image[446..462][..], before[446..462][..], "{kind} {cut}");
                assert_eq!(image[512..32768], before[512..32768], "{kind} {cut}");
            }
            let bytes: Rc<dyn Bytes> = Rc::new(image.clone());
            let seen = look(&bytes).unwrap();
            if kind != "mbr" && kind != "gpt" {
                assert!(seen.boots_as_cd(), "{kind} {cut}");
            }
            let partitions = volumes::partitions::partitions(&*bytes, Some(512));
            if kind == "gpt" {
                assert!(partitions.len() >= 2, "{cut}: {partitions:?}");
            }
            // Back, with another failure on the way.
            let back = undo.changes(&*bytes).unwrap();
            // The entries of a GPT are alike.
            let is_looked_at = cut <= of_partition + 2 || cut + 3 > of_partition + tables;
            for cut in (0..=back.len()).filter(|_| is_looked_at) {
                let mut disk = Failing {
                    image: RefCell::new(image.clone()),
                    left: cut,
                };
                let _ = write::apply(&back, &mut disk, true);
                let half: Rc<dyn Bytes> = Rc::new(disk.image.into_inner());
                let rest = undo.changes(&*half).unwrap();
                let mut disk = Failing {
                    image: RefCell::new(volumes::bytes::read(&*half, 0, image.len()).unwrap()),
                    left: usize::MAX,
                };
                write::apply(&rest, &mut disk, true).unwrap();
                let mut restored = disk.image.into_inner();
                restored.truncate(before.len());
                assert!(restored == before, "{kind} {cut}");
            }
            whole = image;
        }
        let output = adapted(&path, &plan);
        assert!(fs::read(output).unwrap() == whole, "{kind}");
    }
}

#[test]
fn in_place_and_back() {
    let images = Images::new();
    for kind in KINDS {
        let path = images.make(kind);
        let before = fs::read(&path).unwrap();
        let plan = plan(&path, Wishes::default()).unwrap();
        let file = path.with_extension("undo");
        let undo = Undo::of(&*open(&path), &plan).unwrap();
        undo_file::save(&undo, &file).unwrap();
        assert!(undo_file::save(&undo, &file).is_err(), "it is there");
        assert!(undo_file::load(&file).unwrap() == undo);
        let mut disk = Disk::open(&path, Access::Write).unwrap();
        write::in_place(&mut disk, &plan.changes, plan.place.total).unwrap();
        drop(disk);
        let adapted = fs::read(&path).unwrap();
        let (undo, name) = (file.to_str().unwrap(), path.to_str().unwrap());
        // Another image is not touched.
        let other = images.path("other");
        fs::write(&other, noise(1, adapted.len())).unwrap();
        adapt_run(&["--restore", undo, other.to_str().unwrap()]).refused(&["right image?"]);
        assert_eq!(fs::read(&other).unwrap(), noise(1, adapted.len()));
        let said = adapt_run(&["--restore", undo, name]).done();
        assert!(said.out.contains("the original again"), "{}", said.out);
        assert!(fs::read(&path).unwrap() == before, "{kind}");
        // Once more: there is nothing to do.
        adapt_run(&["--restore", undo, name]).done();
        assert!(fs::read(&path).unwrap() == before, "{kind}");
        // Something else has changed it since then.
        let mut changed = adapted.clone();
        changed[447] ^= 1;
        fs::write(&path, &changed).unwrap();
        adapt_run(&["--restore", undo, name]).refused(&["sector 0"]);
        let mut damaged = fs::read(&file).unwrap();
        damaged[50] ^= 1;
        fs::write(&file, damaged).unwrap();
        adapt_run(&["--restore", undo, name]).refused(&["damaged one"]);
    }
}

/// A copy has the holes that its source has.
#[test]
fn a_sparse_image_stays_sparse() {
    use std::os::unix::fs::MetadataExt;
    let images = Images::new();
    let path = images.path("sparse");
    fs::File::create(&path).unwrap().set_len(3 << 30).unwrap();
    let script = images.path("script");
    fs::write(&script, "label: dos\n2048,,L\n").unwrap();
    run(Command::new("sfdisk")
        .args(["-q", "--no-reread", "--no-tell-kernel"])
        .arg(&path)
        .stdin(fs::File::open(script).unwrap()));
    let plan = plan(&path, Wishes::default()).unwrap();
    let output = adapted(&path, &plan);
    let metadata = fs::metadata(&output).unwrap();
    assert_eq!(metadata.len(), plan.place.total);
    assert!(metadata.blocks() * 512 < 16 << 20, "{}", metadata.blocks());
}

#[test]
fn words_are_added_to_a_command_line() {
    let place = Place::new();
    place
        .build(&["--initrd", &place.path("initrd"), "--cmdline", "quiet"])
        .unwrap();
    let words = "gapboot.device=UUID=1 \"gapboot.default=a b\"";
    let told = |from: &str| {
        let (from, to) = (place.path(from), place.path("told"));
        let stub = stub();
        let mut err = Vec::new();
        append(
            Stub::new(&stub)?,
            from.as_ref(),
            words,
            to.as_ref(),
            &mut err,
        )?;
        Ok::<_, cli::error::Error>(())
    };
    let error = told("image").unwrap_err().to_string();
    assert!(error.contains("no EFI stub"), "{error}");
    // With code for UEFI.
    let mut image = place.read("image");
    let pe = u32::from_le_bytes(*image[0x3c..].first_chunk().unwrap()) as usize;
    image[pe + 24 + 16..][..4].copy_from_slice(&0x7777_u32.to_le_bytes());
    place.write("image", &image);
    told("image").unwrap();
    let report = serde_json::to_string(&place.report("told").unwrap()).unwrap();
    assert!(report.contains("quiet gapboot.device=UUID=1"), "{report}");
    let _: Report = place.report("told").unwrap();
    let (told, initrd) = (place.read("told"), noise(3, 70_003));
    let start = told.windows(64).position(|part| *part == initrd[..64]);
    assert!(told[start.unwrap()..].starts_with(&initrd));
}
