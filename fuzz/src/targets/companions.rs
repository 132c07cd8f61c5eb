//! The files beside a unified kernel image. An input is flags and files. Each file
//! is a directory, a kind, a name and bytes. The command line and the initrd must
//! be those of systemd-stub, byte for byte. With a flag, the disk has one file less from
//! some request on. Then the boot must end well, with every byte that it planned or with
//! a message.

use crate::cpio::archive;
use crate::disk::{Change, Moment};
use crate::fat::fat12;
use crate::input::Input;
use crate::machine::FuzzMachine;
use crate::{kernel, pe};
use boot::Ending;
use layout::memory::COMMAND_LINE;
use std::sync::OnceLock;

/// The image's own directory, and those for all images.
const DIRECTORIES: [&str; 4] = [
    "EFI/Linux/a.efi.extra.d",
    "loader/addons",
    "loader/credentials",
    "loader/extensions",
];
const OWN: usize = 0;
const ADDONS: usize = 1;
const CREDENTIALS: usize = 2;
const EXTENSIONS: usize = 3;
/// The suffixes of names.
const KINDS: [&str; 6] = [
    ".cred",
    ".raw",
    ".confext.raw",
    ".sysext.RAW",
    ".addon.efi",
    "",
];
/// The kernel versions that addons are made for; that of the image is `UNAMES[1]`.
const UNAMES: [&[u8]; 4] = [b"", b"6.1.0", b"6.1.1", &[b'6'; 130]];
const OSREL: &[u8] = b"PRETTY_NAME=A\n";
const CMDLINE: &[u8] = b"base";
const INITRD: &[u8] = b"initrd";
const UCODE: &[u8] = b"microcode";
const HAS_UNAME: u8 = 0x01;
const CHANGES: u8 = 0x02;
/// The most files that an input makes.
const MOST: usize = 12;
const CLUSTERS: u32 = 200;

struct File {
    directory: usize,
    name: String,
    bytes: Vec<u8>,
    addon: Option<Addon>,
}

/// What a file adds to this image.
struct Addon {
    cmdline: Vec<u8>,
    initrd: Vec<u8>,
    ucode: Vec<u8>,
}

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let flags = input.byte();
    let has_uname = flags & HAS_UNAME != 0;
    let moment = match flags & CHANGES {
        0 => None,
        _ => Some(Moment::Requests(input.byte().into())),
    };
    let mut files = Vec::new();
    while !input.0.is_empty() && files.len() < MOST {
        let file = file(&mut input, has_uname);
        let same = |other: &File| other.directory == file.directory && other.name == file.name;
        if !files.iter().any(same) {
            files.push(file);
        }
    }
    files.sort_by(|one, other| one.name.as_bytes().cmp(other.name.as_bytes()));

    let mut first = machine(has_uname, &files);
    if let Some(moment) = moment {
        files.pop();
        let later = machine(has_uname, &files).disk.bytes().to_vec();
        let patches = vec![(0, later)];
        first.disk.change = Some(Change { moment, patches });
        first.boot();
        return;
    }
    agrees(first, &files);
}

/// Boots, and asserts that the command line and the initrd are right.
fn agrees(mut machine: FuzzMachine, files: &[File]) {
    let (ending, _) = machine.boot();
    let line = command_line(files);
    let Ending::Start(handoff) = ending else {
        assert!(line.len() >= 2048, "only the command line can be at fault");
        return;
    };
    let size = handoff.command_line_size;
    let found = machine.memory.loaded(COMMAND_LINE.start, size);
    assert_eq!(found.as_deref(), Some(&line[..]));
    let found = machine
        .memory
        .loaded(handoff.initrd_address, handoff.initrd_size);
    assert!(found.expect("the initrd is in memory") == initrd(files));
}

fn file(input: &mut Input, has_uname: bool) -> File {
    let (directory, kind) = (input.byte(), usize::from(input.byte()) % KINDS.len());
    let stem = String::from_utf8_lossy(input.text()).replace('/', "");
    let stem: String = stem.chars().take(100).collect();
    let mut file = File {
        directory: usize::from(directory) % DIRECTORIES.len(),
        name: format!("x{stem}{}", KINDS[kind]),
        bytes: Vec::new(),
        addon: None,
    };
    if directory & 0x80 != 0 {
        file.name.replace_range(..1, ".");
    }
    if kind != 4 || directory & 0x40 != 0 {
        file.bytes = input.text().to_vec();
        return file;
    }
    let uname = UNAMES[usize::from(input.byte()) % UNAMES.len()];
    let mode = input.byte();
    let addon = Addon {
        cmdline: input.text().to_vec(),
        initrd: input.text().to_vec(),
        ucode: input.text().to_vec(),
    };
    let mut sections = vec![
        (".cmdline", &addon.cmdline[..]),
        (".uname", uname),
        (".initrd", &addon.initrd),
        (".ucode", &addon.ucode),
    ];
    if mode & 1 != 0 {
        sections.push((".linux", b"no addon"));
    }
    file.bytes = pe::image(pe::AMD64, &sections);
    // The loader compares at most 128 bytes of a version; `UNAMES[3]` has 130.
    let fits = uname.is_empty() || !has_uname || uname == UNAMES[1];
    if mode & 1 == 0 && fits && file.name.is_ascii() && directory & 0x80 == 0 {
        file.addon = Some(addon);
    }
    file
}

fn machine(has_uname: bool, files: &[File]) -> FuzzMachine {
    static KERNEL: OnceLock<Vec<u8>> = OnceLock::new();
    let kernel = KERNEL.get_or_init(|| kernel::image(64));
    let image = pe::image(
        pe::AMD64,
        &[
            (".osrel", OSREL),
            (".cmdline", CMDLINE),
            (".uname", if has_uname { UNAMES[1] } else { b"" }),
            (".ucode", UCODE),
            (".initrd", INITRD),
            (".linux", kernel),
        ],
    );
    let path = |file: &File| format!("{}/{}", DIRECTORIES[file.directory], file.name);
    let paths: Vec<String> = files.iter().map(path).collect();
    let beside = paths.iter().zip(files);
    let mut tree: Vec<(&str, &[u8])> = beside
        .map(|(path, file)| (path.as_str(), &file.bytes[..]))
        .collect();
    tree.push(("EFI/Linux/a+3.efi", &image));
    FuzzMachine::with_files(fat12(CLUSTERS), &tree)
}

/// The files of a kind in a directory, in order.
fn wanted(files: &[File], directory: usize, kind: usize) -> Vec<&File> {
    let ends = |name: &str, end: &str| {
        let name = name.to_ascii_lowercase();
        name.ends_with(&end.to_ascii_lowercase())
    };
    let is_one = |file: &&File| {
        file.directory == directory
            && file.name.is_ascii()
            && !file.name.starts_with('.')
            && ends(&file.name, KINDS[kind])
            && !(kind == 1 && ends(&file.name, KINDS[2]))
    };
    files.iter().filter(is_one).collect()
}

/// The addons of a directory.
fn addons(files: &[File], directory: usize) -> impl DoubleEndedIterator<Item = &Addon> {
    let all = files.iter().filter(move |file| file.directory == directory);
    all.filter_map(|file| file.addon.as_ref())
}

fn command_line(files: &[File]) -> Vec<u8> {
    let mut line = CMDLINE.to_vec();
    for addon in addons(files, ADDONS).chain(addons(files, OWN)) {
        let clean = |byte: &u8| {
            if *byte < 32 || *byte == 127 {
                b' '
            } else {
                *byte
            }
        };
        let text: Vec<u8> = addon.cmdline.iter().map(clean).collect();
        let text = text.trim_ascii();
        if !text.is_empty() {
            line.push(b' ');
            line.extend(text);
        }
    }
    line
}

fn initrd(files: &[File]) -> Vec<u8> {
    let mut parts: Vec<Vec<u8>> = Vec::new();
    let microcode = addons(files, OWN).rev().chain(addons(files, ADDONS).rev());
    parts.extend(microcode.map(|addon| addon.ucode.clone()));
    parts.extend([UCODE.to_vec(), INITRD.to_vec()]);
    let (secret, public) = ([0o500, 0o400], [0o555, 0o444]);
    for (directory, kind, place, modes) in [
        (OWN, 0, ".extra/credentials", secret),
        (CREDENTIALS, 0, ".extra/global_credentials", secret),
        (OWN, 1, ".extra/sysext", public),
        (EXTENSIONS, 1, ".extra/global_sysext", public),
        (OWN, 2, ".extra/confext", public),
        (EXTENSIONS, 2, ".extra/global_confext", public),
    ] {
        let files = wanted(files, directory, kind);
        let files: Vec<(&str, &[u8])> = files
            .iter()
            .map(|file| (file.name.as_str(), &file.bytes[..]))
            .collect();
        if !files.is_empty() {
            parts.push(archive(place, modes, &files));
        }
    }
    parts.push(archive(".extra", public, &[("os-release", OSREL)]));
    let last = addons(files, ADDONS).chain(addons(files, OWN));
    parts.extend(last.map(|addon| addon.initrd.clone()));
    let mut all = Vec::new();
    for part in parts {
        all.extend(part);
        all.resize(all.len().next_multiple_of(4), 0);
    }
    all
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let file = |directory: u8, kind: u8, name: &str, text: &str| {
        [
            &[directory, kind][..],
            name.as_bytes(),
            b"\0",
            text.as_bytes(),
            b"\0",
        ]
        .concat()
    };
    let addon = |directory: u8, uname: u8, mode: u8, texts: [&str; 4]| {
        let [name, texts @ ..] = texts.map(|text| [text.as_bytes(), b"\0"].concat());
        [&[directory, 4][..], &name, &[uname, mode], &texts.concat()].concat()
    };
    // Two files of each kind in each directory, as far as MOST allows.
    let everything = (0..4).map(|directory| {
        let kinds = (0..6).flat_map(|kind| {
            let two = file(directory, kind, "b", "two");
            [two, file(directory, kind, "a", "one")].concat()
        });
        kinds.collect::<Vec<u8>>()
    });
    let addons = [
        addon(1, 0, 0, ["global", "g=1", "initrd g", "ucode g"]),
        addon(0, 1, 0, ["b", " b\n", "initrd b", "b"]),
        addon(0, 1, 0, ["a", "a", "", ""]),
        addon(0, 2, 0, ["other", "no", "no", "no"]),
        addon(0, 3, 0, ["long", "no", "no", "no"]),
        addon(0, 0, 1, ["kernel", "no", "no", "no"]),
        addon(0x80, 0, 0, ["hidden", "no", "no", "no"]),
    ]
    .concat();
    let odd = [
        file(0, 0, "\u{e9}", "not ASCII"),
        file(0x80, 0, "hidden", "x"),
        file(0x40, 4, "noise", "no addon"),
        file(0, 0, &"n".repeat(99), ""),
        file(0, 2, "x.sysext", "both"),
    ]
    .concat();
    let heads: [&[u8]; 5] = [
        &[0],
        &[HAS_UNAME],
        &[CHANGES, 20],
        &[CHANGES, 40],
        &[CHANGES | HAS_UNAME, 60],
    ];
    everything
        .chain([addons, odd])
        .flat_map(|files| heads.map(|head| [head, &files].concat()))
        .collect()
}
