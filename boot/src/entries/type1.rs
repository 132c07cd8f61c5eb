//! Type 1 entries: the lines of a `.conf` file (UAPI.1, "Type #1 Boot Loader
//! Specification Entries").
//!
//! A file is read twice. For the menu, a [`Draft`] gathers what describes the
//! entry and what is wrong with it. To boot, [`pair`] finds the `options` and
//! `initrd` lines, of which there may be many, in their order.

use super::counter::Name;
use super::line;
use super::list::{Entry, Facts, Field, cut};
use super::text::Text;
use crate::{Error, Kind};

/// The keys that mean something here. What an x86 BIOS loader has no use for
/// (`devicetree`, `devicetree-overlay`) and what belongs to other loaders
/// (`grub_users` and the like) is unknown and ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// What a person sees.
    Title,
    /// Version of the operating system or kernel.
    Version,
    /// What to sort by first.
    SortKey,
    /// ID of the installation.
    MachineId,
    /// What boots.
    Main(Main),
    /// One cpio archive; may be repeated.
    Initrd,
    /// Kernel parameters; may be repeated.
    Options,
    /// For which processors.
    Architecture,
    /// Which profile of a UKI.
    Profile,
    /// A credential or extension image for a UKI; may be repeated.
    Extra,
}

/// What kind of file boots the entry.
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

/// The key and the value of a line; None if the line says nothing that is
/// known here. Values are literal, with no quotes and no escapes.
pub fn pair(line: &[u8]) -> Option<(Key, &[u8])> {
    let (key, value) = line::split(line, line::BLANK)?;
    let key = match key {
        b"title" => Key::Title,
        b"version" => Key::Version,
        b"sort-key" => Key::SortKey,
        b"machine-id" => Key::MachineId,
        b"linux" => Key::Main(Main::Linux),
        b"uki" => Key::Main(Main::Uki),
        b"efi" => Key::Main(Main::Efi),
        b"uki-url" => Key::Main(Main::UkiUrl),
        b"initrd" => Key::Initrd,
        b"options" => Key::Options,
        b"architecture" => Key::Architecture,
        b"profile" => Key::Profile,
        b"extra" => Key::Extra,
        _ => return None,
    };
    Some((key, value))
}

/// The path in the value of an `initrd` line. Fedora's entries end in variables
/// for GRUB (`/initramfs.img $tuned_initrd`): words that start with `$` are
/// absent here, and None is left if there is nothing else.
pub fn initrd(mut value: &[u8]) -> Option<&[u8]> {
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

/// Sets `into` to `path` in its normal form: from the root, one slash before
/// each name. False, and `into` is unset, if a name is `.` or `..`, the last one
/// is missing, or all of it is too long. A backslash is a slash, as with
/// systemd-boot.
pub fn normalise(path: &[u8], into: &mut Text) -> bool {
    into.clear();
    let mut rest = Some(path);
    while let Some(path) = rest {
        let end = path
            .iter()
            .position(|byte| matches!(byte, b'/' | b'\\'))
            .unwrap_or(path.len());
        let (name, behind) = path.split_at_checked(end).unwrap_or_default();
        rest = behind.get(1..);
        // Slashes at the start and double ones are nothing; one at the end
        // names a directory.
        let wanted = !name.is_empty() || rest.is_none();
        if wanted && (matches!(name, b"" | b"." | b"..") || !into.append(&[b"/", name])) {
            into.clear();
            return false;
        }
    }
    true
}

/// What an entry's file says, gathered line by line for the menu.
///
/// A repeated key replaces what was said before. One thing that is wrong costs
/// the entry, whatever follows.
pub struct Draft<'a> {
    texts: &'a mut [Text; Field::COUNT],
    path: &'a mut Text,
    main: Option<Main>,
    problem: Option<Kind>,
    /// Number of the UKI profile that the entry selects.
    pub profile: u32,
}

impl<'a> Draft<'a> {
    /// An entry from the file `name`. The texts are the caller's memory, their
    /// content does not matter.
    pub fn new(name: &Name, texts: &'a mut [Text; Field::COUNT], path: &'a mut Text) -> Self {
        texts.iter_mut().for_each(Text::clear);
        path.clear();
        let mut draft = Draft {
            texts,
            path,
            main: None,
            problem: None,
            profile: 0,
        };
        draft.set(Field::Id, &name.id());
        draft.text(Field::Id).make_lowercase();
        draft
    }

    /// Takes in one line. `long_mode` is true where the processor can run
    /// 64-bit kernels.
    pub fn line(&mut self, line: &[u8], long_mode: bool) {
        let Some((key, value)) = pair(line) else {
            return;
        };
        match key {
            Key::Title => self.set(Field::Title, &[cut(value, Text::MAX)]),
            Key::Version => self.set(Field::Version, &[value]),
            Key::SortKey => self.set(Field::SortKey, &[value]),
            Key::MachineId => self.set(Field::MachineId, &[value]),
            Key::Main(main) => {
                if self.main.is_some_and(|other| other != main) {
                    self.problem(Kind::EntryAmbiguous);
                }
                self.main = Some(main);
                normalise(value, self.path);
            }
            Key::Architecture => {
                let runs = value.eq_ignore_ascii_case(b"ia32")
                    || long_mode && value.eq_ignore_ascii_case(b"x64");
                if !runs {
                    self.problem(Kind::EntryArchitecture);
                }
            }
            Key::Profile => self.profile = line::number(value).unwrap_or(self.profile),
            Key::Initrd | Key::Options | Key::Extra => {}
        }
    }

    /// What boots the entry, and its path in normal form.
    ///
    /// # Errors
    /// `Entry*`: what is wrong with the entry.
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

    /// The entry for the list.
    pub fn entry<'e>(&'e self, facts: &'e Facts) -> Entry<'e> {
        Entry {
            texts: self.texts.each_ref().map(Text::get),
            facts,
        }
    }

    fn text(&mut self, field: Field) -> &mut Text {
        let [id, version, sort_key, machine_id, title] = self.texts;
        match field {
            Field::Id => id,
            Field::Version => version,
            Field::SortKey => sort_key,
            Field::MachineId => machine_id,
            Field::Title => title,
        }
    }

    fn set(&mut self, field: Field, parts: &[&[u8]]) {
        if !self.text(field).set(parts) {
            self.problem(Kind::EntryTooLong);
        }
    }

    fn problem(&mut self, kind: Kind) {
        self.problem.get_or_insert(kind);
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

    /// Main file and its path, or what is wrong.
    fn main_of(file: &str, long_mode: bool) -> Result<(Main, String), Kind> {
        read("a.conf", file, long_mode, |draft| match draft.main() {
            Ok((main, path)) => Ok((main, string(path))),
            Err(error) => Err(error.kind),
        })
    }

    fn read<T>(name: &str, file: &str, long_mode: bool, then: impl FnOnce(&Draft) -> T) -> T {
        let mut texts = [const { Text::UNSET }; Field::COUNT];
        // What was there before must not shine through.
        texts
            .iter_mut()
            .for_each(|text| assert!(text.set(&[b"old"])));
        let mut path = Text::UNSET;
        let name = Name::parse(name.as_bytes(), b".conf").unwrap();
        let mut draft = Draft::new(&name, &mut texts, &mut path);
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
            let entry = draft.entry(&Facts::NONE);
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
            assert_eq!(
                draft.entry(&Facts::NONE).texts,
                [Some(&b"a.conf"[..]), None, None, None, None]
            );
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
            ("linux ../a\nlinux /b", ok(Linux, "/b")),
            ("uki-url http://x/a.efi", Err(Kind::EntryFromNetwork)),
            ("title x", Err(Kind::EntryWithoutKernel)),
            ("", Err(Kind::EntryWithoutKernel)),
            ("linux", Err(Kind::EntryWithoutKernel)),
            ("Linux /a", Err(Kind::EntryWithoutKernel)),
            ("initrd /a", Err(Kind::EntryWithoutKernel)),
            ("linux /a\nefi /a", Err(Kind::EntryAmbiguous)),
            ("linux /a\nuki /b\nlinux /a", Err(Kind::EntryAmbiguous)),
            ("uki-url :a.efi\nuki /a", Err(Kind::EntryAmbiguous)),
            ("linux /a\nlinux ../b", Err(Kind::EntryPath)),
            ("\"linux\" /a", Err(Kind::EntryWithoutKernel)),
            ("linux /my kernel", ok(Linux, "/my kernel")),
            ("linux \"/a\"", ok(Linux, "/\"/a\"")),
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
            let entry = draft.entry(&Facts::NONE);
            assert_eq!(entry.text(Field::Title), Some(&b"b"[..]));
            assert_eq!(entry.text(Field::Version), Some(&b"2"[..]));
            assert_eq!(entry.id(), b"a.conf");
            assert_eq!(draft.profile, 3);
        });
        let repeated: Vec<_> = "initrd /a\n#initrd /b\noptions a  b\ninitrd /c\noptions c"
            .split('\n')
            .filter_map(|line| pair(line.as_bytes()))
            .map(|(key, value)| (key, string(value)))
            .collect();
        let expected = [
            (Key::Initrd, "/a".into()),
            (Key::Options, "a  b".into()),
            (Key::Initrd, "/c".into()),
            (Key::Options, "c".into()),
        ];
        assert_eq!(repeated, expected);
    }

    #[test]
    fn too_long() {
        let long = "x".repeat(Text::MAX);
        assert!(main_of(&format!("linux a\nversion {long}"), true).is_ok());
        assert_eq!(
            main_of(&format!("linux a\nversion {long}x"), true),
            Err(Kind::EntryTooLong)
        );
        assert_eq!(
            main_of(&format!("linux {long}"), true),
            Err(Kind::EntryPath)
        );
        // A title is cut, between characters.
        read(
            "a.conf",
            &format!("linux a\ntitle {}äö", "x".repeat(Text::MAX - 3)),
            true,
            |draft| {
                assert!(draft.main().is_ok());
                let title = draft
                    .entry(&Facts::NONE)
                    .text(Field::Title)
                    .unwrap()
                    .to_vec();
                assert!(title.ends_with("xä".as_bytes()));
                assert_eq!(title.len(), Text::MAX - 1);
            },
        );
        let name = format!("{}.conf", "\u{65e5}".repeat(250));
        read(&name, "linux a", true, |draft| {
            assert_eq!(draft.main().unwrap_err().kind, Kind::EntryTooLong)
        });
    }

    #[test]
    fn variables_in_initrd() {
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
                initrd(value.as_bytes()),
                expected.map(str::as_bytes),
                "{value}"
            );
        }
    }

    #[test]
    fn paths() {
        for (path, expected) in [
            ("/a/b", Some("/a/b")),
            ("a/b", Some("/a/b")),
            ("//a///b", Some("/a/b")),
            ("\\a\\b", Some("/a/b")),
            ("/a b/c", Some("/a b/c")),
            ("/a/..b/.c/d.", Some("/a/..b/.c/d.")),
            ("/a/../b", None),
            ("/a/./b", None),
            ("..", None),
            (".", None),
            ("/a/", None),
            ("a//", None),
            ("/", None),
            ("", None),
        ] {
            let mut into = Text::UNSET;
            assert_eq!(
                normalise(path.as_bytes(), &mut into),
                expected.is_some(),
                "{path}"
            );
            assert_eq!(into.get(), expected.map(str::as_bytes), "{path}");
        }
    }
}
