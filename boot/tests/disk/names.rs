//! Long and short names.

use crate::fat_image::{Image, Layout, names, with};

/// A name of `units` units of UTF-16.
fn name(units: usize) -> String {
    let letters: Vec<char> = match units % 3 {
        // mtools keeps short ones in the code page of DOS, and takes no name of
        // more than 255 bytes.
        1 if !(13..100).contains(&units) => "qrstuvw".chars().collect(),
        2 if units > 200 => "Mixed CASE and more ".chars().collect(),
        0 => "abcdefghijklmnopqrstuvwxyz+-_.XYZ0123456789"
            .chars()
            .collect(),
        1 => "éüßñçøÅ€漢字仮名Жщя\u{7ff}\u{800}\u{fffd}"
            .chars()
            .collect(),
        _ => "Mixed names, größer als 漢 + x".chars().collect(),
    };
    let number = format!("{units:03}");
    let mut name: String = (0..units)
        .map(|index| letters[index % letters.len()])
        .collect();
    if units > 4 {
        name = number + &name.chars().skip(3).collect::<String>();
        // No file name ends with a space or a dot.
        name = name.chars().take(units - 1).collect::<String>() + "z";
    }
    name
}

#[test]
fn every_length() {
    // mtools lets a directory grow by one cluster for a name, not by two.
    let mut image = Image::new("-F 16 -s 4", 20_000);
    for start in (1..=255).step_by(85) {
        let path = format!("/{start}/");
        image.mtools("mmd", &[&format!("::/{start}")]);
        let expected: Vec<String> = (start..start + 85).map(name).collect();
        assert!(
            expected
                .iter()
                .all(|name| name.encode_utf16().count() == name.chars().count())
        );
        for name in &expected {
            image.write(&format!("{path}{name}"), b"");
        }
        assert_eq!(
            image.list(&format!("/{start}")),
            expected,
            "as mtools has it"
        );
        let mut disk = image.disk();
        with(&mut disk, |storage, volume| {
            assert_eq!(names(storage, &volume, &path), expected);
            for name in &expected {
                assert!(
                    volume
                        .find(storage, format!("{path}{name}").as_bytes())
                        .is_ok(),
                    "{name}"
                );
            }
        });
    }
}

const ARCHIVE: u8 = 0x20;

/// A slot with a short name.
fn short(name: &[u8; 11], attributes: u8, lower: u8) -> [u8; 32] {
    let mut slot = [0; 32];
    slot[..11].copy_from_slice(name);
    (slot[11], slot[12]) = (attributes, lower);
    slot
}

/// The checksum of a short name, as the specification computes it.
fn checksum(name: &[u8; 11]) -> u8 {
    let mut sum = 0_u32;
    for &byte in name {
        sum = (if sum & 1 != 0 { 0x80 } else { 0 } + (sum >> 1) + u32::from(byte)) & 0xff;
    }
    u8::try_from(sum).unwrap()
}

/// The slots of a long name, the last piece first.
fn long(units: &[u16], name: &[u8; 11]) -> Vec<[u8; 32]> {
    let mut padded = units.to_vec();
    if !padded.len().is_multiple_of(13) {
        padded.push(0);
        padded.resize(padded.len().next_multiple_of(13), 0xffff);
    }
    let count = padded.len() / 13;
    let piece = |(index, units): (usize, &[u16])| {
        let mut slot = [0; 32];
        let number = u8::try_from(index + 1).unwrap();
        slot[0] = if index + 1 == count {
            number | 0x40
        } else {
            number
        };
        (slot[11], slot[13]) = (0x0f, checksum(name));
        let places = (1..11)
            .step_by(2)
            .chain((14..26).step_by(2))
            .chain((28..32).step_by(2));
        for (place, unit) in places.zip(units) {
            slot[place..place + 2].copy_from_slice(&unit.to_le_bytes());
        }
        slot
    };
    padded.chunks(13).enumerate().map(piece).rev().collect()
}

fn utf16(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

/// The root directory of a FAT12 image made of these slots: its names.
fn read(image: &Image, slots: &[[u8; 32]]) -> Vec<String> {
    let mut disk = image.disk();
    let root = Layout::of(&disk, 12).root;
    disk.patch(root, 0, slots.as_flattened());
    with(&mut disk, |storage, volume| names(storage, &volume, "/"))
}

#[test]
fn sets_of_slots() {
    let image = Image::new("-F 12 -s 1", 1000);
    const NAME: &[u8; 11] = b"ENTRY~1 CON";
    let file = short(NAME, ARCHIVE, 0);
    let set = long(&utf16("An entry of three pieces, no less.conf"), NAME);
    assert_eq!(set.len(), 3);
    let edit = |act: &dyn Fn(&mut Vec<[u8; 32]>)| {
        let mut slots = set.clone();
        act(&mut slots);
        slots.push(file);
        slots
    };
    let whole = "An entry of three pieces, no less.conf";
    let alias = "ENTRY~1.CON";
    let check = |what: &str, slots: Vec<[u8; 32]>, expected: &[&str]| {
        assert_eq!(read(&image, &slots), expected, "{what}");
        // Nothing is left of the file before it, and the next is not harmed.
        let files = [
            (
                b"FIRST   TXT",
                "a first file with pieces enough to leave some behind.txt",
            ),
            (b"NEXT    TXT", "the next.txt"),
        ];
        let whole = files
            .map(|(name, text)| [long(&utf16(text), name), vec![short(name, ARCHIVE, 0)]].concat());
        let more = [&whole[0][..], &slots, &whole[1]].concat();
        let expected = [&[files[0].1], expected, &[files[1].1]].concat();
        assert_eq!(read(&image, &more), expected, "{what}, among others");
    };
    check("whole", edit(&|_| {}), &[whole]);
    check(
        "wrong checksum in one",
        edit(&|slots| slots[1][13] ^= 1),
        &[alias],
    );
    check(
        "wrong checksum in all",
        edit(&|slots| slots.iter_mut().for_each(|slot| slot[13] ^= 1)),
        &[alias],
    );
    check(
        "no first piece",
        edit(&|slots| {
            slots.remove(2);
        }),
        &[alias],
    );
    check(
        "no middle piece",
        edit(&|slots| {
            slots.remove(1);
        }),
        &[alias],
    );
    check(
        "no last piece",
        edit(&|slots| {
            slots.remove(0);
        }),
        &[alias],
    );
    check("wrong order", edit(&|slots| slots.swap(1, 2)), &[alias]);
    check(
        "the same piece twice",
        edit(&|slots| slots.insert(1, slots[1])),
        &[alias],
    );
    check(
        "number too high",
        edit(&|slots| slots[0][0] = 0x44),
        &[alias],
    );
    check(
        "number too low",
        edit(&|slots| slots[0][0] = 0x42),
        &[alias],
    );
    check("number zero", edit(&|slots| slots[0][0] = 0x40), &[alias]);
    check("number of 21", edit(&|slots| slots[0][0] = 0x55), &[alias]);
    check("number of 63", edit(&|slots| slots[0][0] = 0x7f), &[alias]);
    check(
        "last piece not marked",
        edit(&|slots| slots[0][0] = 3),
        &[alias],
    );
    check(
        "all marked as last",
        edit(&|slots| slots.iter_mut().for_each(|slot| slot[0] |= 0x40)),
        &["An entry of t"],
    );
    check(
        "deleted in the middle",
        edit(&|slots| slots[1][0] = 0xe5),
        &[alias],
    );
    check(
        "deleted slot before the file",
        edit(&|slots| slots.push([0xe5; 32])),
        &[alias],
    );
    check(
        "a label before the file",
        edit(&|slots| slots.push(short(NAME, 8, 0))),
        &[alias],
    );
    check(
        "a label with a long name",
        [&set[..], &[short(NAME, 8, 0)]].concat(),
        &[],
    );
    check(
        "the file is deleted",
        [&set[..], &[short(b"\xe5NTRY~1 CON", ARCHIVE, 0)]].concat(),
        &[],
    );
    check(
        "two sets",
        edit(&|slots| slots.extend(set.clone())),
        &[whole],
    );
    check(
        "half a set, then a whole one",
        edit(&|slots| slots.insert(0, set[0])),
        &[whole],
    );
    check(
        "another file",
        [&set[..], &[short(b"OTHER   CON", ARCHIVE, 0)]].concat(),
        &["OTHER.CON"],
    );
    check(
        "two files",
        edit(&|slots| slots.push(file)),
        &[whole, alias],
    );
    check("only pieces", set.clone(), &[]);
    let ended = edit(&|slots| slots.insert(0, [0; 32]));
    assert_eq!(read(&image, &ended), [""; 0], "nothing after the end");
}

#[test]
fn units() {
    let image = Image::new("-F 12 -s 1", 1000);
    const NAME: &[u8; 11] = b"NAME       ";
    let check = |units: &[u16], expected: &str| {
        let mut slots = long(units, NAME);
        slots.push(short(NAME, ARCHIVE, 0));
        assert_eq!(read(&image, &slots), [expected]);
    };
    for text in [
        "a",
        "exactly 13 un",
        "14 units, yes!",
        "\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}",
        "😀",
        "a😀\u{10ffff}b\u{10000}",
    ] {
        check(&utf16(text), text);
    }
    // Pairs over the border of two slots, and as many as fit.
    check(
        &utf16(&format!("{}😀", "x".repeat(12))),
        &format!("{}😀", "x".repeat(12)),
    );
    check(&utf16(&"😀".repeat(127)), &"😀".repeat(127));
    check(&[0xd83d], "\u{fffd}");
    check(&[0xde00], "\u{fffd}");
    check(&[0xde00, 0xd83d], "\u{fffd}\u{fffd}");
    check(&[0xd83d, 0xd83d, 0xde00, u16::from(b'x')], "\u{fffd}😀x");
    check(&[0xdfff; 255], &"\u{fffd}".repeat(255));
    check(&[0x20ac; 255], &"€".repeat(255));
    check(&[0x20ac; 254], &"€".repeat(254));
    // Nothing, and more than a name may have.
    check(&[0; 13], "NAME");
    check(&[u16::from(b'a'); 256], "NAME");
    check(&[u16::from(b'a'); 260], "NAME");
    check(&[0xffff; 260], "NAME");
}

#[test]
fn short_names() {
    let image = Image::new("-F 12 -s 1", 1000);
    for (name, lower, expected) in [
        (b"ENTRY   CON", 0x00, "ENTRY.CON"),
        (b"ENTRY   CON", 0x08, "entry.CON"),
        (b"ENTRY   CON", 0x10, "ENTRY.con"),
        (b"ENTRY   CON", 0x18, "entry.con"),
        (b"ENTRY   CON", 0xe7, "ENTRY.CON"),
        (b"ENTRY      ", 0x18, "entry"),
        (b"A       B  ", 0x18, "a.b"),
        (b"ABCDEFGHIJK", 0x00, "ABCDEFGH.IJK"),
        (b"A B C   D E", 0x00, "A B C.D E"),
        (b"MIXEd1~2x_!", 0x08, "mixed1~2.x_!"),
        (b"\x05LEVE   TXT", 0x08, "?leve.TXT"),
        (b"GR\x99SSE  TX\x80", 0x08, "gr?sse.TX?"),
    ] {
        assert_eq!(read(&image, &[short(name, ARCHIVE, lower)]), [expected]);
    }
    // A label, `.` and `..`, a deleted file, a directory, a device, the end.
    let slots = [
        short(b"LABEL      ", 0x08, 0),
        short(b"LABEL2     ", 0x28, 0),
        short(b".          ", 0x10, 0),
        short(b"..         ", 0x10, 0),
        short(b"\xe5ELETED    ", ARCHIVE, 0),
        short(b"FOLDER     ", 0x10, 0),
        short(b"READONLYTXT", 0x27, 0),
        [0; 32],
        short(b"BEHIND     ", ARCHIVE, 0),
    ];
    assert_eq!(read(&image, &slots), ["FOLDER/", "READONLY.TXT"]);
}

#[test]
fn lower_case_names_of_mtools() {
    let mut image = Image::new("-F 16 -s 4", 20_000);
    for name in [
        "lower.txt",
        "UPPER.TXT",
        "half.TXT",
        "HALF2.txt",
        "Mixed.Txt",
        "none",
        "NONE2",
        "a.b.c",
    ] {
        image.write(&format!("/{name}"), b"");
    }
    let expected = image.list("/");
    assert_eq!(expected.len(), 8);
    let mut disk = image.disk();
    with(&mut disk, |storage, volume| {
        assert_eq!(names(storage, &volume, ""), expected)
    });
}
