use std::time::Duration;
use tests::machines::terminal;
use tests::others::{Medium, guest, installer, menu, system};

fn medium() -> Medium {
    match std::env::var("WHICH").unwrap().as_str() {
        "ext4" => system::disk(system::Layout::Ext4, true).unwrap(),
        "btrfs" => system::disk(system::Layout::Btrfs, false).unwrap(),
        "boot" => system::disk(system::Layout::SeparateBoot, false).unwrap(),
        "cd" => installer::cd().unwrap(),
        _ => installer::disk().unwrap(),
    }
}

#[test]
fn make() {
    let medium = medium();
    std::fs::copy(medium.image(), std::env::var("OUT").unwrap()).unwrap();
}

#[test]
fn look() {
    let medium = medium();
    let titles = std::env::var("TITLES").unwrap();
    let started = menu::start(&medium, &titles.split('>').collect::<Vec<_>>());
    println!("{started:#?}");
}

#[test]
fn kexec() {
    let medium = medium();
    let started = guest::start(&medium, &std::env::var("ID").unwrap());
    println!("{started:#?}");
}
