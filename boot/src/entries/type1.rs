//! Type 1 entries: the lines of a `.conf` file (UAPI.1, "Type #1 Boot Loader
//! Specification Entries").
//!
//! A file is read twice. For the menu, a [`Draft`] gathers the description of the entry
//! and its first mistake. To boot, [`pair`] finds the `options` and `initrd` lines, of
//! which there may be many, in their order.
//!
//! Paths are left as they stand: [`crate::fat::Volume::find`] understands double
//! slashes, backslashes, `.` and `..`, as systemd-boot and the firmware below it do.

use super::counter::EntryName;
use super::entry::{Entry, Field};
use super::line;
use crate::text::{Text, cut};
use crate::{Error, Kind};

/// The keys that mean something here. Keys that an x86 BIOS loader has no use for
/// (`devicetree`, `devicetree-overlay`) and those of other loaders (`grub_users` and
/// the like) are unknown and ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKey {
    /// The description of the entry.
    Text(Field),
    /// The file that boots.
    Main(Main),
    /// One cpio archive; may be repeated.
    Initrd,
    /// Kernel parameters; may be repeated.
    Options,
    /// The processors that it is for.
    Architecture,
    /// The profile of a UKI.
    Profile,
    /// A credential or extension image for a UKI; may be repeated.
    Extra,
}

/// The kind of file that boots the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Main {
    /// A Linux kernel.
    Linux,
    /// A unified kernel image.
    Uki,
    /// An EFI program, which may turn out to be a UKI.
    Efi,
    /// A UKI to be fetched from the network.
    UkiUrl,
}

/// The keys, in the order of [`WORDS`].
const KEYS: [EntryKey; 13] = [
    EntryKey::Text(Field::Title),
    EntryKey::Text(Field::Version),
    EntryKey::Text(Field::SortKey),
    EntryKey::Text(Field::MachineId),
    EntryKey::Main(Main::Linux),
    EntryKey::Main(Main::Uki),
    EntryKey::Main(Main::Efi),
    EntryKey::Main(Main::UkiUrl),
    EntryKey::Initrd,
    EntryKey::Options,
    EntryKey::Architecture,
    EntryKey::Profile,
    EntryKey::Extra,
];
/// The words for them in a file.
const WORDS: &[u8] = b"title\0version\0sort-key\0machine-id\0linux\0uki\0efi\0uki-url\0\
    initrd\0options\0architecture\0profile\0extra\0";

impl EntryKey {
    /// The word for it in a file.
    pub(crate) fn name(self) -> &'static [u8] {
        let words = WORDS.split(|byte| *byte == 0);
        let found = KEYS.iter().zip(words).find(|(key, _)| **key == self);
        found.map_or(b"", |(_, word)| word)
    }
}

/// The key and the value of a line; None if the line has no key that is known here.
/// Values are literal, with no quotes and no escapes.
///
/// Of a line of [`line::LINE`] bytes a part may be missing. All of it is the value, which is too
/// long for every key: the entry must not boot with the rest of what it says.
///
/// The values of `initrd` and `options` end in variables for GRUB in Fedora's entries
/// (`/initramfs.img $tuned_initrd`). These do not belong to the value, and a line with
/// nothing else says nothing.
pub fn pair(line: &[u8]) -> Option<(EntryKey, &[u8])> {
    let (word, value) = line::split(line, line::BLANK)?;
    let key = KEYS.get(line::word(WORDS, word)?)?;
    let value = match key {
        _ if line.len() >= line::LINE => line,
        EntryKey::Initrd | EntryKey::Options => without_variables(value)?,
        _ => value,
    };
    Some((*key, value))
}

/// A value without the words at its end that start with `$`; None if it has no others.
fn without_variables(mut value: &[u8]) -> Option<&[u8]> {
    loop {
        value = line::trim(value);
        let blank = value.iter().rposition(|byte| line::BLANK.contains(byte));
        let word = blank.map_or(0, |at| at.saturating_add(1));
        match value.split_at_checked(word)? {
            (rest, [b'$', ..]) => value = rest,
            _ => return (!value.is_empty()).then_some(value),
        }
    }
}

/// The content of an entry's file, gathered line by line for the menu.
///
/// A repeated key replaces the earlier value. A single mistake makes the entry
/// unusable, whatever follows.
pub struct Draft<'a> {
    /// The entry for the list.
    pub entry: &'a mut Entry,
    /// The path of the file that boots it.
    pub path: &'a mut Text,
    main: Option<Main>,
    problem: Option<Kind>,
}

impl<'a> Draft<'a> {
    /// An entry from the file `name`. The caller lends the memory for entry and path;
    /// its content does not matter.
    pub fn new(name: &EntryName, entry: &'a mut Entry, path: &'a mut Text) -> Self {
        entry.clear();
        path.clear();
        entry.tries = name.tries;
        let fits = entry.set_id(&name.id()).is_some();
        let problem = (!fits).then_some(Kind::EntryTooLong);
        Draft {
            entry,
            path,
            main: None,
            problem,
        }
    }

    /// Checks that the entry's id had room.
    ///
    /// # Errors
    /// [`Kind::EntryTooLong`].
    pub fn check_id(&self) -> Result<(), Error> {
        self.problem.map_or(Ok(()), |kind| Err(Error::new(kind, 0)))
    }

    /// The state before any line: the entry with its id, and the memory for a path.
    ///
    /// # Errors
    /// [`Kind::EntryTooLong`].
    pub fn without_lines(self) -> Result<(&'a mut Entry, &'a mut Text), Error> {
        self.check_id()?;
        Ok((self.entry, self.path))
    }

    /// Takes in one line. `long_mode` is true where the processor can run
    /// 64-bit kernels.
    pub fn line(&mut self, line: &[u8], long_mode: bool) {
        let Some((key, value)) = pair(line) else {
            return;
        };
        let (kind, fine) = match key {
            EntryKey::Text(field) => {
                let most = if field == Field::Title {
                    Entry::TITLE
                } else {
                    usize::MAX
                };
                (
                    Kind::EntryTooLong,
                    self.entry.set(field, &[cut(value, most)]).is_some(),
                )
            }
            EntryKey::Main(main) => {
                self.path.set(&[value]);
                (Kind::EntryAmbiguous, *self.main.get_or_insert(main) == main)
            }
            EntryKey::Architecture => {
                let runs = value.eq_ignore_ascii_case(b"ia32")
                    || long_mode && value.eq_ignore_ascii_case(b"x64");
                (Kind::EntryArchitecture, runs)
            }
            EntryKey::Profile => {
                self.entry.profile = line::number(value).unwrap_or(self.entry.profile);
                return;
            }
            EntryKey::Initrd | EntryKey::Options | EntryKey::Extra => return,
        };
        if !fine {
            self.problem = self.problem.or(Some(kind));
        }
    }

    /// The kind of file that boots the entry, and its path.
    ///
    /// # Errors
    /// `Entry*`: the first mistake of the entry.
    pub fn main(&self) -> Result<(Main, &[u8]), Error> {
        let kind = match (self.problem, self.main, self.path.get()) {
            (Some(problem), ..) => problem,
            (_, None, _) => Kind::EntryWithoutKernel,
            (_, Some(Main::UkiUrl), _) => Kind::EntryFromNetwork,
            (_, _, None) => Kind::EntryPath,
            (_, Some(main), Some(path)) => return Ok((main, path)),
        };
        Err(Error::new(kind, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::string::{String, ToString};
    use std::vec::Vec;

    fn string(text: &[u8]) -> String {
        String::from_utf8(text.to_vec()).unwrap()
    }

    /// The main file and its path, or the mistake.
    fn main_of(file: &str, long_mode: bool) -> Result<(Main, String), Kind> {
        read("a.conf", file, long_mode, |draft| match draft.main() {
            Ok((main, path)) => Ok((main, string(path))),
            Err(error) => Err(error.kind()),
        })
    }

    fn read<T>(name: &str, file: &str, long_mode: bool, then: impl FnOnce(&Draft) -> T) -> T {
        let (mut entry, mut path) = (Entry::EMPTY, Text::UNSET);
        // The old content must not shine through.
        for field in [
            Field::Id,
            Field::Title,
            Field::Version,
            Field::SortKey,
            Field::MachineId,
        ] {
            assert!(entry.set(field, &[b"old"]).is_some() && path.set(&[b"/old"]));
        }
        entry.profile = 9;
        let name = EntryName::parse(name.as_bytes(), b".conf").unwrap();
        let mut draft = Draft::new(&name, &mut entry, &mut path);
        for line in file.split(['\n', '\r']) {
            draft.line(line.as_bytes(), long_mode);
        }
        then(&draft)
    }

    #[test]
    fn a_usual_entry() {
        let file = "# Boot Loader Specification type#1 entry\r\n\
            title      Debian GNU/Linux 12 (bookworm)\r\n\
            version\t6.1.0-18-amd64\r\n\
            machine-id 0123456789abcdef0123456789abcdef\r\n\
            sort-key   debian\r\n\
            options    root=UUID=x ro\r\n\
            linux      /0123/6.1.0-18-amd64/linux\r\n\
            initrd     /0123/6.1.0-18-amd64/initrd.img";
        assert_eq!(
            main_of(file, false),
            Ok((Main::Linux, "/0123/6.1.0-18-amd64/linux".into()))
        );
        read("Debian+3.Conf", file, true, |draft| {
            let entry = &*draft.entry;
            assert_eq!(entry.id(), b"debian.conf");
            assert_eq!(
                entry.text(Field::Title),
                Some(&b"Debian GNU/Linux 12 (bookworm)"[..])
            );
            assert_eq!(entry.text(Field::Version), Some(&b"6.1.0-18-amd64"[..]));
            assert_eq!(entry.text(Field::SortKey), Some(&b"debian"[..]));
            assert_eq!(
                entry.text(Field::MachineId),
                Some(&b"0123456789abcdef0123456789abcdef"[..])
            );
        });
        read("a.conf", "linux x", true, |draft| {
            assert_eq!((draft.entry.id(), draft.entry.profile), (&b"a.conf"[..], 0));
            for field in [
                Field::Title,
                Field::Version,
                Field::SortKey,
                Field::MachineId,
            ] {
                assert_eq!(draft.entry.text(field), None);
            }
        });
    }

    #[test]
    fn which_file_boots() {
        use Main::{Efi, Linux, Uki};
        let ok = |main, path: &str| Ok((main, path.to_string()));
        for (file, expected) in [
            ("linux /a", ok(Linux, "/a")),
            ("uki /a.efi", ok(Uki, "/a.efi")),
            ("efi /a.efi", ok(Efi, "/a.efi")),
            ("linux /a\nlinux /b", ok(Linux, "/b")),
            ("linux //a/../b", ok(Linux, "//a/../b")),
            ("uki-url http://x/a.efi", Err(Kind::EntryFromNetwork)),
            ("title x", Err(Kind::EntryWithoutKernel)),
            ("", Err(Kind::EntryWithoutKernel)),
            ("linux", Err(Kind::EntryWithoutKernel)),
            ("Linux /a", Err(Kind::EntryWithoutKernel)),
            ("initrd /a", Err(Kind::EntryWithoutKernel)),
            ("linux /a\nefi /a", Err(Kind::EntryAmbiguous)),
            ("linux /a\nuki /b\nlinux /a", Err(Kind::EntryAmbiguous)),
            ("uki-url :a.efi\nuki /a", Err(Kind::EntryAmbiguous)),
            ("\"linux\" /a", Err(Kind::EntryWithoutKernel)),
            ("linux /my kernel", ok(Linux, "/my kernel")),
            ("linux \"/a\"", ok(Linux, "\"/a\"")),
        ] {
            assert_eq!(main_of(file, true), expected, "{file:?}");
        }
    }

    #[test]
    fn architectures() {
        let main =
            |file: &str, long_mode| main_of(&format!("linux /a\n{file}"), long_mode).map(|_| ());
        for (file, with, without) in [
            ("architecture x64", true, false),
            ("architecture X64", true, false),
            ("architecture ia32", true, true),
            ("architecture IA32", true, true),
            ("architecture AA64", false, false),
            ("architecture x86-64", false, false),
            ("architecture aa64\narchitecture x64", false, false),
            ("architecture x64\narchitecture aa64", false, false),
            ("architecture", true, true),
        ] {
            let expected = |runs| {
                if runs {
                    Ok(())
                } else {
                    Err(Kind::EntryArchitecture)
                }
            };
            assert_eq!(main(file, true), expected(with), "{file}");
            assert_eq!(main(file, false), expected(without), "{file}");
        }
    }

    #[test]
    fn repeats_and_strangers() {
        let file = "title a\ntitle b\nversion\nversion 2\nprofile 3\nprofile x\nsort-key k\n\
            grub_users $grub_users\ngrub_class kernel\ngrub_arg --unrestricted\nid x\n\
            devicetree /x.dtb\ndevicetree-overlay /y.dtbo\nlinux /a\nTITLE c\nversion";
        read("a.conf", file, true, |draft| {
            assert!(draft.main().is_ok());
            let entry = &*draft.entry;
            assert_eq!(entry.text(Field::Title), Some(&b"b"[..]));
            assert_eq!(entry.text(Field::Version), Some(&b"2"[..]));
            assert_eq!(entry.id(), b"a.conf");
            assert_eq!(entry.profile, 3);
        });
        let repeated: Vec<_> = "initrd /a\n#initrd /b\noptions a  b\ninitrd /c\noptions c"
            .split('\n')
            .filter_map(|line| pair(line.as_bytes()))
            .map(|(key, value)| (key, string(value)))
            .collect();
        let expected = [
            (EntryKey::Initrd, "/a".into()),
            (EntryKey::Options, "a  b".into()),
            (EntryKey::Initrd, "/c".into()),
            (EntryKey::Options, "c".into()),
        ];
        assert_eq!(repeated, expected);
    }

    #[test]
    fn too_long() {
        let room = Entry::TEXT - "a.conf".len();
        let long = "x".repeat(room);
        assert!(main_of(&format!("linux a\nversion {long}"), true).is_ok());
        assert_eq!(
            main_of(&format!("linux a\nversion {long}x"), true),
            Err(Kind::EntryTooLong)
        );
        assert_eq!(
            main_of(&format!("linux {}", "x".repeat(Text::MAX + 1)), true),
            Err(Kind::EntryPath)
        );
        // A title is cut, between characters.
        read(
            "a.conf",
            &format!("linux a\ntitle {}äö", "x".repeat(Entry::TITLE - 3)),
            true,
            |draft| {
                assert!(draft.main().is_ok());
                let title = draft.entry.text(Field::Title).unwrap();
                assert!(title.ends_with("xä".as_bytes()));
                assert_eq!(title.len(), Entry::TITLE - 1);
            },
        );
        let name = format!("{}.conf", "\u{65e5}".repeat(250));
        read(&name, "linux a", true, |draft| {
            assert_eq!(draft.main().unwrap_err().kind(), Kind::EntryTooLong)
        });
        // The longest name leaves room for everything that is usual.
        let file = format!(
            "linux a\ntitle {0}\nversion {0}\nsort-key debian\nmachine-id {0}",
            "x".repeat(50)
        );
        read(&format!("{}.conf", "x".repeat(250)), &file, true, |draft| {
            assert!(draft.main().is_ok())
        });
    }

    #[test]
    fn variables_of_grub() {
        for (value, expected) in [
            ("/initrd", Some("/initrd")),
            ("/my initrd", Some("/my initrd")),
            ("$tuned_initrd", None),
            ("/initramfs.img $tuned_initrd", Some("/initramfs.img")),
            ("/initramfs.img\t$a  $b", Some("/initramfs.img")),
            ("$a $b", None),
            ("/a$b", Some("/a$b")),
            ("/a $b c", Some("/a $b c")),
            ("", None),
        ] {
            assert_eq!(
                without_variables(value.as_bytes()),
                expected.map(str::as_bytes),
                "{value}"
            );
        }
    }
}
