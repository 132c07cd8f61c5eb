//! The menu and the shell's line on several terminals at the same time: pseudo-terminals,
//! on each of which a person reads and types.

// Tests may fail by panicking: that is what they are for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::as_conversions
)]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use boot::machine::Console;
use boot::menu::Timeout;
use bridge::console::{Screen, Terminal, Terminals};
use bridge::devices::Devices;
use bridge::log::Log;
use bridge::menu::{Answer, Item, Showing, Starts, show};
use bridge::modules::index::Index;
use bridge::modules::loader::{Loader, insert};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// The side of a person.
struct Person(File);

/// A pseudo-terminal of this size.
fn terminal(columns: u16, lines: u16) -> (Person, Terminal) {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    let master: OwnedFd = openpt(flags).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let size = Winsize {
        ws_row: lines,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&master, size).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let terminal = Terminal::open(&PathBuf::from(name.to_str().unwrap())).unwrap();
    (Person(File::from(master)), terminal)
}

impl Person {
    /// Reads until this text came.
    fn reads(&mut self, text: &str) -> String {
        let mut seen = Vec::new();
        let mut bytes = [0; 4096];
        loop {
            let count = self.0.read(&mut bytes).unwrap();
            seen.extend_from_slice(&bytes[..count]);
            let seen = String::from_utf8_lossy(&seen);
            if seen.contains(text) {
                return seen.into_owned();
            }
        }
    }

    fn types(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).unwrap();
    }
}

fn item(title: &str) -> Item {
    Item {
        id: title.to_owned(),
        title: title.to_owned(),
        cmdline: Ok("quiet".to_owned()),
        details: Vec::new(),
        starts: Starts::Block(0),
    }
}

/// Shows a menu on these terminals, and gives the answer.
fn answer(terminals: Vec<Terminal>) -> Answer {
    let index = Index::default();
    let mut devices = Devices::without_messages(Loader::new(&index, &insert), Log::default());
    let mut terminals = Terminals::new(terminals);
    let mut screen = Screen::new(&mut terminals, &mut devices, true);
    let showing = Showing {
        timeout: Timeout::Forced,
        since: Instant::now(),
        selected: 0,
        message: "",
    };
    show(&mut screen, &[item("First"), item("Zweiter ä")], &showing)
}

#[test]
fn all_show_the_same_and_any_may_answer() {
    for who in [0, 1] {
        let (one, first) = terminal(100, 30);
        let (two, second) = terminal(0, 0);
        let mut people = [one, two];
        let menu = thread::spawn(move || answer(vec![first, second]));
        for person in &mut people {
            person.reads("Zweiter ä");
        }
        // Down, and Enter.
        people[who].types("\x1b[B\r");
        let expected = Answer::Start {
            item: 1,
            cmdline: None,
        };
        assert_eq!(menu.join().unwrap(), expected);
    }
}

#[test]
fn keys_of_the_menu() {
    for (keys, expected) in [
        ("c", Answer::Shell),
        ("O", Answer::PowerOff),
        ("B", Answer::Reboot),
        // In the command line, `c` is a letter.
        (
            "e\x1b[Fc\r",
            Answer::Start {
                item: 0,
                cmdline: Some("quietc".to_owned()),
            },
        ),
    ] {
        let (mut person, first) = terminal(80, 25);
        let menu = thread::spawn(move || answer(vec![first]));
        person.reads("First");
        person.types(keys);
        assert_eq!(menu.join().unwrap(), expected, "{keys:?}");
    }
}

#[test]
fn a_terminal_that_is_gone_holds_nothing_up() {
    let (gone, first) = terminal(80, 25);
    let (mut person, second) = terminal(80, 25);
    drop(gone);
    let menu = thread::spawn(move || answer(vec![first, second]));
    person.reads("First");
    person.types("\r");
    assert!(matches!(
        menu.join().unwrap(),
        Answer::Start { item: 0, .. }
    ));
}

#[test]
fn the_smallest_size_counts() {
    let (_one, first) = terminal(132, 24);
    let (_two, second) = terminal(80, 50);
    let index = Index::default();
    let mut devices = Devices::without_messages(Loader::new(&index, &insert), Log::default());
    let mut terminals = Terminals::new(vec![first, second]);
    let screen = Screen::new(&mut terminals, &mut devices, false);
    assert_eq!(screen.size(), (80, 24));
}
