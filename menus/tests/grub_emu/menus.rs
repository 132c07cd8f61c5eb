//! Menus have the same entries.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use menus::grub;
use menus::memory::Memory;
use menus::storage::{Location, Properties};

use crate::emulator::{Emulator, MENU};
use crate::scripts;

/// Titles by their way of numbers through the menu.
type Titles = BTreeMap<Vec<usize>, String>;

/// Every title that the crate finds, those of submenus too.
fn ours(directory: &Path) -> Titles {
    let mut memory = Memory::default();
    let device = memory.add(Properties::default());
    for file in fs::read_dir(directory).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            let path = format!("/grub/{}", file.file_name().to_str().unwrap());
            memory.file(device, &path, &fs::read(file.path()).unwrap());
        }
    }
    let config = Location::new(device, "/grub/grub.cfg").unwrap();
    let menu = grub::read(&memory, &config);
    let mut titles = Titles::new();
    for entry in &menu.entries {
        let numbers = entry.aliases[0]
            .split('>')
            .map(|number| number.parse().unwrap());
        let numbers: Vec<usize> = numbers.collect();
        // A `>` that is part of a title is doubled.
        let way = entry.id.replace(">>", "\0");
        let mut way: Vec<String> = way.split('>').map(|part| part.replace('\0', ">")).collect();
        assert_eq!(way.len(), numbers.len(), "{}", entry.id);
        way.pop();
        way.push(entry.title.clone());
        for depth in 1..=numbers.len() {
            titles.insert(numbers[..depth].to_vec(), way[depth - 1].clone());
        }
    }
    titles
}

/// The same from GRUB's screen: of the menu at this way, and those below it.
fn compare(directory: &Path) -> usize {
    let ours = ours(directory);
    let mut ways: Vec<Vec<usize>> = vec![vec![]];
    let menus = ours
        .keys()
        .filter(|way| way.len() > 1)
        .map(|way| way[..way.len() - 1].to_vec());
    ways.extend(menus);
    ways.sort();
    ways.dedup();
    for way in &ways {
        let mut grub = Emulator::start(directory, MENU);
        let mut titles = grub.titles();
        for number in way {
            grub.choose(*number);
            titles = grub.titles();
        }
        let below = ours
            .iter()
            .filter(|(known, _)| known.len() == way.len() + 1 && known.starts_with(way));
        // GRUB's screen shows no space at the end.
        let expected: Vec<&str> = below.map(|(_, title)| title.trim_end()).collect();
        assert_eq!(
            expected,
            titles,
            "the menu {way:?} of {}",
            directory.display()
        );
    }
    ours.len()
}

fn compare_text(config: &str) -> usize {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    fs::write(directory.path().join("grub.cfg"), config).unwrap();
    compare(directory.path())
}

#[test]
fn of_grub_mkconfig() {
    let config = include_str!("../../src/grub/tests/mkconfig-btrfs.cfg");
    // grub-emu would open a window.
    let config = config.replace("terminal_output gfxterm", "true");
    assert_eq!(compare_text(&config), 6);
}

#[test]
fn at_random() {
    let menus = match cfg!(feature = "heavy") {
        true => 60,
        false => 4,
    };
    for seed in 1..=menus {
        let mut random = scripts::Random::new(seed);
        compare_text(&scripts::menu(&mut random));
    }
}

/// The menu of the rescue disk.
#[test]
fn of_debian() {
    let package = tests::debian::package("grub-rescue-pc").unwrap();
    let image = package.join("usr/lib/grub-rescue/grub-rescue-cdrom.iso");
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut extract = tests::tool::command("xorriso");
    extract.args(["-osirrox", "on", "-indev"]).arg(&image);
    extract
        .args(["-extract", "/boot/grub/grub.cfg"])
        .arg(directory.path().join("grub.cfg"));
    tests::tool::run(&mut extract).unwrap();
    assert!(compare(directory.path()) > 0);
}

/// The installer's, with its submenus.
#[cfg(feature = "heavy")]
#[test]
fn of_the_installer() {
    let package = tests::debian::package("debian-installer-12-netboot-amd64").unwrap();
    let images = package.join("usr/lib/debian-installer/images/12/amd64");
    for look in ["text", "gtk"] {
        let config = images
            .join(look)
            .join("debian-installer/amd64/grub/grub.cfg");
        let config = fs::read_to_string(&config).unwrap();
        let config = config.replace("terminal_output gfxterm", "true");
        assert!(compare_text(&config) > 20, "{look}");
    }
}
