//! `gapboot list` against bootctl: the same entries, in the same order, with the
//! same texts, from the same files.

use fuzz::pe;
use serde_json::{Map, Value};
use std::fs;
use std::path::Path;
use tests::images::entries;
use tests::images::{Disk, Fat, Partition, Volume};
use tests::loaders::bootctl;
use tests::{MIB, gapboot};

/// What is compared. (`id` in small letters: bootctl leaves them as they are.)
const KEYS: [&str; 13] = [
    "title",
    "showTitle",
    "sortKey",
    "version",
    "machineId",
    "architecture",
    "options",
    "linux",
    "efi",
    "initrd",
    "triesLeft",
    "triesDone",
    "id",
];

const ESP: &str = "esp";
const XBOOTLDR: &str = "xbootldr";
const ENTRIES: &str = "loader/entries";

/// The files of a disk's partitions.
struct Tree {
    root: tempfile::TempDir,
    /// Files that bootctl shows and the loader must not, for reasons of its own.
    hidden: Vec<&'static str>,
}

impl Tree {
    /// With a kernel, `/vmlinuz`.
    fn new() -> Self {
        let tree = Self {
            root: tempfile::tempdir().unwrap(),
            hidden: Vec::new(),
        };
        tree.file("esp/vmlinuz", "kernel")
    }

    fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// An entry as it stands.
    fn raw(self, name: &str, text: &str) -> Self {
        self.file(&format!("{ESP}/{ENTRIES}/{name}"), text)
    }

    /// An entry that boots the kernel.
    fn entry(self, name: &str, text: &str) -> Self {
        self.raw(name, &format!("{text}\nlinux /vmlinuz\n"))
    }

    /// A unified kernel image on the ESP.
    fn uki(self, name: &str, osrel: &str, cmdline: &str) -> Self {
        self.image(name, &[(".osrel", osrel), (".cmdline", cmdline)])
    }

    /// The same of any sections, and a kernel.
    fn image(self, name: &str, texts: &[(&str, &str)]) -> Self {
        let mut sections = vec![(".linux", &b"kernel"[..])];
        sections.extend(texts.iter().map(|(name, text)| (*name, text.as_bytes())));
        let image = pe::image(pe::AMD64, &sections);
        self.file(&format!("{ESP}/EFI/Linux/{name}"), image)
    }

    /// Entries that boot the kernel.
    fn entries(self, entries: &[(&str, &str)]) -> Self {
        let add = |tree: Self, (name, text): &(&str, &str)| tree.entry(name, text);
        entries.iter().fold(self, add)
    }

    fn hidden(mut self, names: &[&'static str]) -> Self {
        self.hidden.extend(names);
        self
    }

    /// Asserts that both programs list the same, `count` entries.
    #[track_caller]
    fn agrees(&self, count: usize) {
        let expected = self.bootctl();
        let found = self.gapboot();
        let names = |list: &[Map<String, Value>]| -> Vec<String> {
            let path = |entry: &Map<String, Value>| entry["path"].as_str().map(str::to_owned);
            list.iter().filter_map(path).collect()
        };
        assert_eq!(names(&found), names(&expected), "the order");
        assert_eq!(found, expected);
        assert_eq!(found.len(), count);
    }

    fn bootctl(&self) -> Vec<Map<String, Value>> {
        let xbootldr = self.root.path().join(XBOOTLDR);
        let xbootldr = xbootldr.exists().then_some(xbootldr.as_path());
        let entries = bootctl::entries(&self.root.path().join(ESP), xbootldr).unwrap();
        let mut list = Vec::new();
        for entry in entries {
            let root = entry["root"].as_str().unwrap();
            let path = entry["path"].as_str().unwrap();
            let path = path.strip_prefix(root).unwrap();
            let source = Path::new(root).file_name().unwrap().to_str().unwrap();
            if !self.hidden.iter().any(|name| path.ends_with(name)) {
                list.push(compared(&entry, source, path));
            }
        }
        list
    }

    fn gapboot(&self) -> Vec<Map<String, Value>> {
        let image = self.root.path().join("disk.img");
        let fat = || Fat::new(16).cluster(512);
        Disk::new(12 * MIB)
            .partition(Partition::esp(fat()).size(5 * MIB))
            .partition(Partition::xbootldr(fat()).size(5 * MIB))
            .build(&image)
            .unwrap();
        for (name, number) in [(ESP, 1), (XBOOTLDR, 2)] {
            let files = self.root.path().join(name);
            if files.exists() {
                let volume = Volume::open(&image, number).unwrap();
                volume.write_tree(&files).unwrap();
            }
        }
        let output = gapboot::gapboot(&["list", "--json", image.to_str().unwrap()]).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let list: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
        let compared = |entry: &Value| {
            let text = |key: &str| entry[key].as_str().unwrap();
            compared(entry, text("source"), text("path"))
        };
        list.iter().map(compared).collect()
    }
}

/// The part of an entry that is compared.
fn compared(entry: &Value, source: &str, path: &str) -> Map<String, Value> {
    let mut part = Map::new();
    part.insert("source".into(), source.into());
    part.insert("path".into(), path.into());
    for key in KEYS {
        match &entry[key] {
            Value::Null => continue,
            // Old ones leave the first slash of an image's path out.
            Value::String(path) if key == "linux" && !path.starts_with('/') => {
                part.insert(key.into(), format!("/{path}").into())
            }
            Value::String(id) if key == "id" => {
                part.insert(key.into(), id.to_ascii_lowercase().into())
            }
            value => part.insert(key.into(), value.clone()),
        };
    }
    part
}

#[test]
fn sort_keys() {
    Tree::new()
        .entries(&[
            ("1.conf", "sort-key debian"),
            ("2.conf", "sort-key Debian"),
            ("3.conf", "sort-key arch"),
            ("4.conf", "sort-key arch linux"),
            ("5.conf", "sort-key 10"),
            ("6.conf", "sort-key 9"),
            ("7.conf", "sort-key \u{e4}"),
            ("8.conf", ""),
            ("9.conf", "sort-key"),
            ("10.conf", "Sort-Key a"),
        ])
        .agrees(10);
}

#[test]
fn versions() {
    let versions = [
        "6.1.0-18-amd64",
        "6.1.0-9-amd64",
        "6.1",
        "6.1.2",
        "6.10",
        "6.9~rc1",
        "6.9",
        "6.9-rc1",
        "6.9^git1",
        "6.9.1",
        "006.9.2",
        "6.9a",
        "6.9.a",
        "~6.9",
        "v6.9",
        "6.9_1",
        "6.9+b1",
        "6.9.\u{3b1}.2",
        "99999999999999999999999999999",
        "100000000000000000000000000000",
        "0",
        "a",
        "0a",
    ];
    let mut tree = Tree::new().entry("none.conf", "sort-key k");
    for (number, version) in versions.iter().enumerate() {
        // Equal ones are ordered by the name.
        tree = tree.entry(
            &format!("{number}.conf"),
            &format!("sort-key k\nversion {version}"),
        );
    }
    tree.agrees(versions.len() + 1);
}

/// No two that compare as equal, as `a1` and `a_1` do: their order is the
/// directory's.
#[test]
fn names() {
    let names = [
        "arch.conf",
        "arch-fallback.conf",
        "linux.conf",
        "linux-lts.conf",
        "6.9.conf",
        "6.9-rc1.conf",
        "6.1.conf",
        "6.1.2.conf",
        "6.1.0-9.conf",
        "6.1.0-10.conf",
        "a.conf",
        "a-1.conf",
        "a1.conf",
        "c++11.conf",
        "0123456789abcdef0123456789abcdef-6.1.0-18-amd64.conf",
        "0123456789abcdef0123456789abcdef-6.1.0-9-amd64.conf",
        "a.conf.conf",
        "x.CONF",
    ];
    let add = |tree: Tree, name: &&str| tree.entry(name, &format!("title {name}"));
    names.iter().fold(Tree::new(), add).agrees(names.len());
}

#[test]
fn files_that_are_no_entries() {
    Tree::new()
        .entries(&[
            ("a.conf", ""),
            ("README", ""),
            ("a.conf.bak", ""),
            (".hidden.conf", ""),
            ("aconf", ""),
            ("auto-x.conf", ""),
            ("folder.conf/b.conf", ""),
        ])
        .hidden(&["/auto-x.conf"])
        .agrees(1);
}

#[test]
fn machine_ids() {
    Tree::new()
        .entries(&[
            ("1.conf", "sort-key k\nmachine-id bbbb"),
            ("2.conf", "sort-key k\nmachine-id aaaa"),
            ("3.conf", "sort-key k\nversion 9"),
            ("4.conf", "sort-key k\nmachine-id aaaa\nversion 2"),
            ("5.conf", "sort-key k\nmachine-id bbbb\nversion 3"),
            ("6.conf", "machine-id 0000"),
            ("7.conf", "sort-key j\nmachine-id cccc"),
        ])
        .agrees(7);
}

#[test]
fn counters() {
    Tree::new()
        .entries(&[
            ("good.conf", "sort-key k\nversion 3"),
            ("bad+0.conf", "sort-key a\nversion 9"),
            ("bad2+0-3.conf", "sort-key k\nversion 9"),
            ("try+3.conf", "sort-key k\nversion 5"),
            ("again+2-1.conf", "sort-key k\nversion 4"),
            ("wide+010-007.conf", "sort-key k\nversion 1"),
            ("plain+1.conf", ""),
            ("worst+0-99.conf", ""),
            ("c++11+2-0.conf", ""),
            ("no+.conf", ""),
            ("no+x.conf", ""),
            ("no+3-.conf", ""),
            ("no+3-1x.conf", ""),
            ("no-3.conf", ""),
        ])
        .agrees(14);
}

/// With different versions: where all else is equal systemd-boot looks at the
/// counters, and bootctl does not.
#[test]
fn equal_ids() {
    Tree::new()
        .entries(&[
            ("a+3.conf", "sort-key k\nversion 1"),
            ("a+2-1.conf", "sort-key k\nversion 3"),
            ("a+1-2.conf", "sort-key k\nversion 2"),
            ("a+0-3.conf", "sort-key k\nversion 4"),
            ("a.conf", "sort-key j"),
            ("b.conf", ""),
            ("b+0.conf", ""),
            ("b+5.conf", "sort-key l"),
        ])
        .agrees(8);
}

#[test]
fn line_ends() {
    Tree::new()
        .raw(
            "crlf.conf",
            "title A\r\nversion 1\r\noptions a  b\r\n\r\nlinux /vmlinuz\r\n",
        )
        .raw("no-end.conf", "title B\noptions quiet\nlinux /vmlinuz")
        .raw(
            "blank-lines.conf",
            "\n\n \n\t\ntitle C\n\n\nlinux /vmlinuz\n\n\n",
        )
        .raw("no-end-crlf.conf", "title D\r\nlinux /vmlinuz\r")
        .agrees(4);
}

#[test]
fn blanks_and_comments() {
    Tree::new()
        .raw(
            "tabs.conf",
            "title\tTabs\there\nversion \t 1 \t\n\tlinux\t\t/vmlinuz\t\n",
        )
        .raw(
            "indented.conf",
            "   title   Two   blanks   \n  linux /vmlinuz  \n",
        )
        .raw(
            "comments.conf",
            "#title no\n  # title no\n\t#version 9\ntitle Number #1 # not a comment\n\
             options a #b\nlinux /vmlinuz\n#",
        )
        .raw("hash.conf", "title#x y\n#\nversion #1\nlinux /vmlinuz\n")
        .agrees(4);
}

#[test]
fn options_and_initrds() {
    Tree::new()
        .file("esp/ucode.img", "ucode")
        .file("esp/d/initrd.img", "initrd")
        .raw(
            "many.conf",
            "initrd /ucode.img\noptions root=/dev/vda2\ninitrd d/initrd.img\noptions ro  quiet\n\
             linux /vmlinuz\noptions a=\"b c\" d\ninitrd /ucode.img\n",
        )
        .raw("quoted.conf", "linux /vmlinuz\noptions \"a b\" c=\"d\"\n")
        .raw(
            "single.conf",
            "linux /vmlinuz\noptions 'a'\ntitle \"quoted\"\nsort-key 'k'\n",
        )
        .raw(
            "missing-initrd.conf",
            "linux /vmlinuz\ninitrd /gone\ninitrd //d///initrd.img\n",
        )
        .raw("empty.conf", "linux /vmlinuz\noptions\ninitrd\noptions \n")
        .agrees(5);
}

#[test]
fn kernels() {
    Tree::new()
        .file("esp/my kernel", "kernel")
        .file("esp/a/b/c/linux", "kernel")
        .raw("relative.conf", "linux vmlinuz\n")
        .raw("doubled.conf", "linux //a//b/c///linux\n")
        .raw("blank.conf", "linux /my kernel\n")
        .raw("twice.conf", "linux /gone\nlinux /vmlinuz\n")
        .raw("gone.conf", "linux /gone\n")
        .raw("gone-too.conf", "linux /a/b/linux\nsort-key a\n")
        .raw("none.conf", "title x\n")
        .hidden(&["/gone.conf", "/gone-too.conf", "/none.conf"])
        .agrees(4);
}

#[test]
fn equal_titles() {
    Tree::new()
        .entries(&[
            ("1.conf", "title Linux\nversion 1"),
            ("2.conf", "title Linux\nversion 2"),
            ("3.conf", "title Linux"),
            ("4.conf", "title Same\nversion 1\nmachine-id 0123abcd"),
            ("5.conf", "title Same\nversion 1\nmachine-id 4567abcd"),
            ("6.conf", "title Twin\nversion 1"),
            ("7.conf", "title Twin\nversion 1"),
            ("8.conf", "title 9.conf"),
            ("9.conf", ""),
            ("10.conf", "title Alone\nversion 1\nmachine-id 0123abcd"),
            ("11.conf", "title \u{65e5}\u{672c}\u{8a9e} \u{1f427}"),
        ])
        .agrees(11);
}

#[test]
fn repeated_and_unknown_keys() {
    Tree::new()
        .entries(&[
            (
                "repeated.conf",
                "title a\ntitle b\nversion 1\nversion 2\nsort-key x\nsort-key k\nmachine-id 1\nmachine-id 2",
            ),
            (
                "grub.conf",
                "grub_users $grub_users\ngrub_arg --unrestricted\nid x",
            ),
            ("case.conf", "Title x\nTITLE y\nOptions z"),
            ("no-values.conf", "title\nversion\nsort-key\nmachine-id\narchitecture"),
        ])
        .agrees(4);
}

#[test]
fn architectures() {
    Tree::new()
        .entries(&[
            ("x64.conf", "architecture x64"),
            ("upper.conf", "architecture X64"),
            ("ia32.conf", "architecture IA32"),
            ("arm.conf", "architecture aa64"),
        ])
        .hidden(&["/arm.conf"])
        .agrees(3);
}

#[test]
fn both_partitions() {
    Tree::new()
        .entries(&[
            ("a.conf", "sort-key k\nversion 1"),
            ("b.conf", "sort-key k\nversion 3"),
            ("c.conf", ""),
        ])
        .file("xbootldr/linux", "kernel")
        .file(
            "xbootldr/loader/entries/d.conf",
            "sort-key k\nversion 2\nlinux /linux\n",
        )
        .file("xbootldr/loader/entries/bb.conf", "linux /linux\n")
        .file("xbootldr/loader/entries/e.conf", "linux /vmlinuz\n")
        .hidden(&["/e.conf"])
        .agrees(5);
}

const DEBIAN: &str = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\n\
    VERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n\
    HOME_URL=\"https://www.debian.org/\"\n";

#[test]
fn unified_kernel_images() {
    Tree::new()
        .uki("debian-6.1.efi", DEBIAN, "root=/dev/vda2 ro")
        .uki(
            "Image+3.EFI",
            "ID=os\nIMAGE_ID=image\nIMAGE_VERSION=7\nNAME=N",
            "quiet",
        )
        .uki(
            "image_6+0-2.efi",
            "ID=os\nIMAGE_ID=image\nIMAGE_VERSION=6\nNAME=N",
            "quiet",
        )
        .uki("build.efi", "ID=os\nBUILD_ID=2024-01-02", "quiet")
        .uki(
            "single.efi",
            "# a comment\n  NAME='Single'\r\nID='os'\nVERSION_ID=3",
            "a",
        )
        .uki(
            "last.efi",
            "ID=a\nID=b\nNAME=x\nNAME=y\nVERSION=1\nVERSION=2",
            "a",
        )
        .entry("b.conf", "sort-key debian\nversion 12.5\ntitle Debian")
        .entry("c.conf", "title Last")
        .agrees(8);
}

/// Debian 12's bootctl does not look at the machine, and knows no profiles: those
/// are tested in the emulator.
#[test]
fn files_that_are_no_images() {
    let osrel = &b"ID=a\nVERSION_ID=1"[..];
    let sections = [(".osrel", osrel), (".linux", b"kernel"), (".cmdline", b"a")];
    let arm = pe::image(0xaa64, &sections);
    let without_kernel = pe::image(pe::AMD64, &sections[..1]);
    Tree::new()
        .uki("good.efi", "ID=good\nVERSION_ID=1", "quiet")
        .uki(".hidden.efi", "ID=a\nVERSION_ID=1", "quiet")
        .uki("auto-a.efi", "ID=a\nVERSION_ID=1", "quiet")
        .uki("folder.efi/a.efi", "ID=a\nVERSION_ID=1", "quiet")
        .uki("a.efi.bak", "ID=a\nVERSION_ID=1", "quiet")
        .image(
            "no-name.efi",
            &[(".osrel", "VERSION_ID=1"), (".cmdline", "a")],
        )
        .image("no-osrel.efi", &[(".cmdline", "a")])
        .file("esp/EFI/Linux/text.efi", "text")
        .file("esp/EFI/Linux/empty.efi", "")
        .file("esp/EFI/Linux/arm.efi", arm)
        .file("esp/EFI/Linux/no-kernel.efi", without_kernel)
        .hidden(&["/auto-a.efi", "/arm.efi", "/no-kernel.efi"])
        .agrees(1);
}

#[test]
fn images_on_both_partitions() {
    let sections = [
        (".osrel", &b"ID=x\nVERSION_ID=2"[..]),
        (".linux", b"k"),
        (".cmdline", b"b"),
    ];
    Tree::new()
        .uki("a.efi", "ID=x\nVERSION_ID=1", "a")
        .uki("c.efi", "ID=x\nVERSION_ID=3", "a")
        .file("xbootldr/EFI/Linux/b.efi", pe::image(pe::AMD64, &sections))
        .agrees(3);
}

/// Entries put together at random from what is tricky.
#[test]
fn any_combination() {
    for seed in 1..=4 {
        let mut tree = Tree::new();
        for (name, text) in entries::at_random(seed, "+3") {
            tree = tree.entry(&name, &text);
        }
        tree.agrees(100);
    }
}
