//! `gapboot uki` on files of the tests' own: what is written, read by goblin
//! and by the rules of the boot protocol, and what is refused.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use std::fs;
use std::path::Path;

use cli::error::Error;
use cli::uki::content::SourceFile;
use cli::uki::pe::Pe;
use cli::uki::report::Report;
use common::noise;
use common::uki::{Place, inputs, kernel, stub};
use goblin::pe::PE;
use layout::uki::{PROTECTED_MODE, TABLE_HEADER};

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn everything(place: &Place) -> [String; 10] {
    [
        "--initrd".into(),
        place.path("initrd"),
        "--microcode".into(),
        place.path("microcode"),
        "--cmdline".into(),
        "root=x  quiet".into(),
        "--os-release".into(),
        "ID=t\nVERSION_ID=\"7 'x' = 1\"\n".into(),
        "--section".into(),
        ".own:text".into(),
    ]
}

fn built(place: &Place) -> Vec<u8> {
    let arguments = everything(place);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let said = place.build(&arguments).unwrap();
    assert!(said.contains("BIOS machines and by kexec only"), "{said}");
    place.read("image")
}

#[test]
fn the_header_tells_the_truth() {
    let place = Place::new();
    let image = built(&place);
    let kernel = place.read("linux");
    let size = image.len() as u32 - 0x2000;
    assert_eq!(image[0x1f1], 15);
    assert_eq!(u32_at(&image, 0x1f4) * 16, size, "syssize");
    assert_eq!(&image[0x200..0x208], b"\xeb\x6aHdrS\x0f\x02");
    let text = 0x200 + usize::from(u16::from_le_bytes([image[0x20e], image[0x20f]]));
    assert!(image[text..].starts_with(b"UKI:7 'x' = 1\0"));
    assert_eq!(image[0x211], 1, "loadflags");
    assert_eq!(u32_at(&image, 0x214), 0x10_0000, "code32_start");
    for (at, end) in [(0x22c, 0x234), (0x238, 0x23c), (0x258, 0x260)] {
        assert_eq!(image[at..end], kernel[at..end], "{at:#x}");
    }
    assert_eq!(image[0x234..0x238], [1, 21, 0x73, 0], "no EFI handover");
    let init_size = size.next_multiple_of(0x1000) + 0x1_0000 + 0x20_0000 + 0x3f9_8000;
    assert_eq!(u32_at(&image, 0x260), init_size);
    assert_eq!(u32_at(&image, 0x268), 0x10, "kernel_info_offset");
    let heap_end_ptr = u32::from(u16::from_le_bytes([image[0x224], image[0x225]]));
    assert!(heap_end_ptr + 0x200 >= 0x5de0 + 13 + 0x180);
    let payload = u32_at(&image, 0x248) as usize;
    let inner = 40 * 512 + 0x100;
    assert_eq!(
        image[0x2000 + payload..][..0x1000],
        kernel[inner..][..0x1000]
    );
    // Code of the stub stays as it is.
    assert_eq!(image[0x26c..0x400], stub()[0x26c..0x400]);
    assert_eq!(image[0x1000..0x1f00], stub()[0x1000..0x1f00]);
}

#[test]
fn every_byte_is_in_a_section_and_the_table_finds_it() {
    let place = Place::new();
    let image = built(&place);
    let pe = PE::parse(&image).unwrap();
    let header = pe.header.optional_header.unwrap();
    assert_eq!(header.windows_fields.size_of_headers, 0x1000);
    assert_eq!(pe.header.coff_header.pointer_to_symbol_table, 0);
    let mut end = 0x1000;
    let mut address = 0;
    for section in &pe.sections {
        assert_eq!(section.pointer_to_raw_data, end, "{:?}", section.name());
        end += section.size_of_raw_data;
        assert!(section.virtual_address >= address);
        address = section.virtual_address + section.virtual_size;
    }
    assert_eq!(end as usize, image.len());
    let names: Vec<_> = pe
        .sections
        .iter()
        .map(|section| section.name().unwrap())
        .collect();
    assert_eq!(names[..2], [".bzload", ".bzentry"]);
    assert_eq!(
        names[names.len() - 4..],
        [".linux", ".ucode", ".initrd", ".bzextra"]
    );
    assert_eq!(checksum(&image), header.windows_fields.check_sum);

    let table = PROTECTED_MODE + u32_at(&image, PROTECTED_MODE + TABLE_HEADER + 8) as usize;
    let count = u32_at(&image, PROTECTED_MODE + TABLE_HEADER + 12) as usize;
    let piece = |kind: u32| {
        let mut entries = image[table..].chunks_exact(16).take(count);
        let entry = entries.find(|entry| u32_at(entry, 0) == kind).unwrap();
        let at = PROTECTED_MODE + u32_at(entry, 8) as usize;
        &image[at..at + u32_at(entry, 12) as usize]
    };
    assert_eq!(piece(1), place.read("linux"));
    assert_eq!(piece(2), b"root=x quiet");
    assert_eq!(piece(3), place.read("microcode"));
    assert_eq!(piece(4), place.read("initrd"));
    assert!(piece(5).starts_with(b"070701"));
    // The first of the initrds lies at a page, as the stub leaves it there.
    assert_eq!(
        (piece(3).as_ptr() as usize - image.as_ptr() as usize) % 0x1000,
        0
    );
}

/// The checksum by the definition in Microsoft's library.
fn checksum(image: &[u8]) -> u32 {
    let mut image = image.to_vec();
    image[0x400 + 24 + 64..][..4].fill(0);
    let sum = image.chunks(2).fold(0_u32, |sum, word| {
        let word = u32::from(word[0]) | u32::from(*word.get(1).unwrap_or(&0)) << 8;
        let sum = sum + word;
        (sum & 0xffff) + (sum >> 16)
    });
    sum + image.len() as u32
}

#[test]
fn converting_again_changes_nothing() {
    let place = Place::new();
    place
        .build(&["--cmdline", "quiet", "--os-release", "ID=t\n"])
        .unwrap();
    place.convert("image", "again").unwrap();
    assert!(place.read("again") == place.read("image"));
    // In place, too.
    place.convert("again", "again").unwrap();
    assert!(place.read("again") == place.read("image"));
}

/// The headers of an image for 64-bit firmware, as one for 32-bit firmware has them.
fn for_32_bit_firmware(image: &mut [u8]) {
    let coff = usize::try_from(u32_at(image, 0x3c)).unwrap();
    let optional = coff + 24;
    let old = image[optional..optional + 240].to_vec();
    let mut new = old[..24].to_vec();
    new.extend([0; 8]); // BaseOfData, ImageBase
    new.extend(&old[32..72]); // SectionAlignment to DllCharacteristics
    new.extend([0; 20]); // stack, heap, LoaderFlags
    new.extend(&old[108..]); // the data directory
    new.resize(old.len(), 0);
    new[..2].copy_from_slice(&0x10b_u16.to_le_bytes());
    // A signature, and relocations.
    new[96 + 4 * 8..96 + 6 * 8].copy_from_slice(&[0x11; 16]);
    image[coff + 4..coff + 6].copy_from_slice(&0x14c_u16.to_le_bytes());
    image[optional..optional + 240].copy_from_slice(&new);
}

/// An image for 32-bit firmware with a 64-bit kernel is converted, and stays what it is.
#[test]
fn mixed_mode() {
    let place = Place::new();
    place
        .build(&["--cmdline", "quiet", "--os-release", "ID=t\n"])
        .unwrap();
    let mut image = place.read("image");
    for_32_bit_firmware(&mut image);
    place.write("mixed", &image);
    place.convert("mixed", "converted").unwrap();
    let converted = place.read("converted");
    let header = goblin::pe::header::Header::parse(&converted).unwrap();
    assert_eq!(header.coff_header.machine, 0x14c);
    let optional = header.optional_header.unwrap();
    assert_eq!(optional.standard_fields.magic, 0x10b);
    let directories = optional.data_directories;
    assert!(
        directories
            .get_certificate_table()
            .is_none_or(|it| it.size == 0)
    );
    let relocations = directories.get_base_relocation_table().unwrap();
    assert_eq!(relocations.virtual_address, 0x1111_1111);
    assert!(place.report("converted").unwrap().problems.is_empty());
}

#[test]
fn initrds_are_joined_and_profiles_kept_apart() {
    let place = Place::new();
    let initrd = place.path("initrd");
    let arguments = [
        "--initrd",
        &initrd,
        "--initrd",
        &initrd,
        "--cmdline",
        "base",
        "--os-release",
        "ID=t\n",
        "--profile",
        "ID=first\nTITLE=One\n",
        "--profile",
        "ID=second\n",
        "--cmdline",
        "two",
    ];
    place.build(&arguments).unwrap();
    let report = place.report("image").unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    assert_eq!(report.kind, "legacy-uki");
    assert_eq!(report.boots_on, ["bios", "kexec"]);
    assert_eq!(report.cmdline.as_deref(), Some("base"));
    let lines: Vec<_> = report
        .profiles
        .iter()
        .map(|profile| profile.cmdline.as_deref())
        .collect();
    assert_eq!(lines, [Some("base"), Some("two")]);
    assert_eq!(report.profiles[0].title.as_deref(), Some("One"));
    let initrd = report
        .sections
        .iter()
        .find(|section| section.name == ".initrd")
        .unwrap();
    assert_eq!(initrd.size, 2 * 70_004);
    let extras = report
        .sections
        .iter()
        .filter(|section| section.name == ".bzextra");
    assert_eq!(extras.count(), 2, "each profile has archives of its own");
}

#[test]
fn what_cannot_start_is_refused() {
    let place = Place::new();
    let refused = |place: &Place, arguments: &[&str], word: &str| {
        let error = place.build(arguments).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
        assert!(!Path::new(&place.path("image")).exists());
    };
    refused(
        &place,
        &["--cmdline", &"x".repeat(2048)],
        "2048 characters, the kernel takes 2047",
    );
    refused(&place, &["--section", ".too.long.a.name:x"], "1 to 8");
    refused(&place, &["--section", ".linux:x"], "not allowed");
    refused(&place, &["--initrd", "/nowhere"], "/nowhere");
    let many: Vec<String> = (0..70).map(|n| format!(".s{n}:x")).collect();
    let many: Vec<&str> = many
        .iter()
        .flat_map(|one| ["--section", one.as_str()])
        .collect();
    refused(&place, &many, "leave some out");

    let mut fixed = kernel(100_000);
    fixed[0x234] = 0;
    place.write("linux", &fixed);
    refused(&place, &[], "not relocatable");
    place.write("linux", &noise(5, 100_000));
    refused(&place, &[], "bzImage");
    assert!(place.convert("linux", "image").is_err());
}

#[test]
fn images_are_not_made_of_images_nor_over_what_they_are_made_of() {
    let place = Place::new();
    let kernel = place.read("linux");
    fs::hard_link(place.path("linux"), place.path("image")).unwrap();
    let error = place.build(&[]).unwrap_err().to_string();
    assert!(error.contains("name another file by --output"), "{error}");
    assert_eq!(place.read("linux"), kernel);
    fs::remove_file(place.path("image")).unwrap();

    place.build(&[]).unwrap();
    fs::rename(place.path("image"), place.path("linux")).unwrap();
    let error = place.build(&[]).unwrap_err().to_string();
    assert!(error.contains("is a unified kernel image"), "{error}");
    assert!(!Path::new(&place.path("image")).exists());
}

#[test]
fn a_file_that_is_cut_short() {
    let place = Place::new();
    place.build(&[]).unwrap();
    let image = place.read("image");
    place.write("image", &image[..image.len() - 50_000]);
    let problems = place.report("image").unwrap().problems.join("\n");
    assert!(problems.contains("is it complete?"), "{problems}");
    assert!(!problems.contains("it has no .osrel"), "{problems}");
}

#[test]
fn usage() {
    let parse = |arguments: &[&str]| inputs(arguments).err();
    let place = Place::new();
    let linux = place.path("linux");
    let output = ["--linux", &linux, "--output", "x"];
    assert!(parse(&output).is_none());
    for wrong in [
        &["--linux", &linux][..],
        &["--output", "x"],
        &["--linux", &linux, "--output", "x", "y"],
        &["--linux", &linux, "--linux", &linux, "--output", "x"],
        &["--linux", &linux, "--output", "x", "--sectoin", "a:b"],
        &["--linux", &linux, "--output", "x", "--section", "a"],
    ] {
        assert!(matches!(parse(wrong), Some(Error::Usage(_))), "{wrong:?}");
    }
}

/// Headers with wrong bytes cost a message, nothing else.
#[test]
fn hostile_headers() {
    let place = Place::new();
    let image = built(&place);
    for round in 0..800_usize {
        let mut wrong = image.clone();
        let random = noise(round as u32 + 9, 24);
        for byte in random.chunks_exact(3).take(1 + round % 8) {
            let headers = [0x3c, 0x1f1, 0x400, 0x500, PROTECTED_MODE];
            let at = headers[usize::from(byte[0]) % headers.len()] + usize::from(byte[1]);
            wrong[at] = byte[2] ^ (round as u8 & 0x80);
        }
        if round % 5 == 0 {
            wrong.truncate(image.len() * (round % 100) / 100);
        }
        place.write("wrong", &wrong);
        let source = SourceFile::open(Path::new(&place.path("wrong"))).unwrap();
        if let Ok(pe) = Pe::parse(&wrong, "wrong") {
            let _ = Report::of(&source, &pe);
            let _ = place.convert("wrong", "out");
        }
    }
}
