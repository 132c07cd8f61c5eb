//! Runs `stage2/src/unpack.s` on packed images of `pack`, under QEMU.

use layout::{memory, packed};
use std::fs;
use std::process::Command;

use crate::pack::{Packed, pack, program};
use crate::packages;
use crate::run::run;

const UNPACK: &str = include_str!("../../../stage2/src/unpack.s");
const HARNESS: &str = include_str!("harness.s");

/// The place of the packed data.
const PACKED: u32 = memory::STAGE2.start;
const IMAGE: u32 = memory::STAGE2_UNPACKED.start;
/// The watched memory ends a page after the unpacker's memory.
const WATCHED_END: u32 = packed::MEMORY.end + 0x1000;
/// The value of bytes that were not written.
const FILL: u32 = 0xcc;

/// Bytes of an unpacked image that would be too large for the disk when packed.
const LARGE: usize = 30 << 10;
/// The most ticks that unpacking that size may take. stage2's 25 KiB take 16 million.
const INSTRUCTIONS: u32 = 18_000_000;

struct Case {
    length: usize,
    packed: Vec<u8>,
    marker: u8,
}

struct Outcome {
    instructions: u32,
    /// Bytes outside the unpacker's memory that were written.
    changed: u32,
    image: Vec<u8>,
}

/// Runs all `cases`, in one start of QEMU.
fn unpack(cases: &[Case]) -> Vec<Outcome> {
    packages::ensure(&["as", "ld", "qemu-system-i386"]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let mut list = Vec::new();
    for case in cases {
        for number in [case.length, case.marker.into(), case.packed.len()] {
            list.extend((number as u32).to_le_bytes());
        }
        list.extend(&case.packed);
    }
    list.extend([0; 4]);
    fs::write(directory.path().join("cases"), list).unwrap();
    fs::write(directory.path().join("harness.s"), source()).unwrap();
    let tool = |line: &str| {
        let words: Vec<_> = line.split(' ').collect();
        run(Command::new(words[0])
            .current_dir(&directory)
            .args(&words[1..]))
        .unwrap();
    };
    tool("as --32 -o harness.o harness.s");
    tool("ld -N --no-warn-rwx-segments -m elf_i386 -Ttext=0x100000 -e start -o harness harness.o");
    let qemu = "timeout 60 qemu-system-i386 -nodefaults -display none -no-reboot -m 16 \
        -accel tcg -icount shift=0,sleep=off -debugcon file:out \
        -device isa-debug-exit,iobase=0xf4 -kernel harness";
    let words: Vec<_> = qemu.split_whitespace().collect();
    let status = Command::new(words[0])
        .current_dir(&directory)
        .args(&words[1..])
        .status();
    // The exit status that the device gives is never 0.
    assert_eq!(
        status.unwrap().code(),
        Some(1),
        "the unpacker did not come to its end"
    );

    let out = fs::read(directory.path().join("out")).unwrap();
    let mut rest = &out[..];
    let mut take = |length| rest.split_off(..length).expect("an outcome is cut off");
    let outcome = |case: &Case| Outcome {
        instructions: u32::from_le_bytes(take(4).try_into().unwrap()),
        changed: u32::from_le_bytes(take(4).try_into().unwrap()),
        image: take(case.length).to_vec(),
    };
    cases.iter().map(outcome).collect()
}

/// The harness and the unpacker, with their numbers filled in.
fn source() -> String {
    let numbers = [
        ("FILL", FILL),
        ("WATCHED", PACKED),
        ("WATCHED_END", WATCHED_END),
        ("PACKED", PACKED),
        ("IMAGE", IMAGE),
        ("TABLE", packed::MEMORY.start),
        ("TABLE_END", packed::MEMORY.end),
        ("SQUASH", packed::MEMORY.start),
        ("SLOTS_START", packed::SLOTS_START),
        ("SLOTS", packed::SLOTS as u32),
        ("TREES", packed::TREES as u32),
        ("CONTEXTS", packed::CONTEXTS as u32),
        ("IGNORED_0", packed::IGNORED[0]),
        ("IGNORED_1", packed::IGNORED[1]),
        ("IGNORED_2", packed::IGNORED[2]),
        ("IGNORED_3", packed::IGNORED[3]),
        ("IGNORED_4", packed::IGNORED[4]),
        ("IGNORED_5", packed::IGNORED[5]),
        ("IGNORED_6", packed::IGNORED[6]),
        ("MIX", packed::MIX),
        ("RATE", packed::RATE),
        ("HASTE", packed::HASTE),
        ("PATIENCE", packed::PATIENCE),
        ("FILTERED", packed::FILTERED),
    ];
    let mut source = format!("{HARNESS}{UNPACK}");
    for (name, number) in numbers {
        source = source.replace(&format!("{{{name}}}"), &number.to_string());
    }
    source
}

/// Bytes without any pattern, the same every time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1u32;
    let step = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(step).collect()
}

fn case(image: &[u8]) -> Case {
    let Packed { bytes, marker } = pack(image, IMAGE).unwrap();
    Case {
        length: image.len(),
        packed: bytes,
        marker,
    }
}

#[test]
fn unpacks_what_was_packed() {
    let call = |displacement: i32| [&[0xe8][..], &displacement.to_le_bytes()].concat();
    let images = [
        program(LARGE),
        noise(6000),
        // One byte; runs; images that are shorter than a call.
        vec![0],
        vec![0xe8; 3],
        vec![7; packed::IMAGE],
        // Calls: to itself, to both ends, just outside, cut off by the end.
        [
            call(-5),
            call(0),
            call(-15),
            call(-16),
            call(i32::MIN),
            call(-31),
            call(0),
        ]
        .concat(),
        [call(1), vec![0], call(-11), vec![0xe8, 0, 0, 0]].concat(),
        // E8 in front of a call, and in front of a byte that could be a marker.
        [
            vec![0xe8],
            call(3),
            vec![0xe8, 0, 2, 0, 4, 0xe8, 1],
            call(-20),
        ]
        .concat(),
    ];
    let cases: Vec<Case> = images.iter().map(|image| case(image)).collect();
    for ((case, image), outcome) in cases.iter().zip(&images).zip(unpack(&cases)) {
        assert!(
            outcome.image == *image,
            "an image of {} bytes differs",
            image.len()
        );
        assert_eq!(outcome.changed, 0, "it wrote outside");
        let cost = outcome.instructions;
        println!(
            "{} -> {} bytes, {cost} instructions",
            image.len(),
            case.packed.len()
        );
        if image.len() == LARGE {
            assert!(
                cost <= INSTRUCTIONS,
                "unpacking takes {cost} instructions: too slow"
            );
        }
    }
}

#[test]
fn keeps_its_bounds_on_damaged_data() {
    let image = program(3000);
    let whole = case(&image);
    let noise = noise(3000);
    let mut cases = Vec::new();
    for (number, place) in noise.chunks_exact(2).take(20).enumerate() {
        let mut packed = whole.packed.clone();
        let at = u16::from_le_bytes([place[0], place[1]]) as usize % packed.len();
        packed[at] ^= 1 << (number % 8);
        cases.push(Case { packed, ..whole });
    }
    let junk = [
        noise.clone(),
        vec![0; 3000],
        vec![0xff; 3000],
        vec![1],
        vec![0xe8; 4000],
    ];
    for packed in junk {
        for length in [1, 5, 3000] {
            cases.push(Case {
                length,
                packed: packed.clone(),
                marker: 0,
            });
        }
    }
    for outcome in unpack(&cases) {
        assert_eq!(outcome.changed, 0, "it wrote outside");
        assert!(outcome.instructions <= INSTRUCTIONS);
    }
}
