//! The state file. An input is flags, the keys that a person types, and the file's
//! numbers and texts. A boot reads the file, follows it, and updates it.

use crate::fat::{Format, fat12};
use crate::input::Input;
use crate::machine::FuzzMachine;
use crate::{kernel, machine};
use boot::Ending;
use boot::crc32::Crc32;
use boot::entries::glob::selects;
use boot::machine::Input as Key;
use boot::menu::Timeout;
use emu::console::Terminal;
use layout::disk::SECTOR;
use layout::state::{
    CHECKED_FROM, CHECKSUM_OFFSET, FLAGS_OFFSET, FORMAT, FORMAT_OFFSET, HAS_ONE_SHOT_TIMEOUT,
    HAS_TIMEOUT, MAGIC, ONE_SHOT_TIMEOUT_OFFSET, PATH, SIZE, TEXTS, TEXTS_OFFSET, TIMEOUT_OFFSET,
};
use std::sync::OnceLock;

/// The input decides the checksum (`BAD_SUM`), the magic and the version (`BAD_HEAD`).
const BAD_SUM: u8 = 0x01;
const BAD_HEAD: u8 = 0x02;
/// The file is not one sector (`BAD_SIZE`), or its cluster is invalid (`BAD_PLACE`).
const BAD_SIZE: u8 = 0x04;
const BAD_PLACE: u8 = 0x08;
/// The keys that a person may type in the menu.
const KEYS: &[u8; 16] = b"\r\rdpjk tTwnhe\x1bv1";

/// The file system has sectors of 4096 bytes.
const LARGE_SECTORS: u8 = 0x10;

/// A disk with two entries and a state file, and where the state file is.
struct Base {
    format: Format,
    image: Vec<u8>,
    /// Offset of the file's content on the disk.
    content: usize,
    /// Offset of the file's slot in the directory.
    slot: usize,
}

/// Runs one input; the module describes what it is made of.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let (flags, typed_keys) = (input.byte(), usize::from(input.byte() & 7));
    let keys = input.take(typed_keys);
    let before = sector(flags, &mut input);
    let base = base(flags & LARGE_SECTORS != 0);
    let mut image = base.image.clone();
    image[base.content..][..SIZE].copy_from_slice(&before);
    if flags & BAD_SIZE != 0 {
        image[base.slot + 28] ^= 1;
    }
    if flags & BAD_PLACE != 0 {
        image[base.slot + 27] = 0xff;
    }
    let mut machine = FuzzMachine::new(machine::disk(&image, base.format), 64);
    machine.console = Terminal::new(keys.iter().map(|&key| Some(typed(key))).collect());
    let (ending, id) = machine.boot();

    let place = (base.content / SECTOR) as u64;
    let is_file = flags & (BAD_SIZE | BAD_PLACE) == 0;
    for &at in &machine.disk.writes {
        assert!(is_file && at == place, "sector {at}");
    }
    if !matches!(ending, Ending::Start(_)) {
        assert!(machine.disk.writes.is_empty(), "nothing booted");
        return;
    }
    let old = is_file.then(|| Content::of(&before)).flatten();
    let old = old.unwrap_or_default();
    if keys.is_empty()
        && old
            .one_shot
            .as_deref()
            .is_some_and(|wish| wish == b"a.conf")
    {
        assert_eq!(id, "a.conf", "the wish for one boot");
    }
    let after = &machine.disk.bytes()[base.content..][..SIZE];
    if is_file && is_newer(&before) {
        assert_eq!(after, before, "a file of another format");
    } else if is_file {
        let new = Content::of(after).expect("a good file");
        assert_eq!((&new.one_shot, new.one_shot_timeout), (&None, None));
        let is_wish = |wish: &Vec<u8>| selects(wish, id.as_bytes());
        let last_booted = match old.one_shot.as_ref().is_some_and(is_wish) {
            true => old.last_booted,
            false => Some(id.into_bytes()),
        };
        let expected = Content {
            last_booted,
            one_shot: None,
            one_shot_timeout: None,
            ..old
        };
        let texts = [
            &expected.default,
            &expected.preferred,
            &expected.last_booted,
        ];
        let length: usize = texts.into_iter().flatten().map(Vec::len).sum();
        if keys.is_empty() && length + TEXTS <= SIZE - TEXTS_OFFSET {
            assert_eq!(new, expected);
        }
    }
}

fn typed(key: u8) -> Key {
    Key::Serial(KEYS[usize::from(key) % KEYS.len()])
}

/// A file that wishes for one boot of an entry.
pub fn file(one_shot: &[u8]) -> [u8; SIZE] {
    let numbers = [0; 16];
    // Neither a default nor a preferred entry comes before it.
    sector(0, &mut Input(&[&numbers[..], b"\0\0", one_shot].concat()))
}

fn sector(flags: u8, input: &mut Input) -> [u8; SIZE] {
    let mut sector = [0; SIZE];
    let mut put = |at: usize, bytes: &[u8]| sector[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &MAGIC);
    put(FORMAT_OFFSET, &FORMAT.to_le_bytes());
    // Long countdowns only cost time.
    let timeout = |number: u32| match Timeout::from_number(number) {
        Timeout::Seconds(seconds) => seconds % 100,
        timeout => timeout.number(),
    };
    for at in [TIMEOUT_OFFSET, ONE_SHOT_TIMEOUT_OFFSET] {
        put(at, &timeout(input.double()).to_le_bytes());
    }
    for at in [FLAGS_OFFSET, CHECKSUM_OFFSET] {
        put(at, &input.double().to_le_bytes());
    }
    if flags & BAD_HEAD != 0 {
        put(0, input.take(CHECKSUM_OFFSET));
    }
    put(TEXTS_OFFSET, input.take(SIZE - TEXTS_OFFSET));
    if flags & BAD_SUM == 0 {
        let sum = checksum(&sector);
        sector[CHECKSUM_OFFSET..][..4].copy_from_slice(&sum.to_le_bytes());
    }
    sector
}

fn checksum(sector: &[u8]) -> u32 {
    let mut sum = Crc32::new();
    sum.update(&sector[CHECKED_FROM..]);
    sum.finish()
}

/// The content of a file, read by code that is independent of the loader's.
#[derive(Debug, Default, PartialEq, Eq)]
struct Content {
    timeout: Option<u32>,
    one_shot_timeout: Option<u32>,
    default: Option<Vec<u8>>,
    preferred: Option<Vec<u8>>,
    one_shot: Option<Vec<u8>>,
    last_booted: Option<Vec<u8>>,
}

fn number(sector: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(sector[at..at + 4].try_into().expect("4 bytes"))
}

/// True for an intact file, whatever its format version.
fn is_whole(sector: &[u8]) -> bool {
    sector.starts_with(&MAGIC) && number(sector, CHECKSUM_OFFSET) == checksum(sector)
}

fn is_newer(sector: &[u8]) -> bool {
    is_whole(sector) && sector[FORMAT_OFFSET..][..2] != FORMAT.to_le_bytes()
}

impl Content {
    fn of(sector: &[u8]) -> Option<Self> {
        let number = |at| number(sector, at);
        let good = is_whole(sector) && !is_newer(sector);
        let set = |flag: u32, at: usize| (number(FLAGS_OFFSET) & flag != 0).then(|| number(at));
        let mut texts = sector[TEXTS_OFFSET..].split(|&byte| byte == 0);
        let mut text = || {
            texts
                .next()
                .filter(|text| !text.is_empty())
                .map(<[u8]>::to_vec)
        };
        good.then(|| Self {
            timeout: set(HAS_TIMEOUT, TIMEOUT_OFFSET),
            one_shot_timeout: set(HAS_ONE_SHOT_TIMEOUT, ONE_SHOT_TIMEOUT_OFFSET),
            default: text(),
            preferred: text(),
            one_shot: text(),
            last_booted: text(),
        })
    }
}

fn base(has_large_sectors: bool) -> &'static Base {
    static BASES: [OnceLock<Base>; 2] = [const { OnceLock::new() }; 2];
    let sector = if has_large_sectors { 4096 } else { 512 };
    BASES[usize::from(has_large_sectors)].get_or_init(|| {
        let format = fat12(40).sector_bytes(sector);
        let kernel = kernel::image(64);
        let content = [0xee; SIZE];
        let files: [(&str, &[u8]); 4] = [
            ("loader/entries/a.conf", b"linux /linux\nversion 1\n"),
            ("loader/entries/b.conf", b"linux /linux\nversion 2\n"),
            (PATH.trim_start_matches('/'), &content),
            ("linux", &kernel),
        ];
        let image = machine::image(format, &files);
        let find = |bytes: &[u8]| {
            let mut places = image.windows(bytes.len());
            places.position(|place| place == bytes)
        };
        let content = find(&content).expect("it is there");
        // A directory slot has 32 bytes; the file's slot is the one with its size.
        let mut slots = (machine::FIRST * SECTOR..image.len()).step_by(32);
        let size = (SIZE as u32).to_le_bytes();
        let slot = slots.find(|&at| image[at] == b'A' && image[at + 28..at + 32] == size);
        Base {
            format,
            content,
            slot: slot.expect("it has one"),
            image,
        }
    })
}

/// Inputs to begin with.
pub fn seeds() -> Vec<Vec<u8>> {
    let seed = |flags: u8, keys: &[u8], numbers: [u32; 4], texts: &str| {
        [
            &[flags, keys.len() as u8][..],
            keys,
            &numbers.map(u32::to_le_bytes).concat(),
            texts.as_bytes(),
        ]
        .concat()
    };
    let texts = "b*\0a.conf\0\0b.conf\0";
    let long = "x".repeat(235);
    vec![
        seed(0, &[], [0; 4], ""),
        seed(0, &[], [5, 0, 1, 0], texts),
        seed(0, &[], [5, 3, 3, 0], "b.conf\0\0a.conf\0a.conf\0"),
        seed(0, &[2, 0], [5, u32::MAX, 3, 0], texts),
        seed(0, &[3, 7, 7, 5, 0], [u32::MAX, 0, 1, 0], texts),
        seed(BAD_SUM, &[], [1, 2, 3, 4], texts),
        seed(BAD_HEAD, &[], [1, 2, 3, 4], "gapstate\x02\0\0\0x"),
        seed(BAD_SIZE, &[], [0; 4], texts),
        seed(BAD_PLACE, &[], [0; 4], texts),
        seed(LARGE_SECTORS, &[], [5, 3, 3, 0], texts),
        seed(LARGE_SECTORS | BAD_PLACE, &[], [0; 4], texts),
        seed(0, &[], [0; 4], &format!("{long}\0{long}")),
        seed(0, &[], [0; 4], "@saved\0\0*\0a.conf\0"),
    ]
}
