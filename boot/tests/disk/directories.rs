//! Directories: many files, many pieces, and where the slots lie.

use crate::fat_image::{Image, names, nodes, with};
use crate::tools::noise;
use boot::fat::DirEntry;
use boot::machine::Lba;
use boot::{Error, Kind};

/// An image with a directory of 400 files that is in as many pieces as it has
/// clusters, because its clusters were allotted between those of the files.
fn crowded(options: &str, kib: u64) -> Image {
    let image = Image::new(options, kib);
    image.mtools("mmd", &["::/loader", "::/loader/entries"]);
    let files: Vec<_> = (0..400_u64)
        .map(|number| {
            let name = format!("{number:03}-entry-with-a-long-name+3-{}.conf", number % 10);
            (
                name,
                noise(number, 40 + usize::try_from(number).unwrap() * 3),
            )
        })
        .collect();
    image.write_all("/loader/entries", &files);
    let gone: Vec<_> = files
        .iter()
        .step_by(7)
        .map(|file| format!("::/loader/entries/{}", file.0))
        .collect();
    image.mtools("mdel", &gone.iter().map(String::as_str).collect::<Vec<_>>());
    image
}

const KINDS: [(&str, u64); 4] = [
    ("-F 12 -s 1", 2000),
    ("-F 16 -s 2", 20_000),
    ("-F 32 -s 1", 34_000),
    ("-F 16 -s 128", 300_000),
];

#[test]
fn hundreds_of_files() {
    for (options, kib) in KINDS {
        let image = crowded(options, kib);
        let expected = image.list("/loader/entries");
        assert_eq!(expected.len(), 400 - 58);
        let mut disk = image.disk();
        with(&mut disk, |storage, volume| {
            assert_eq!(
                names(storage, &volume, "/loader/entries"),
                expected,
                "{options}"
            );
            assert_eq!(names(storage, &volume, ""), ["loader/"]);
            for name in &expected {
                let path = format!("LOADER/entries/{}", name.to_uppercase());
                assert!(volume.find(storage, path.as_bytes()).is_ok());
            }
        });
    }
}

#[test]
fn the_full_root_directory_of_fat16() {
    // 64 slots: a label and 21 files of three slots each, none left over.
    let image = Image::new("-F 16 -s 4 -r 64 -n LABEL", 20_000);
    let files: Vec<_> = (0..21)
        .map(|number| (format!("a name of 2 slots {number:02}"), vec![1]))
        .collect();
    image.write_all("/", &files);
    let mut disk = image.disk();
    with(&mut disk, |storage, volume| {
        let expected: Vec<_> = files.iter().map(|file| file.0.clone()).collect();
        assert_eq!(names(storage, &volume, "/"), expected);
        let missing = volume.find(storage, b"nothing").unwrap_err();
        assert_eq!(missing, Error::new(Kind::NotFound, 0));
    });
}

#[test]
fn the_slots_of_a_node() {
    for (options, kib) in KINDS {
        let image = crowded(options, kib);
        let mut disk = image.disk();
        let mut places: Vec<(DirEntry, Vec<(Lba, usize)>)> = Vec::new();
        with(&mut disk, |storage, volume| {
            let directory = volume.find(storage, b"loader/entries").unwrap();
            for (_, node) in nodes(storage, &volume, &directory) {
                let slots =
                    (0..node.slots()).map(|number| volume.slot(storage, &node, number).unwrap());
                places.push((node, slots.collect()));
            }
        });
        let mut apart = 0;
        for (node, slots) in places {
            assert_eq!(slots.len(), 4);
            for (index, &(Lba(at), offset)) in slots.iter().enumerate() {
                let sector = disk.sector(at);
                let slot = &sector[offset..offset + 32];
                let number = u8::try_from(slots.len() - 1 - index).unwrap();
                match index {
                    0 => assert_eq!((slot[0], slot[11]), (0x40 | number, 0x0f)),
                    3 => assert_eq!(slot[28..32], node.size().to_le_bytes()),
                    _ => assert_eq!((slot[0], slot[11]), (number, 0x0f)),
                }
            }
            apart += slots
                .windows(2)
                .filter(|pair| pair[0].0.0 + 1 < pair[1].0.0)
                .count();
        }
        // Otherwise this would have tried no directory in pieces.
        assert!(options.ends_with("128") || apart > 10, "{options}: {apart}");
    }
}

#[test]
fn attributes() {
    let mut image = Image::new("-F 32 -s 1", 34_000);
    image.write("/plain", b"1");
    image.write("/locked", b"22");
    image.mtools("mattrib", &["+r", "+h", "+s", "::/locked"]);
    image.mtools("mmd", &["::/folder"]);
    let mut disk = image.disk();
    with(&mut disk, |storage, volume| {
        let mut find = |path: &str| {
            let node = volume.find(storage, path.as_bytes()).unwrap();
            (node.is_directory(), node.is_read_only(), node.size())
        };
        assert_eq!(find("plain"), (false, false, 1));
        assert_eq!(find("locked"), (false, true, 2));
        assert_eq!(find("/folder/"), (true, false, 0));
        assert_eq!(find("//"), (true, false, 0));
    });
}

#[test]
fn paths() {
    let mut image = Image::new("-F 16 -s 4", 20_000);
    image.mtools("mmd", &["::/EFI", "::/EFI/Linux Kernels"]);
    image.write("/EFI/Linux Kernels/Größe 漢字.efi", b"x");
    image.write("/EFI/vmlinuz", b"x");
    let mut disk = image.disk();
    with(&mut disk, |storage, volume| {
        for path in [
            "/EFI/Linux Kernels/Größe 漢字.efi",
            "efi/LINUX KERNELS/größe 漢字.EFI",
            "//EFI///LINUXK~1//Größe 漢字.efi",
            "EFI/VMLINUZ",
            "/efi/vmlinuz",
            "EFI\\vmlinuz",
            "\\EFI/Linux Kernels\\Größe 漢字.efi",
            "\\/efi\\\\/vmlinuz",
            "EFI/./vmlinuz",
            "./EFI/../EFI/vmlinuz",
            "/EFI/Linux Kernels/..\\..\\EFI\\.\\vmlinuz",
            "EFI/..",
            "EFI/Linux Kernels/../..",
            ".",
        ] {
            assert!(volume.find(storage, path.as_bytes()).is_ok(), "{path}");
        }
        for path in [
            "EFI/vmlinu",
            "EFI/vmlinuz.",
            "EFI/vmlinuz2",
            "EFI/vmlinuz/x",
            "..",
            "/../EFI/vmlinuz",
            "EFI/../../EFI/vmlinuz",
            "EFI/.../vmlinuz",
            "nothing/../EFI/vmlinuz",
            "EFI/vmlinuz/..",
            "EFI/Linux Kernels/GRÖSSE 漢字.efi",
            "EFI/LINUXK~2",
            " ",
            "\0",
        ] {
            let missing = volume.find(storage, path.as_bytes()).unwrap_err();
            assert_eq!(missing, Error::new(Kind::NotFound, 0), "{path}");
        }
        assert!(volume.find(storage, &[0xff; 2000]).is_err());
        let root = volume.find(storage, b"").unwrap();
        for path in [&b"EFI/.."[..], b"EFI\\Linux Kernels\\..\\..\\"] {
            let found = volume.find(storage, path).unwrap();
            assert_eq!(
                nodes(storage, &volume, &found),
                nodes(storage, &volume, &root)
            );
        }
    });
}

#[test]
fn a_bad_sector_in_a_directory_costs_its_slots() {
    let image = crowded("-F 12 -s 1", 2000);
    let mut disk = image.disk();
    let expected = with(&mut disk, |storage, volume| {
        names(storage, &volume, "loader/entries")
    });
    let bad = with(&mut disk, |storage, volume| {
        let directory = volume.find(storage, b"loader/entries").unwrap();
        let (_, node) = nodes(storage, &volume, &directory)[100];
        volume.slot(storage, &node, 3).unwrap().0.0
    });
    disk.bad.insert(bad);
    with(&mut disk, |storage, volume| {
        let directory = volume.find(storage, b"loader/entries").unwrap();
        let mut walk = volume.walk(&directory);
        let mut name = boot::fat::Name::new();
        let (mut found, mut errors) = (Vec::new(), 0);
        loop {
            match walk.next(storage, &mut name) {
                Ok(None) => break,
                Ok(Some(_)) => found.push(String::from_utf8_lossy(name.as_bytes()).into_owned()),
                Err(error) => {
                    assert_eq!(
                        error,
                        Error::with_status(Kind::DiskRead, bad, crate::fake::STATUS)
                    );
                    errors += 1;
                }
            }
        }
        assert_eq!(errors, 1);
        let lost = expected.iter().filter(|name| !found.contains(name)).count();
        assert!((3..=5).contains(&lost), "{lost}");
        // What can't be found may be in the bad sector.
        let error = volume.find(storage, b"loader/entries/nothing").unwrap_err();
        assert_eq!(error.kind(), Kind::DiskRead);
        assert!(
            volume
                .find(
                    storage,
                    format!("loader/entries/{}", expected.last().unwrap()).as_bytes()
                )
                .is_ok()
        );
    });
}
