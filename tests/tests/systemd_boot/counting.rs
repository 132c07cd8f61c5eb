//! Boot counting: chains of boots that fail or succeed.

use super::{ENTRIES, HEAVY, IMAGES, Tree, without_counter};
use std::fs;
use std::path::{Path, PathBuf};
use tests::data::random;
use tests::decision::Decision;
use tests::gapboot;
use tests::images::Volume;
use tests::kernels::witness;
use tests::loaders::systemd_boot::{self, Release};

/// Numbers of the partitions.
const ESP: u32 = 1;
const XBOOTLDR: u32 = 2;

/// One disk twice, booted by either loader in turn.
struct Chain {
    _tree: Tree,
    ours: PathBuf,
    theirs: PathBuf,
}

impl Chain {
    fn new(tree: Tree, release: Release) -> Self {
        let ours = tree.disk(release);
        let theirs = tree.path("uefi.img");
        fs::copy(&ours, &theirs).unwrap();
        Self {
            _tree: tree,
            ours,
            theirs,
        }
    }

    /// Boots both. The kernel ends the machine, and nobody calls the boot a good
    /// one. Asserts that both chose the same entry, and that all names are the
    /// same; gives our decision.
    #[track_caller]
    fn boot(&self) -> Decision {
        let theirs = systemd_boot::boot(&self.theirs, None).unwrap().decision;
        let ours = gapboot::boot(&self.ours, None).unwrap();
        assert_eq!(ours.selected, without_counter(&theirs.selected));
        assert_eq!(ours.counted, theirs.counted);
        assert_eq!(names(&self.ours), names(&self.theirs));
        for number in [ESP, XBOOTLDR] {
            Volume::open(&self.ours, number).unwrap().check().unwrap();
        }
        ours
    }

    /// The same, and asserts that the chosen entry's file has this name now.
    #[track_caller]
    fn boots(&self, name: &str) {
        let decision = self.boot();
        let id = without_counter(name);
        let path = decision.counted.as_deref();
        let counted = path.map(|path| path.rsplit('/').next().unwrap());
        assert_eq!(counted, (id != name).then_some(name));
        assert_eq!(decision.selected, id);
    }

    fn both(&self, change: impl Fn(&Path)) {
        [&self.ours, &self.theirs]
            .into_iter()
            .for_each(|disk| change(disk));
    }

    /// Takes the counter out of a name, as systemd-bless-boot does.
    fn bless(&self, number: u32, path: &str) {
        self.both(|disk| {
            let volume = Volume::open(disk, number).unwrap();
            let (_, name) = path.rsplit_once('/').unwrap();
            volume.rename(path, &without_counter(name)).unwrap();
        });
    }

    fn remove(&self, path: &str) {
        self.both(|disk| Volume::open(disk, ESP).unwrap().remove(path).unwrap());
    }

    fn add(&self, number: u32, path: &str, content: &[u8]) {
        self.both(|disk| {
            let volume = Volume::open(disk, number).unwrap();
            volume.write(path, content.to_vec()).unwrap();
        });
    }
}

/// All names of entries, sorted.
fn names(disk: &Path) -> Vec<Vec<String>> {
    let names = |(number, directory)| {
        let mut names = Volume::open(disk, number)
            .unwrap()
            .names(directory)
            .unwrap();
        names.sort();
        names
    };
    let directories = [ESP, XBOOTLDR].map(|number| [(number, ENTRIES), (number, IMAGES)]);
    directories.into_iter().flatten().map(names).collect()
}

fn entry(version: u32) -> String {
    format!("sort-key os\nversion {version}\nlinux /kernel\noptions {version}\n")
}

fn osrel(version: u32) -> String {
    format!("ID=os\nNAME=Os\nVERSION={version}\n")
}

/// Type 1: attempts that all fail, then one that succeeds, an update that fails at
/// once, and in the end nothing but bad entries.
fn type_1(release: Release) {
    let at = |name: &str| format!("{ENTRIES}/{name}");
    let tree = Tree::new()
        .raw("new+3.conf", &entry(3))
        .raw("mid+2-0.conf", &entry(2))
        .raw("old.conf", &entry(1));
    let chain = Chain::new(tree, release);
    chain.boots("new+2-1.conf");
    chain.boots("new+1-2.conf");
    chain.boots("new+0-3.conf");
    chain.boots("mid+1-1.conf");
    chain.bless(ESP, &at("mid+1-1.conf"));
    chain.boots("mid.conf");
    chain.add(ESP, &at("update+1-0.conf"), entry(4).as_bytes());
    chain.boots("update+0-1.conf");
    chain.boots("mid.conf");
    chain.remove(&at("mid.conf"));
    chain.boots("old.conf");
    chain.remove(&at("old.conf"));
    chain.boots("update+0-2.conf");
    chain.add(ESP, "loader/loader.conf", b"default new*\n");
    chain.boots("new+0-4.conf");
}

/// The same with images, one of them on XBOOTLDR and with profiles, and an entry
/// of Type 1 to fall back to.
fn type_2(release: Release) {
    let at = |name: &str| format!("{IMAGES}/{name}");
    let (first, second) = (osrel(3), osrel(2));
    let profiles = [
        (".osrel", &*first),
        (".profile", "ID=main"),
        (".profile", "ID=rescue"),
    ];
    let tree = Tree::new()
        .image("xbootldr/new+2-0.efi", &profiles)
        .image("mid+3.efi", &[(".osrel", &second), (".cmdline", "2")])
        .raw("old.conf", &entry(1));
    let chain = Chain::new(tree, release);
    chain.boots("new+1-1.efi");
    chain.boots("new+0-2.efi");
    chain.boots("mid+2-1.efi");
    chain.boots("mid+1-2.efi");
    chain.bless(ESP, &at("mid+1-2.efi"));
    chain.boots("mid.efi");
    let update = witness::image(&[(".osrel", &osrel(4)), (".cmdline", "4")]).unwrap();
    chain.add(ESP, &at("next+1.efi"), &update);
    chain.boots("next+0-1.efi");
    chain.boots("mid.efi");
    chain.remove(&at("mid.efi"));
    chain.boots("old.conf");
}

#[test]
fn a_chain_of_type_1() {
    type_1(Release::Own);
    if HEAVY {
        type_1(Release::Trixie);
    }
}

#[test]
fn a_chain_of_type_2() {
    type_2(Release::Trixie);
    if HEAVY {
        type_2(Release::Own);
    }
}

/// Entries of both types on both partitions. A third of their boots succeeds; then,
/// and now and then, there is a new one.
fn at_random(release: Release, boots: u32) {
    let mut bytes = random(boots.into(), 10_000).into_iter();
    let mut choose = |from: u8| bytes.next().unwrap() % from;
    let chain = Chain::new(Tree::new(), release);
    let mut number = 0;
    let mut add = |choose: &mut dyn FnMut(u8) -> u8| {
        number += 1;
        // Mostly newer than what is there.
        let version = number + u32::from(choose(3));
        let name = format!("e{number}+{}-0", choose(3) + 1);
        let (path, content) = match choose(2) {
            0 => (format!("{ENTRIES}/{name}.conf"), entry(version).into()),
            _ => {
                let image = witness::image(&[(".osrel", &osrel(version)), (".cmdline", "")]);
                (format!("{IMAGES}/{name}.efi"), image.unwrap())
            }
        };
        chain.add([ESP, XBOOTLDR][usize::from(choose(2))], &path, &content);
    };
    (0..4).for_each(|_| add(&mut choose));
    for _ in 0..boots {
        let decision = chain.boot();
        if let Some(path) = decision.counted.filter(|_| choose(3) == 0) {
            let lies_on = |number: &u32| {
                let volume = Volume::open(&chain.ours, *number).unwrap();
                volume.read(&path).is_ok()
            };
            chain.bless([ESP, XBOOTLDR].into_iter().find(lies_on).unwrap(), &path);
            add(&mut choose);
        } else if choose(4) == 0 {
            add(&mut choose);
        }
    }
}

#[test]
fn a_chain_at_random() {
    if HEAVY {
        Release::ALL
            .into_iter()
            .for_each(|release| at_random(release, 15));
    } else {
        at_random(Release::Trixie, 3);
    }
}

/// A name, what becomes of it by systemd-boot, and by gapboot: digits keep their
/// number, and so does what comes after them; a name that would need another
/// directory entry keeps its length.
const NAMES: [(&str, &str, &str); 12] = [
    ("wide+10-00.conf", "wide+9-1.conf", "wide+09-01.conf"),
    ("update+1.conf", "update+0-1.conf", "update+0.conf"),
    ("nine+3-9.conf", "nine+2-10.conf", "nine+2-9.conf"),
    ("zero+00-00.conf", "zero+0-1.conf", "zero+00-01.conf"),
    ("big+3.CONF", "big+2-1.conf", "big+2-1.CONF"),
    ("read-only+3.conf", "read-only+3.conf", "read-only+3.conf"),
    ("bad+0.conf", "bad+0-1.conf", "bad+0-1.conf"),
    ("c++11+2-0.conf", "c++11+1-1.conf", "c++11+1-1.conf"),
    ("a+1+2.conf", "a+1+1-1.conf", "a+1+1-1.conf"),
    (
        "most+2147483647.conf",
        "most+2147483646-1.conf",
        "most+2147483646-1.conf",
    ),
    (
        "more+2147483648.conf",
        "more+2147483648.conf",
        "more+2147483648.conf",
    ),
    ("no+3-.conf", "no+3-.conf", "no+3-.conf"),
];

fn names_that_differ(release: Release, number: usize) {
    let tree = Tree::new();
    let tree = NAMES
        .iter()
        .fold(tree, |tree, (name, ..)| tree.raw(name, &entry(1)));
    let disk = tree.disk(release);
    let volume = Volume::open(&disk, ESP).unwrap();
    volume
        .make_read_only(&format!("{ENTRIES}/read-only+3.conf"))
        .unwrap();
    for (name, theirs, ours) in NAMES.into_iter().take(number) {
        let (base, _) = name.split_once('+').unwrap();
        volume
            .write("loader/loader.conf", format!("default {base}*"))
            .unwrap();
        let copy = tree.path("copy.img");
        let after = |boot: &dyn Fn(&Path)| {
            fs::copy(&disk, &copy).unwrap();
            boot(&copy);
            let gone = |names: Vec<Vec<String>>| names.concat();
            let before = gone(names(&disk));
            let new = gone(names(&copy))
                .into_iter()
                .filter(|name| !before.contains(name));
            new.collect::<Vec<_>>()
        };
        let expected = |new: &str| match new == name {
            true => Vec::new(),
            false => vec![new.to_owned()],
        };
        let found = after(&|disk| drop(systemd_boot::boot(disk, None).unwrap()));
        assert_eq!(found, expected(theirs), "{name}");
        let found = after(&|disk| drop(gapboot::boot(disk, None).unwrap()));
        assert_eq!(found, expected(ours), "{name}");
    }
}

#[test]
fn numbers_keep_their_width() {
    if HEAVY {
        let all = |release| names_that_differ(release, NAMES.len());
        Release::ALL.into_iter().for_each(all);
    } else {
        names_that_differ(Release::Own, 2);
    }
}
