//! `loader.conf`: which entry it makes boot, and whether there is a menu before.

use super::menus::same_decisions;
use super::{HEAVY, Tree};
use tests::decision::Asked;
use tests::images::Volume;
use tests::loaders::systemd_boot::Release;

/// A `loader.conf`, what it makes boot, and whether there is a menu.
const SETTINGS: [(&str, &str, Asked); 10] = [
    ("", "new.conf", Asked::Not),
    ("default old*\ntimeout 0", "old.conf", Asked::Not),
    (
        "default OLD.CONF\r\ntimeout menu-hidden\r\n",
        "old.conf",
        Asked::Not,
    ),
    (
        "default multi.efi@r*\ntimeout 1",
        "multi.efi@rescue",
        Asked::For(1),
    ),
    (
        "default \"b?d*\"\ntimeout menu-disabled",
        "bad.conf",
        Asked::Not,
    ),
    ("default *.efi\n", "multi.efi", Asked::Not),
    (
        "default old*\ndefault [l-n]id*\ntimeout 2\ntimeout x",
        "mid.conf",
        Asked::For(2),
    ),
    (
        "default nothing*\n#default old*\ntimeout menu-force",
        "new.conf",
        Asked::Forever,
    ),
    ("timeout 1\ndefault @saved", "new.conf", Asked::For(1)),
    ("Default old*\ndefault\ntimeout yes", "new.conf", Asked::Not),
];

/// The loaders of both releases take turns, or each does all. That of Debian 12 knows
/// no profiles.
fn settings(release: Release) {
    let profiles = [
        (".osrel", "ID=os\nNAME=Multi\nVERSION=2"),
        (".cmdline", "first"),
        (".profile", "ID=main"),
        (".profile", "ID=rescue"),
        (".cmdline", "rescue"),
    ];
    let entry = |version: u32| format!("sort-key os\nversion {version}\noptions {version}");
    let tree = Tree::new()
        .entry("old.conf", &entry(1))
        .entry("mid+2-1.conf", &entry(3))
        .entry("new.conf", &entry(4))
        .entry("bad+0-3.conf", &entry(9))
        .image("multi.efi", &profiles);
    let disk = tree.disk(release);
    for (index, (conf, id, asked)) in SETTINGS.into_iter().enumerate() {
        let profiles = id.starts_with("multi");
        let turn = Release::ALL[index % 2] == release;
        if !(turn || HEAVY) || profiles && release == Release::Own {
            continue;
        }
        let volume = Volume::open(&disk, 1).unwrap();
        volume.write("loader/loader.conf", conf).unwrap();
        let enter = (asked == Asked::Forever).then_some("new.conf");
        let (decision, theirs) = tree.boot(&disk, enter);
        assert_eq!((&*decision.selected, decision.asked), (id, asked), "{conf}");
        same_decisions(&decision, &theirs);
    }
}

#[test]
fn settings_of_this_release() {
    settings(Release::Own);
}

#[test]
fn settings_of_debian_13() {
    settings(Release::Trixie);
}

/// Without its suffix an id is none to systemd-boot.
#[test]
fn an_id_without_suffix() {
    let tree = Tree::new()
        .conf("default old")
        .entry("old.conf", "version 1")
        .entry("other.conf", "version 2");
    let (ours, theirs) = tree.boot(&tree.disk(Release::Trixie), None);
    assert_eq!(ours.selected, "old.conf");
    assert_eq!(theirs.decision.selected, "other.conf");
}
