//! The menus of other loaders, as distributions make them: what `gapboot list` shows is
//! what the loader shows, and what `gapboot kexec` starts in a guest is what the loader
//! starts from power-on. Kernel, initrd and command line are compared by what the started
//! system reports. No disk is changed by listing or loading.
//!
//! Each entry takes two machines. `./x test` starts one entry of each kind, `./x heavy`
//! all of them.
//!
//! | module | content |
//! |---|---|
//! | `running` | `gapboot kexec --system`, in a system that GRUB has started |

mod running;

use serde::Deserialize;
use std::process::Command;
use tests::debian::{self, Flavour};
use tests::gapboot::built;
use tests::others::medium::Loader;
use tests::others::system::{self, Layout};
use tests::others::{Medium, guest, installer, menu};
use tests::tool::run;

const HEAVY: bool = cfg!(feature = "heavy");

/// An entry of a menu.
#[derive(Clone, Debug)]
struct Entry {
    /// The titles of the submenus around it, and its own.
    titles: Vec<String>,
    /// Its id.
    id: String,
    /// How `gapboot kexec` loads it.
    call: &'static str,
}

/// What `gapboot list --json` shows of an entry.
#[derive(Debug, Deserialize)]
struct Listed {
    id: String,
    title: String,
}

/// Starts entries in both ways.
#[track_caller]
fn compare(medium: &Medium, entries: &[Entry]) {
    let checksum = medium.checksum().unwrap();
    let untouched = || assert_eq!(medium.checksum().unwrap(), checksum);
    let listed = (!medium.needs_mount()).then(|| list(medium));
    untouched();
    for entry in entries {
        let own = menu::start(medium, &entry.titles).unwrap();
        let by_gapboot = guest::start(medium, &entry.id).unwrap();
        let loaded = format!("{}: loaded ({})", entry.id, entry.call);
        assert_eq!(by_gapboot.loaded, loaded);
        let of_image = if medium.is_cd() { &*loaded } else { "" };
        assert_eq!(by_gapboot.of_image, of_image);
        assert_eq!(by_gapboot.report, own.report, "{entry:?}");
        untouched();
        if let Some(listed) = &listed {
            assert_eq!(&by_gapboot.listed, listed);
        }
        let listed: Vec<Listed> = serde_json::from_str(&by_gapboot.listed).unwrap();
        for (depth, shown) in own.menus.iter().enumerate() {
            let way: Vec<_> = entry.id.split('>').take(depth).collect();
            same_titles(shown, &rows(medium.loader(), &listed, &way));
        }
    }
}

/// The menu as the host sees it.
fn list(medium: &Medium) -> String {
    let mut list = Command::new(built("gapboot").unwrap());
    let printed = run(list.args(["list", "--json"]).arg(medium.image()));
    printed.unwrap().trim_end().to_owned()
}

/// The rows of the menu at the end of a way. The title of a submenu is in ids only where
/// those are made of titles; else it is `None`.
fn rows(loader: Loader, listed: &[Listed], way: &[&str]) -> Vec<Option<String>> {
    let mut rows = Vec::new();
    let mut last = "";
    for entry in listed {
        let id: Vec<_> = entry.id.split('>').collect();
        let Some([next, inner @ ..]) = id.strip_prefix(way) else {
            continue;
        };
        match (inner, loader) {
            ([], _) => rows.push(Some(entry.title.clone())),
            (_, _) if *next == last => {}
            (_, Loader::Grub) => rows.push(Some((*next).to_owned())),
            (_, Loader::Syslinux) => rows.push(None),
        }
        last = next;
    }
    rows
}

/// Fails unless both menus are the same. GRUB cuts long titles.
fn same_titles(shown: &[String], rows: &[Option<String>]) {
    let same = |(shown, row): (&String, &Option<String>)| match (shown.strip_suffix('>'), row) {
        (_, None) => true,
        (Some(start), Some(row)) => row.starts_with(start),
        (None, Some(row)) => row == shown,
    };
    let same = shown.len() == rows.len() && shown.iter().zip(rows).all(same);
    assert!(same, "the loader shows {shown:#?}, gapboot {rows:#?}");
}

/// One of the entries, or all.
fn chosen(mut entries: Vec<Entry>, place: usize) -> Vec<Entry> {
    match HEAVY {
        true => entries,
        false => vec![entries.swap_remove(place)],
    }
}

/// An entry of GRUB, whose id is made of titles.
fn grub(titles: &[&str], call: &'static str) -> Entry {
    Entry {
        titles: titles.iter().map(|&title| title.to_owned()).collect(),
        id: titles.join(">"),
        call,
    }
}

fn release(flavour: Flavour) -> String {
    let kernel = debian::kernel(flavour).unwrap();
    let name = kernel.file_name().unwrap().to_str().unwrap();
    name.strip_prefix("vmlinuz-").unwrap().to_owned()
}

/// The entries that grub-mkconfig makes for two kernels.
fn linux() -> Vec<Entry> {
    let system = "Debian GNU/Linux";
    let mut entries = vec![grub(&[system], "kexec_file_load")];
    for flavour in [Flavour::Cloud, Flavour::Generic] {
        let title = format!("{system}, with Linux {}", release(flavour));
        for title in [title.clone(), format!("{title} (recovery mode)")] {
            let menu = format!("Advanced options for {system}");
            entries.push(grub(&[&menu, &title], "kexec_file_load"));
        }
    }
    entries
}

/// The entries that it makes for Xen. Only the generic kernel can be its first guest.
fn xen() -> Vec<Entry> {
    let system = "Debian GNU/Linux";
    let first = format!("{system}, with Xen hypervisor");
    let menu = format!("Advanced options for {system} (with Xen hypervisor)");
    let release = release(Flavour::Generic);
    let title = format!("{system}, with Xen 4.17-amd64 and Linux {release}");
    let inner = [&*menu, "Xen hypervisor, version 4.17-amd64", &title];
    vec![grub(&[&first], "kexec_load"), grub(&inner, "kexec_load")]
}

/// The entries of Debian's installer.
fn installer() -> Vec<Entry> {
    const ADVANCED: &str = "Advanced options";
    const DARK: &str = "Accessible dark contrast installer menu";
    let entries: [(&[&str], &str); 8] = [
        (&["Install"], "install"),
        (&[ADVANCED, "Expert install"], "advanced>expert"),
        (&[ADVANCED, "Rescue mode"], "advanced>rescue"),
        (&[ADVANCED, "Automated install"], "advanced>auto"),
        (&[DARK, "Install"], "dark>installdark"),
        (
            &[DARK, ADVANCED, "Expert install"],
            "dark>advanced>expertdark",
        ),
        (&[DARK, ADVANCED, "Rescue mode"], "dark>advanced>rescuedark"),
        (
            &[DARK, ADVANCED, "Automated install"],
            "dark>advanced>autodark",
        ),
    ];
    let entries = entries.map(|(titles, id)| Entry {
        id: id.to_owned(),
        ..grub(titles, "kexec_file_load")
    });
    entries.to_vec()
}

#[test]
fn grub_on_ext4_with_xen() {
    let medium = system::disk(Layout::Ext4, true).unwrap();
    compare(&medium, &chosen(linux(), 2));
    compare(&medium, &chosen(xen(), 0));
}

#[test]
fn grub_on_btrfs() {
    let medium = system::disk(Layout::Btrfs, false).unwrap();
    compare(&medium, &chosen(linux(), 0));
}

#[test]
fn grub_with_a_separate_boot() {
    let medium = system::disk(Layout::SeparateBoot, false).unwrap();
    compare(&medium, &chosen(linux(), 3));
}

#[test]
fn isolinux_with_debians_installer() {
    compare(&installer::cd().unwrap(), &chosen(installer(), 2));
}

#[test]
fn extlinux_with_debians_installer() {
    compare(&installer::disk().unwrap(), &chosen(installer(), 7));
}
