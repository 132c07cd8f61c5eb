//! Entries of the Boot Loader Specification in a directory: what `gapboot list` says of
//! them is what it says of a disk with the same files.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use std::fs;
use std::path::Path;

use common::uki::Place;
use common::*;
use serde_json::Value;

/// An uncompressed initrd with gapboot's rule, so that no `root=` is needed.
fn with_rule() -> Vec<u8> {
    cli::uki::cpio::extra("61-gapboot.rules", b"x")
}

/// The files of a boot partition.
struct Files {
    place: Place,
}

impl Files {
    fn new() -> Self {
        let files = Self {
            place: Place::new(),
        };
        files.place.write("with-rule", &with_rule());
        files.put("linux", files.place.read("linux"));
        files
    }

    /// Where they lie.
    fn tree(&self) -> String {
        self.place.path("tree")
    }

    fn put(&self, path: &str, content: impl AsRef<[u8]>) {
        fs::write(self.at(path), content).unwrap();
    }

    /// Where a file lies, in a directory that is there.
    fn at(&self, path: &str) -> String {
        let at = Path::new(&self.tree()).join(path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        at.to_str().unwrap().to_owned()
    }

    fn entry(&self, name: &str, lines: &str) {
        self.put(&format!("loader/entries/{name}"), lines);
    }

    /// A unified kernel image by `gapboot uki build`.
    fn image(&self, path: &str, more: &[&str]) {
        let named = ["--os-release", "ID=t\nPRETTY_NAME=\"A test\"\n"];
        let built = self
            .place
            .build_as(&self.at(path), &[&named, more].concat());
        built.unwrap();
    }

    /// A disk whose EFI system partition has them.
    fn disk(&self) -> Image {
        let image = Image::with_files(&[]);
        let partition = format!("{}@@{}", image.name(), 2048 * 512);
        let top = fs::read_dir(self.tree()).unwrap();
        let mut top: Vec<_> = top.map(|entry| entry.unwrap().path()).collect();
        top.sort();
        let mut copy = vec!["-s", "-i", &partition];
        copy.extend(top.iter().map(|path| path.to_str().unwrap()));
        copy.push("::");
        tool("mtools", "mcopy", &copy, "");
        image
    }
}

fn list(arguments: &[&str]) -> Run {
    gapboot(&stages("0.1.0", 1), &[&["list"], arguments].concat()).done()
}

fn json(of: &str) -> Vec<Value> {
    serde_json::from_str(&list(&["--json", "--from", "bls", of]).out).unwrap()
}

#[test]
fn a_directory_gives_what_a_disk_gives() {
    let files = Files::new();
    let initrd = files.place.path("initrd");
    let with_rule = files.place.path("with-rule");
    // Images of type 2.
    files.image("EFI/Linux/plain+3-1.efi", &["--cmdline", "quiet"]);
    files.image("EFI/Linux/root.efi", &["--cmdline", "root=/dev/vda2"]);
    files.image("EFI/Linux/rule.efi", &["--initrd", &with_rule]);
    let profiles = ["--profile", "ID=zero", "--profile", "ID=one\nTITLE=First"];
    let own = ["--cmdline", "root=gpt-auto initrd=/x"];
    let all = [
        &["--initrd", &initrd, "--cmdline", "ro"],
        &profiles[..],
        &own,
    ];
    files.image("EFI/Linux/profiles.efi", &all.concat());
    files.put("EFI/Linux/broken.efi", "MZ");
    // Entries of type 1 that start an image.
    files.image("images/os.efi", &all.concat());
    files.entry("image.conf", "uki /images/os.efi\n");
    files.entry("efi.conf", "efi /images/os.efi\noptions root=/dev/vda2\n");
    files.entry("profile.conf", "uki /images/os.efi\nprofile 1\n");
    files.entry("no-profile.conf", "uki /images/os.efi\nprofile 2\n");
    files.entry("initrds.conf", "uki /images/os.efi\ninitrd /linux\n");
    // Kernels.
    files.put("with-rule", fs::read(&with_rule).unwrap());
    files.put("memtest", {
        let mut program = fs::read(files.at("linux")).unwrap();
        program[0x300..][..32].copy_from_slice(b"Memtest86+ v6.10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
        program
    });
    files.entry("none.conf", "linux /linux\n");
    files.entry(
        "auto.conf",
        "linux /linux\noptions root=gpt-auto $kernelopts\n",
    );
    files.entry("rule.conf", "linux /linux\ninitrd /with-rule\n");
    files.entry("memtest.conf", "linux /memtest\n");
    files.entry("twice+3.conf", "linux /linux\noptions root=/dev/vda2\n");
    files.entry("twice.conf", "linux /linux\noptions root=/dev/vda2\n");
    files.put("loader/loader.conf", "default rule*\n");

    let of_disk = json(files.disk().name());
    let of_tree = json(&files.tree());
    assert_eq!(of_tree, of_disk);
    let warned = |of: &str| {
        let entries = of_tree.iter();
        let warned = entries.filter(|entry| entry["warnings"].to_string().contains(of));
        let mut ids: Vec<_> = warned.map(|entry| entry["id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(of_tree.len(), 16);
    assert_eq!(
        warned("no root="),
        [
            "image.conf",
            "initrds.conf",
            "none.conf",
            "plain.efi",
            "profiles.efi"
        ]
    );
    assert_eq!(
        warned("root=gpt-auto needs UEFI"),
        ["auto.conf", "profile.conf", "profiles.efi@one"]
    );
    assert_eq!(warned("there twice"), ["twice.conf", "twice.conf"]);
}

/// The menu has room for 128 entries; the default one is among them in any case.
#[test]
fn more_entries_than_the_menu_holds() {
    let files = Files::new();
    for number in 0..131 {
        let lines = format!("version {number}\nlinux /linux\noptions root=/dev/vda2\n");
        files.entry(&format!("e{number:03}.conf"), &lines);
    }
    files.put("loader/loader.conf", "default e001*\n");
    let of_tree = json(&files.tree());
    assert_eq!(of_tree.len(), 128);
    assert_eq!(
        (&of_tree[127]["id"], &of_tree[127]["isDefault"]),
        (&"e001.conf".into(), &true.into())
    );
    assert_eq!(of_tree, json(files.disk().name()));
    let run = list(&[&files.tree()]);
    let note = "files that should give an entry, and do not: 3; `gapboot list --all` says why";
    assert!(run.err.contains(note), "{}", run.err);
    let run = list(&["--all", &files.tree()]);
    assert_eq!(run.err, "");
    for name in ["e000", "e002", "e003"] {
        let why = format!(
            "/loader/entries/{name}.conf\n     problem  the menu holds 128 entries, and this one \
             would come after them. Remove some.\n"
        );
        assert!(run.out.contains(&why), "{}", run.out);
    }
}
