//! The menu: its entries, their order, their titles, how long it is shown, and the
//! one that boots when nobody chooses.

use super::{HEAVY, Tree, without_counter};
use fuzz::pe;
use std::fs;
use std::ops::Range;
use std::path::Path;
use tests::decision::Decision;
use tests::gapboot;
use tests::images::entries;
use tests::loaders::systemd_boot::{self, Boot, Release};

/// A difference that is meant. Entries are named by their ids.
#[derive(Clone, Copy)]
enum Difference {
    /// Only gapboot shows it.
    Ours(&'static str),
    /// Only systemd-boot shows it.
    Theirs(&'static str),
    /// It has this id in systemd-boot.
    Id(&'static str, &'static str),
    /// It has another place in the menu.
    Place(&'static str),
    /// It has this title in systemd-boot.
    Title(&'static str, &'static str),
}
use Difference::{Id, Ours, Place, Theirs, Title};

/// A difference, and the versions of systemd-boot that show it.
type Known = (Difference, Range<u32>);

const ALL: Range<u32> = 0..u32::MAX;

/// Ids and titles in the menu's order. A title is empty where the screen had no
/// room for it.
type Menu = Vec<(String, String)>;

fn has(menu: &Menu, id: &str) -> bool {
    menu.iter().any(|(other, _)| other == id)
}

impl Tree {
    /// Asserts that both loaders show the same, but for what is known, and boot
    /// the same.
    #[track_caller]
    fn agrees(&self, release: Release, known: &[Known]) {
        let disk = self.disk(release);
        let listed = gapboot::list(&disk).unwrap();
        let (decision, theirs) = self.boot(&disk, None);
        let default = listed.iter().find(|entry| entry.is_default).unwrap();
        assert_eq!(decision.selected, default.id);
        let ours = listed.into_iter();
        let ours: Menu = ours.map(|entry| (entry.id, entry.show_title)).collect();
        same_menus(ours, menu(&theirs), &known_by(known, theirs.version));
        same_decisions(&decision, &theirs);
    }

    /// What either loader does with a copy of a disk.
    pub(super) fn boot(&self, disk: &Path, enter: Option<&str>) -> (Decision, Boot) {
        let copy = tempfile::Builder::new().tempfile_in(self.path("")).unwrap();
        let start = || fs::copy(disk, copy.path()).unwrap();
        start();
        let theirs = systemd_boot::boot(copy.path(), enter).unwrap();
        start();
        (gapboot::boot(copy.path(), enter).unwrap(), theirs)
    }
}

fn known_by(known: &[Known], version: u32) -> Vec<Difference> {
    let known = known.iter().filter(|(_, by)| by.contains(&version));
    known.map(|(difference, _)| *difference).collect()
}

/// An id without the counter that older versions leave in it.
fn known_id(boot: &Boot, id: &str) -> String {
    match boot.version < 257 {
        true => without_counter(id),
        false => id.to_owned(),
    }
}

fn menu(boot: &Boot) -> Menu {
    let titles = boot.titles.iter().cloned();
    let titles = titles.chain(std::iter::repeat(String::new()));
    let ids = boot.entries.iter().map(|id| known_id(boot, id));
    ids.zip(titles).collect()
}

/// Takes each known difference out, which must be there, and asserts that there is
/// no other.
#[track_caller]
fn same_menus(mut ours: Menu, mut theirs: Menu, known: &[Difference]) {
    for &difference in known {
        match difference {
            Ours(id) => {
                assert!(has(&ours, id) && !has(&theirs, id), "only ours: {id}");
                ours.retain(|(other, _)| other != id);
            }
            Theirs(id) => {
                assert!(has(&theirs, id) && !has(&ours, id), "only theirs: {id}");
                theirs.retain(|(other, _)| other != id);
            }
            Id(id, other) => {
                let theirs = theirs.iter_mut().find(|(theirs, _)| theirs == other);
                theirs.unwrap().0 = id.to_owned();
            }
            Title(id, title) => {
                let theirs = theirs.iter_mut().find(|(other, _)| other == id).unwrap();
                let ours = ours.iter().find(|(other, _)| other == id).unwrap();
                assert!(theirs.1 == title && ours.1 != title, "the title of {id}");
                theirs.1.clone_from(&ours.1);
            }
            Place(_) => {}
        }
    }
    for &difference in known {
        if let Place(id) = difference {
            let place = |menu: &Menu| menu.iter().position(|(other, _)| other == id).unwrap();
            let (our, their) = (place(&ours), place(&theirs));
            assert_ne!(our, their, "the place of {id}");
            assert_eq!(ours.remove(our), theirs.remove(their));
        }
    }
    for ((_, ours), (_, theirs)) in ours.iter_mut().zip(&theirs) {
        if theirs.is_empty() {
            ours.clear();
        }
    }
    assert_eq!(ours, theirs);
}

#[track_caller]
pub(super) fn same_decisions(ours: &Decision, boot: &Boot) {
    let mut theirs = boot.decision.clone();
    theirs.selected = known_id(boot, &theirs.selected);
    // What is in an image is not handed to it.
    theirs.options = theirs.options.or_else(|| ours.options.clone());
    assert_eq!(*ours, theirs);
}

const MACHINE: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210";

#[test]
fn type_1() {
    for release in Release::ALL {
        Tree::new()
            .conf("timeout 1\ndefault d3*\n")
            .entry(
                "d3.conf",
                "title Debian\nsort-key debian\nversion 3\noptions a \"b  c\" d\noptions e",
            )
            .entry("d10.conf", "title Debian\nsort-key debian\nversion 10")
            .entry(
                "m1.conf",
                &format!("title Same\nsort-key m\nversion 1\nmachine-id {MACHINE}"),
            )
            .entry(
                "m2.conf",
                &format!("title Same\nsort-key m\nversion 1\nmachine-id {OTHER}"),
            )
            .entry("t1.conf", "title Twin\nversion 1")
            .entry("t2.conf", "title Twin\nversion 1")
            .entry("none.conf", "version 7")
            .entry("named.conf", "title none.conf\nversion 8")
            .entry("quoted.conf", "title \"Quoted\"\nsort-key 'q'")
            .entry("bad+0-3.conf", "title Bad\nsort-key a")
            .entry("worse+0.conf", "title Worse\nsort-key a\nversion 2")
            .entry(
                "trying+2-1.conf",
                "title Trying\nsort-key debian\nversion 4",
            )
            .entry("fresh+3.conf", "title Fresh\nsort-key debian\nversion 5")
            .entry("wide+010-007.conf", "title Wide")
            .entry("no+x.conf", "title No counter")
            .entry("c++11+2-0.conf", "title Two plus")
            .entry("arm.conf", "architecture aa64")
            .entry("ia32.conf", "title 32 bits\narchitecture IA32")
            .entry("X64.CONF", "title Large letters\narchitecture X64")
            .raw("program.conf", "title Program\nefi /kernel\n")
            .raw("uki.conf", "title An image\nuki /kernel\n")
            .raw("both.conf", "title Both\nlinux /kernel\nefi /kernel\n")
            .raw("lost.conf", "title Lost\nlinux /nowhere\n")
            .raw(
                "crlf.conf",
                "title CRLF\r\n\r\nlinux\t/kernel\r\n#title no\r\n",
            )
            .entry("arch.conf", "title Arch")
            .entry("arch-fallback.conf", "title Arch fallback")
            .entry("6.9.conf", "title Version")
            .entry("6.9-rc1.conf", "title Version rc1")
            .entry("x+3.conf", "title X")
            .entry("x1.conf", "title X1")
            .entry(
                "xbootldr/there.conf",
                "title There\nsort-key debian\nversion 6",
            )
            .entry("xbootldr/t2.conf", "title There too\nversion 1")
            .entry("auto-x.conf", "title Auto")
            .entry(".hidden.conf", "title Hidden")
            .raw("README", "linux /kernel\n")
            .agrees(
                release,
                &[
                    (Ours("ia32.conf"), ALL),
                    (Ours("uki.conf"), 0..258),
                    (Theirs("both.conf"), 0..258),
                    (Title("quoted.conf", "Quoted"), ALL),
                    (Place("quoted.conf"), 257..u32::MAX),
                    (Place("x.conf"), 0..257),
                ],
            );
    }
}

const OS: &str = "ID=os\nVERSION_ID=1\nPRETTY_NAME=\"An image\"\n";

#[test]
fn images() {
    for release in Release::ALL {
        let profiles = [
            (".osrel", "ID=multi\nNAME=Multi\nVERSION=2\n"),
            (".cmdline", "first"),
            (".profile", "ID=main\nTITLE=Main\n"),
            (".profile", "ID=rescue\nTITLE=Rescue\n"),
            (".cmdline", "rescue"),
            (".profile", "ID=debug\n"),
            (".cmdline", "debug"),
            (".profile", "X=1\n"),
        ];
        let arm = pe::image(0xaa64, &[(".osrel", OS.as_bytes()), (".linux", b"k")]);
        Tree::new()
            .conf("timeout 2\ndefault im*.efi\n")
            .image("image.efi", &[(".osrel", OS), (".cmdline", "a=1")])
            .image(
                "xbootldr/Other+3.EFI",
                &[(".osrel", OS), (".cmdline", "a=2")],
            )
            .image(
                "bad+0-3.efi",
                &[(".osrel", "ID=b\nNAME=Bad"), (".cmdline", "b")],
            )
            .image(
                "c2+2-1.efi",
                &[
                    (".osrel", "ID=c\nIMAGE_ID=im\nIMAGE_VERSION=2"),
                    (".cmdline", "c"),
                ],
            )
            .image(
                "c3.efi",
                &[
                    (".osrel", "ID=c\nIMAGE_ID=im\nIMAGE_VERSION=3"),
                    (".cmdline", "c"),
                ],
            )
            .image("no-cmdline.efi", &[(".osrel", "ID=n\nNAME=None")])
            .image(
                "single.efi",
                &[
                    (".osrel", "# x\nNAME='Single'\r\nID='s'\nBUILD_ID=3"),
                    (".cmdline", "d"),
                ],
            )
            .image("no-osrel.efi", &[(".cmdline", "e")])
            .image(
                "no-name.efi",
                &[(".osrel", "VERSION_ID=1"), (".cmdline", "e")],
            )
            .image("multi.efi", &profiles)
            .file("esp/EFI/Linux/arm.efi", arm)
            .file("esp/EFI/Linux/text.efi", "text")
            .image("auto-x.efi", &[(".osrel", OS), (".cmdline", "a")])
            .image(".hidden.efi", &[(".osrel", OS), (".cmdline", "a")])
            .entry(
                "type1.conf",
                "title An image\nsort-key os\nversion 2\noptions a=3",
            )
            .entry("im.conf", "sort-key im\nversion 2.5")
            .agrees(
                release,
                &[
                    (Ours("multi.efi@rescue"), 0..257),
                    (Ours("multi.efi@debug"), 0..257),
                    (Ours("multi.efi@3"), 0..257),
                    (Title("multi.efi@3", "Multi (Profile #4)"), 257..u32::MAX),
                    (Title("multi.efi", "Multi"), 0..257),
                    (Title("single.efi", "'Single'"), 0..257),
                    (Place("single.efi"), 0..257),
                    (Title("other.efi", "An image (1) (other+3.efi)"), 0..257),
                    (Id("other.efi", "Other.efi"), 257..u32::MAX),
                    (
                        Title("other.efi", "An image (1) (Other.efi)"),
                        257..u32::MAX,
                    ),
                    (Place("other.efi"), 257..u32::MAX),
                ],
            );
    }
}

/// Entries put together at random from what is tricky.
#[test]
fn any_combination() {
    let seeds = if HEAVY { 8 } else { 1 };
    for seed in 1..=seeds {
        let mut tree = Tree::new().conf("");
        for (name, text) in entries::at_random(seed, "+3-0") {
            tree = tree.entry(&name, &text);
        }
        tree.agrees(Release::ALL[seed as usize % 2], &[]);
    }
}
