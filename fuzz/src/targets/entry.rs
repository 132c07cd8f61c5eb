//! Type 1 entries. An input is the file's name, a NUL, and the file's lines.

use super::conf::lines;
use crate::input::Input;
use boot::entries::counter::EntryName;
use boot::entries::entry::{Entry, Field};
use boot::entries::list::List;
use boot::entries::select::{self, Defaults};
use boot::entries::title;
use boot::entries::type1::{self, Draft, EntryKey};
use boot::load::cmdline::{CommandLine, LONGEST, vid_mode};
use boot::text::Text;

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let name = input.text();
    let file = input.0;
    let Some(name) = EntryName::parse(name, b".conf") else {
        return;
    };
    let mut room = [Entry::EMPTY; 3];
    let mut list = List::new(&mut room);
    for long_mode in [true, false] {
        let (mut entry, mut path) = (Entry::EMPTY, Text::UNSET);
        let mut draft = Draft::new(&name, &mut entry, &mut path);
        for line in lines(file) {
            draft.line(line, long_mode);
        }
        let fits = match draft.main() {
            Ok((_, path)) => {
                assert!(!path.is_empty() && path.len() <= Text::MAX);
                true
            }
            Err(error) => {
                assert!(error.text().next().is_some());
                false
            }
        };
        if fits {
            assert!(!entry.id().iter().any(u8::is_ascii_uppercase));
            assert!(
                entry
                    .text(Field::Title)
                    .is_none_or(|title| title.len() <= Entry::TITLE)
            );
            assert_eq!(entry.tries, name.tries);
            list.offer(&entry);
        }
    }
    title::tell_apart(&mut list);
    for rank in 0..list.len() {
        let entry = list
            .get(rank)
            .expect("there are as many entries as it says");
        let mut length = 0;
        title::write(entry, &mut |piece| length += piece.len());
        assert!(length <= 3 * Entry::TEXT);
    }
    // Further profiles of a UKI boot only if a setting names them.
    let boots = (0..list.len()).any(|rank| list.get(rank).is_some_and(|entry| entry.profile == 0));
    assert_eq!(
        select::default(&mut list, &Defaults::default(), &mut |_, _| None).is_some(),
        boots
    );
    command_line(file);
}

fn command_line(file: &[u8]) {
    let mut buffer = [0; LONGEST];
    let mut line = CommandLine::new(&mut buffer);
    let mut expected = Vec::new();
    for (key, value) in lines(file).filter_map(type1::pair) {
        match key {
            EntryKey::Options => {
                if !expected.is_empty() && !value.is_empty() {
                    expected.push(b' ');
                }
                expected.extend(value);
                line.add(value);
            }
            EntryKey::Initrd => {
                assert!(!value.is_empty());
            }
            _ => {}
        }
    }
    vid_mode(&expected, 0);
    match line.as_bytes() {
        Ok(line) => assert_eq!(line, expected),
        Err(_) => assert!(expected.len() > LONGEST),
    }
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let files = [
        "debian+3-0.conf\0title Debian\nversion 6.1.0\nlinux /vmlinuz\ninitrd /initrd.img $tuned\noptions root=/dev/sda1 vga=0x317\n",
        "a.conf\0title A\nsort-key a\nmachine-id 0123456789abcdef0123456789abcdef\nuki /EFI/Linux/a.efi\nprofile 1\nextra /x\n",
        "Z.CONF\0linux /a\nlinux /b\narchitecture ia32\noptions a\noptions b\ninitrd $x\n",
        "u.conf\0uki-url http\nefi /shell.efi\narchitecture aa64\n",
    ];
    files.map(|file| file.as_bytes().to_vec()).to_vec()
}
