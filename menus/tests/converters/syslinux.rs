//! SYSLINUX's configurations against `grub-syslinux2cfg`: the same labels with the same
//! kernels, initrds and command lines.
//!
//! GRUB's converter reads less than SYSLINUX does, so these are left out or differ:
//!
//! * It knows no submenus: labels are compared by their names, in their order.
//! * It fails on a global `append` (`kernel without label`), and takes `append -` for a
//!   word.
//! * It does not split `initrd=a,b` in `append`, and loads both `initrd=` and `initrd`.
//! * Of three files in `initrd` it loads two.
//! * `kernel k x` is a file `k x` for it.
//! * `mboot.c32` makes it use up the memory.
//! * Without a timeout it converts the default label only.

use crate::SEEDS;
use crate::random::Random;
use crate::script::{self, Boot, words};
use crate::tree;
use anyhow::{Context, Result};
use menus::menu::Boots;
use menus::{Device, Location, Menu};
use std::fs;
use std::path::Path;
use tests::debian;
use tests::tool::{command, run};

/// What `grub-syslinux2cfg` makes of a configuration, `path` from the root.
fn by_grub(root: &Path, path: &str) -> Result<Vec<Boot>> {
    let path = Path::new(path);
    let folder = path.parent().context("a configuration is in a directory")?;
    let mut grub = command("grub-syslinux2cfg");
    grub.arg("-i")
        .arg("-r")
        .arg(root)
        .arg("-t")
        .arg("/")
        .arg("-T")
        .arg(folder);
    grub.arg("-c").arg(root.join(folder.strip_prefix("/")?));
    let script = run(grub.arg(root.join(path.strip_prefix("/")?)))?;
    Ok(script::entries(&script))
}

fn read(root: &Path, path: &str) -> Result<Menu> {
    let memory = tree::memory(root)?;
    let config = Location::new(Device(0), path).context("a path")?;
    Ok(menus::syslinux::read(&memory, &config))
}

/// The labels of a menu that boot Linux.
fn linux(menu: &Menu) -> Vec<Boot> {
    let mut found = Vec::new();
    for entry in &menu.entries {
        let Boots::Linux {
            kernel,
            initrds,
            cmdline,
        } = &entry.boots
        else {
            continue;
        };
        let name = entry.id.rsplit('>').next().unwrap_or(&entry.id);
        found.push(Boot {
            name: name.to_owned(),
            kernel: kernel.path.clone(),
            initrds: initrds.iter().map(|initrd| initrd.path.clone()).collect(),
            cmdline: words(cmdline),
        });
    }
    found
}

/// A copy of the texts of Debian's installer for PXE, with a configuration `menu.cfg`
/// that shows its menu for some seconds, for GRUB's sake, and has no `help`, whose menu
/// GRUB does not open.
fn installer(architecture: &str, variant: &str) -> Result<tempfile::TempDir> {
    let package = debian::package(&format!("debian-installer-12-netboot-{architecture}"))?;
    let images = "usr/lib/debian-installer/images/12";
    let screens = format!("debian-installer/{architecture}/boot-screens");
    let from = package
        .join(images)
        .join(architecture)
        .join(variant)
        .join(&screens);
    let tree = tempfile::tempdir()?;
    fs::create_dir_all(tree.path().join(&screens))?;
    for file in fs::read_dir(&from).with_context(|| format!("reading {}", from.display()))? {
        let file = file?;
        if file
            .path()
            .extension()
            .is_some_and(|extension| extension == "cfg")
        {
            let text = fs::read_to_string(file.path())?;
            let text = text.replace(&format!("\tconfig {screens}/prompt.cfg"), "\tlocalboot -1");
            fs::write(tree.path().join(&screens).join(file.file_name()), text)?;
        }
    }
    fs::write(
        tree.path().join("menu.cfg"),
        format!("include {screens}/menu.cfg\ntimeout 50\n"),
    )?;
    Ok(tree)
}

/// Both readers find the same in Debian's installer.
fn same_in_installer(architecture: &str, variant: &str, at_least: usize) {
    let tree = installer(architecture, variant).unwrap();
    let grub = by_grub(tree.path(), "/menu.cfg").unwrap();
    let ours = linux(&read(tree.path(), "/menu.cfg").unwrap());
    assert!(grub.len() >= at_least, "{} labels", grub.len());
    assert_eq!(ours, grub);
}

#[test]
fn debians_installer() {
    same_in_installer("amd64", "text", 7);
    same_in_installer("amd64", "gtk", 10);
    same_in_installer("i386", "text", 7);
    same_in_installer("i386", "gtk", 10);
}

/// The whole menu, as it is in the package: its default is the label that the timeout
/// starts by a command line of its own.
#[test]
fn the_menu_of_debians_installer() {
    let package = debian::package("debian-installer-12-netboot-amd64").unwrap();
    let root = package.join("usr/lib/debian-installer/images/12/amd64/gtk");
    let memory = tree::memory(&root).unwrap();
    let found = menus::syslinux::places(&memory, Device(0));
    let paths: Vec<&str> = found.iter().map(|at| at.path.as_str()).collect();
    assert_eq!(paths, ["/pxelinux.cfg/default"]);
    let menu = menus::syslinux::read(&memory, &found[0]);
    let ids: Vec<&str> = menu.entries.iter().map(|entry| entry.id.as_str()).collect();
    for id in [
        "install",
        "advanced>expert",
        "dark>advanced>expertdark",
        "help>install",
    ] {
        assert!(ids.contains(&id), "{id} in {ids:?}");
    }
    let default = &menu.entries[menu.default.as_ref().unwrap().entry];
    assert_eq!(default.id, "installspk");
    assert_eq!(menu.timeout, menus::menu::Timeout::Tenths(300));
    for entry in &menu.entries {
        if let Boots::Linux {
            kernel, initrds, ..
        } = &entry.boots
        {
            assert!(kernel.is_file(&memory), "{}", entry.id);
            assert!(
                initrds.iter().all(|initrd| initrd.is_file(&memory)),
                "{}",
                entry.id
            );
        }
    }
}

/// live-build's templates, with the values that it fills in.
#[test]
fn live_builds_templates() {
    let package = debian::package("live-build").unwrap();
    let templates = package.join("usr/share/live/build/bootloaders");
    for (loader, name) in [
        ("isolinux", "isolinux.cfg"),
        ("extlinux", "extlinux.conf"),
        ("syslinux", "syslinux.cfg"),
    ] {
        let tree = tempfile::tempdir().unwrap();
        let folder = tree.path().join(loader);
        fs::create_dir(&folder).unwrap();
        for from in ["syslinux_common", loader] {
            for file in fs::read_dir(templates.join(from)).unwrap() {
                let file = file.unwrap();
                let name = file.file_name().to_string_lossy().into_owned();
                let Ok(text) = fs::read_to_string(file.path()) else {
                    continue;
                };
                let text = filled_in(&text).replace("timeout 0", "timeout 50");
                fs::write(folder.join(name.trim_end_matches(".in")), text).unwrap();
            }
        }
        let path = format!("/{loader}/{name}");
        let grub = by_grub(tree.path(), &path).unwrap();
        let menu = read(tree.path(), &path).unwrap();
        assert_eq!(linux(&menu), grub, "{loader}");
        assert!(
            grub.iter().any(|boot| boot.kernel == "/live/vmlinuz"),
            "{grub:?}"
        );
    }
}

fn filled_in(template: &str) -> String {
    let mut text = template.to_owned();
    for (name, value) in [
        ("FLAVOUR", "amd64"),
        ("LINUX", "/live/vmlinuz"),
        ("INITRD", "/live/initrd.img"),
        ("APPEND_LIVE", "boot=live components"),
        ("APPEND_GUI", "vga=788"),
        ("APPEND_INSTALL", "--- quiet"),
    ] {
        text = text.replace(&format!("@{name}@"), value);
    }
    text
}

/// A configuration of random lines that GRUB's converter understands, with its includes.
fn generated(random: &mut Random, root: &Path) -> Result<()> {
    let folder = root.join("isolinux");
    fs::create_dir_all(&folder)?;
    let mut files = [String::from("TIMEOUT 50\n"), String::new(), String::new()];
    for number in 0..2 + random.below(8) {
        let file = random.below(files.len());
        files[file] += &label(random, number);
    }
    files[0] += "Include more.cfg\n  include /isolinux/last.cfg\ninclude gone.cfg\n";
    for (name, text) in ["isolinux.cfg", "more.cfg", "last.cfg"].iter().zip(files) {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}

fn label(random: &mut Random, number: usize) -> String {
    const FILES: &[&str] = &[
        "k",
        "/k",
        "../k",
        "./a/k",
        "/a//b/../k",
        "K-6.1.0-57",
        "vmlinuz.efi",
    ];
    const WORDS: &[&str] = &[
        "quiet",
        "root=/dev/sda1",
        "x=\"a",
        "b\"",
        "it's",
        "$x",
        "\\",
        "---",
        "a,b",
        "é",
    ];
    let white = |random: &mut Random| random.one_of(&[" ", "  ", "\t", " \t "]);
    let mut text = format!(
        "{}label{}l{number}\n",
        random.one_of(&["", " ", "\t"]),
        white(random)
    );
    if random.once_in(2) {
        text += &format!("menu{}label ^Title {number}\n", white(random));
    }
    if random.once_in(4) {
        text += "text help\n label x\n kernel y\nendtext\n";
    }
    let directive = random.one_of(&["kernel", "linux", "LINUX", "Kernel"]);
    text += &format!("{directive}{}{}\n", white(random), random.one_of(FILES));
    if random.once_in(3) {
        text += &format!("{directive} {}\n", random.one_of(FILES));
    }
    let initrd_in_append = random.once_in(2);
    if random.once_in(4) {
        text += "append never\n";
    }
    text += "append";
    for _ in 0..1 + random.below(5) {
        text += white(random);
        text += random.one_of(WORDS);
    }
    if initrd_in_append {
        text += &format!(" initrd={}", random.one_of(FILES));
    } else if random.once_in(2) {
        text += &format!("\ninitrd {}", random.one_of(FILES));
        if random.once_in(2) {
            text += &format!(",{}", random.one_of(FILES));
        }
    }
    text + random.one_of(&["\n", "\r\n", "\n\n", "\n# comment\n"])
}

#[test]
fn generated_configurations() {
    for seed in 0..SEEDS {
        let tree = tempfile::tempdir().unwrap();
        generated(&mut Random::new(seed), tree.path()).unwrap();
        let grub = by_grub(tree.path(), "/isolinux/isolinux.cfg").unwrap();
        let ours = linux(&read(tree.path(), "/isolinux/isolinux.cfg").unwrap());
        assert!(!grub.is_empty(), "seed {seed}");
        assert_eq!(ours, grub, "seed {seed}");
    }
}
