//! The bytes of files on file systems of all kinds.

use crate::fat_image::{Image, Layout, contents, nodes, tree, tree_of_mtools, with};
use crate::tools::{Numbers, noise, run};
use boot::fat::{DirEntry, File};
use boot::{Error, Kind};

/// Options of mkfs.vfat, and KiB.
const KINDS: [(&str, u64); 20] = [
    ("-F 12 -s 1", 1440),
    ("-F 12 -s 2 -R 3", 3000),
    ("-F 12 -s 8 -f 1", 8000),
    ("-F 12 -s 64", 100_000),
    ("-F 12 -s 128 -r 64", 200_000),
    ("-F 16 -s 1", 10_000),
    ("-F 16 -s 4 -r 4096", 30_000),
    ("-F 16 -s 32", 500_000),
    ("-F 16 -s 128", 2_000_000),
    ("-F 32 -s 1", 34_000),
    ("-F 32 -s 8 -R 5", 300_000),
    ("-F 32 -s 16 -a", 530_001),
    ("-F 32 -s 128", 4_300_000),
    ("-F 12 -S 1024 -s 1", 3000),
    ("-F 12 -S 4096 -s 1 -r 256", 12_000),
    ("-F 16 -S 2048 -s 1", 20_000),
    ("-F 16 -S 4096 -s 2 -f 1", 60_000),
    ("-F 32 -S 1024 -s 1", 70_000),
    ("-F 32 -S 2048 -s 1", 150_000),
    ("-F 32 -S 4096 -s 1", 300_000),
];

#[test]
fn every_kind_of_file_system() {
    for (options, kib) in KINDS {
        let mut image = Image::new(options, kib);
        let mut numbers = Numbers::new(kib);
        let cluster = run_size(options);
        image.mtools(
            "mmd",
            &[
                "::/EFI",
                "::/EFI/Linux",
                "::/a directory",
                "::/a directory/b",
            ],
        );
        for (index, size) in sizes(cluster).into_iter().enumerate() {
            let directory = ["", "/EFI/Linux", "/a directory/b"][index % 3];
            let bytes = noise(numbers.next(), size.min(300_000));
            image.write(&format!("{directory}/vmlinuz-{index}-{size}.conf"), &bytes);
        }
        image.check();
        let expected = tree_of_mtools(&image);
        assert!(expected.len() >= 14, "{options}");
        let mut disk = image.disk();
        let found = with(&mut disk, |storage, volume| tree(storage, &volume));
        assert!(found == expected, "{options}");
    }
}

/// Bytes of a cluster, from the options of mkfs.vfat.
fn run_size(options: &str) -> usize {
    let number = |name: &str| {
        let (_, rest) = options.split_once(name)?;
        rest.split(' ').next().unwrap().parse::<usize>().ok()
    };
    number("-S ").unwrap_or(512) * number("-s ").unwrap()
}

/// Sizes where something may change.
fn sizes(cluster: usize) -> Vec<usize> {
    let request = 127 * 512;
    let mut sizes = vec![0, 1, 511, 512, 513];
    sizes.extend([cluster - 1, cluster, cluster + 1, 3 * cluster + 7]);
    sizes.extend([request - 1, request, request + 1]);
    sizes
}

/// An image on which every file is in many pieces, and one of its files.
fn fragmented(options: &str, kib: u64) -> (Image, Vec<u8>) {
    let cluster = run_size(options);
    let mut image = Image::new(options, kib);
    image.mtools("mmd", &["::/pieces"]);
    let pieces: Vec<_> = (0..300)
        .map(|number| (format!("piece {number}"), noise(number, cluster)))
        .collect();
    image.write_all("/pieces", &pieces);
    let mut numbers = Numbers::new(kib);
    let holes: Vec<String> = (0..300)
        .filter(|_| numbers.below(5) < 2)
        .map(|number| format!("::/pieces/piece {number}"))
        .collect();
    image.mtools(
        "mdel",
        &holes.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let bytes = noise(7, 130 * cluster - 5);
    image.write("/large.img", &bytes);
    (image, bytes)
}

#[test]
fn fragmented_files() {
    for (options, kib) in [
        ("-F 12 -s 1", 1000),
        ("-F 16 -s 4", 12_000),
        ("-F 32 -s 1", 34_000),
        ("-F 16 -s 8", 40_000),
        ("-F 16 -s 64", 260_000),
    ] {
        let (image, bytes) = fragmented(options, kib);
        let expected = tree_of_mtools(&image);
        assert!(expected["/large.img"].as_ref() == Some(&bytes));
        let mut disk = image.disk();
        with(&mut disk, |storage, volume| {
            assert!(tree(storage, &volume) == expected, "{options}");
            let node = volume.find(storage, b"LARGE.IMG").unwrap();
            // In pieces, from everywhere, in every way.
            let mut numbers = Numbers::new(kib);
            let mut file = File::open(&volume, &node);
            for round in 0..300 {
                let at = numbers.below(bytes.len() + 1);
                let limit = numbers.below([5, 600, 70_000][round % 3]);
                file.seek(u32::try_from(at).unwrap());
                let mut small = vec![0; limit];
                let length = file.read_small(storage, &mut small).unwrap();
                assert_eq!(length, limit.min(bytes.len() - at));
                assert!(small[..length] == bytes[at..at + length]);
                assert_eq!(file.position() as usize, at + length);
                file.seek(u32::try_from(at).unwrap());
                let mut end = at;
                for _ in 0..3 {
                    let some = file.next(storage, u32::try_from(limit).unwrap()).unwrap();
                    assert!(some.len() <= limit && *some == bytes[end..end + some.len()]);
                    end += some.len();
                    if some.is_empty() {
                        assert!(limit == 0 || end == bytes.len());
                    }
                }
            }
            file.seek(u32::MAX);
            assert_eq!(file.next(storage, u32::MAX), Ok(&[][..]));
            assert_eq!(file.read_small(storage, &mut [0; 9]), Ok(0));
        });
    }
}

#[test]
fn short_reads_change_nothing() {
    let (image, bytes) = fragmented("-F 16 -s 8", 40_000);
    for most in [1, 7, 64] {
        let mut disk = image.disk();
        disk.most = most;
        disk.size_known = most != 7;
        with(&mut disk, |storage, volume| {
            let node = volume.find(storage, b"/large.img").unwrap();
            assert!(contents(storage, &volume, &node) == bytes);
        });
    }
}

#[test]
fn a_bad_sector_in_a_file() {
    let mut image = Image::new("-F 16 -s 4", 20_000);
    let bytes = noise(1, 100_000);
    image.write("/file", &bytes);
    let mut disk = image.disk();
    with(&mut disk, |storage, volume| {
        let node = volume.find(storage, b"file").unwrap();
        File::open(&volume, &node).next(storage, 1).unwrap();
        nodes(storage, &volume, &DirEntry::ROOT);
    });
    let first = disk
        .log
        .iter()
        .rev()
        .find(|&&(_, count)| count == 1)
        .unwrap()
        .0;
    disk.bad.insert(first + 30);
    with(&mut disk, |storage, volume| {
        let node = volume.find(storage, b"file").unwrap();
        let mut file = File::open(&volume, &node);
        assert_eq!(file.next(storage, 30 * 512), Ok(&bytes[..30 * 512]));
        let error = Error::with_status(Kind::DiskRead, first + 30, crate::fake::STATUS);
        assert_eq!(file.next(storage, u32::MAX), Err(error));
        assert_eq!(file.position(), 30 * 512);
        file.seek(31 * 512);
        assert!(file.next(storage, u32::MAX).unwrap().len() > 30_000);
    });
}

#[test]
fn fat32_with_too_few_clusters_for_it() {
    // mkfs.vfat makes it, Linux and EDK II read it, and its entries have 32
    // bits; mtools takes it for FAT12. So what it holds is written by hand.
    for (options, kib) in [
        ("-F 32 -s 8", 20_000),
        ("-F 32 -s 128", 40_000),
        ("-F 32 -s 1", 1000),
    ] {
        let mut disk = Image::new(options, kib).disk();
        let layout = Layout::of(&disk, 32);
        let cluster = 512 * layout.cluster_sectors;
        for (number, next) in [(3, 5), (5, 6), (6, 4), (4, 0x0fff_ffff)] {
            layout.set(&mut disk, number, next);
        }
        let bytes = noise(kib, cluster as usize * 4);
        for (piece, number) in bytes.chunks(cluster as usize).zip([3, 5, 6, 4]) {
            disk.patch(
                layout.data + (number - 2) * layout.cluster_sectors,
                0,
                piece,
            );
        }
        let mut slot = *b"FILE    BIN\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x03\0\0\0\0\0";
        slot[28..].copy_from_slice(&(4 * cluster as u32).to_le_bytes());
        disk.patch(layout.data, 0, &slot);
        with(&mut disk, |storage, volume| {
            let node = volume.find(storage, b"file.bin").unwrap();
            File::open(&volume, &node).check(storage).unwrap();
            assert!(contents(storage, &volume, &node) == bytes);
        });
    }
}

#[test]
fn files_up_to_the_largest() {
    // 4 GiB - 1 on a sparse image: only the ends are anything but zeros.
    let mut image = Image::new("-F 32 -s 64", 4_300_000);
    image.write("/big", b"");
    let mut disk = image.disk();
    let size = u32::MAX;
    // A file of the largest size from cluster 3 on.
    let Layout { data, table, .. } = Layout::of(&disk, 32);
    let clusters = size.div_ceil(64 * 512);
    for sector in 0..=clusters / 128 + 1 {
        let mut entries = Vec::new();
        for entry in sector * 128..sector * 128 + 128 {
            let value = match entry {
                0 => 0x0fff_fff8,
                1 | 2 => 0x0fff_ffff,
                _ if entry == clusters + 2 => 0x0fff_ffff,
                _ if entry < clusters + 2 => entry + 1,
                _ => 0,
            };
            entries.extend(u32::to_le_bytes(value));
        }
        disk.patch(table + u64::from(sector), 0, &entries);
    }
    disk.patch(data, 20, &[0, 0]);
    disk.patch(data, 26, &[3, 0]);
    disk.patch(data, 28, &size.to_le_bytes());
    disk.patch(data + 64, 0, b"begins");
    disk.patch(data + 64, size as usize - 4, b"ends");
    with(&mut disk, |storage, volume| {
        let node = volume.find(storage, b"big").unwrap();
        assert_eq!(node.size(), size);
        let mut file = File::open(&volume, &node);
        file.check(storage).unwrap();
        assert!(file.next(storage, u32::MAX).unwrap().starts_with(b"begins"));
        file.seek(size - 4);
        assert_eq!(file.next(storage, u32::MAX), Ok(&b"ends"[..]));
        assert_eq!(file.position(), size);
        assert_eq!(file.next(storage, u32::MAX), Ok(&[][..]));
    });
}

#[test]
fn volumes_of_mformat() {
    // Floppies, and geometries that mkfs.vfat does not make.
    for options in [
        "-f 1440",
        "-f 2880",
        "-t 80 -h 4 -s 36 -c 1",
        "-t 1000 -h 16 -s 63 -c 16",
        "-F -T 200000 -h 16 -s 63 -c 1",
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("image");
        let path = path.to_str().unwrap();
        let mut arguments = vec!["-C", "-i", path];
        arguments.extend(options.split(' '));
        arguments.push("::");
        run("mformat", &arguments);
        let bytes = noise(3, 70_000);
        let source = directory.path().join("source");
        std::fs::write(&source, &bytes).unwrap();
        run(
            "mcopy",
            &[
                "-i",
                path,
                source.to_str().unwrap(),
                "::/A file with a long name.txt",
            ],
        );
        let mut disk = crate::fake::FakeDisk::of_file(path.as_ref());
        with(&mut disk, |storage, volume| {
            let node = volume
                .find(storage, b"a FILE with a long name.txt")
                .unwrap();
            assert!(contents(storage, &volume, &node) == bytes, "{options}");
            let node = volume.find(storage, b"AFILEW~1.TXT").unwrap();
            assert_eq!(node.size(), 70_000);
        });
    }
}

#[test]
fn lines() {
    let long = "x".repeat(600);
    // The last byte of a line that is cut fills the buffer.
    let cut = format!("{}z", "x".repeat(599));
    let text = format!("title A\r\nlinux /b\n\n\tc d \n{long}\n{long} {long}z\nlast");
    let mut image = Image::new("-F 12 -s 1", 1000);
    image.write("/unix", text.as_bytes());
    image.write("/ended", b"one\ntwo\n");
    image.write("/zero", b"one\ntw\0o\nthree\n");
    image.write("/empty", b"");
    image.write("/feeds", b"\n\r\n");
    let mut disk = image.disk();
    with(&mut disk, |storage, volume| {
        let mut lines = |path: &str| {
            let node = volume.find(storage, path.as_bytes()).unwrap();
            let mut file = File::open(&volume, &node);
            let mut all = Vec::new();
            loop {
                let mut line = [0; 600];
                match file.line(storage, &mut line) {
                    Ok(None) => break,
                    Ok(Some(line)) => all.push(String::from_utf8(line.to_vec()).unwrap()),
                    Err(error) => panic!("{error:?}"),
                }
            }
            assert_eq!(file.line(storage, &mut []), Ok(None));
            all
        };
        let expected = ["title A", "", "linux /b", "", "\tc d ", &long, &cut, "last"];
        assert_eq!(lines("unix"), expected);
        assert_eq!(lines("ended"), ["one", "two"]);
        assert_eq!(lines("zero"), ["one", "tw"]);
        assert_eq!(lines("empty"), [""; 0]);
        assert_eq!(lines("feeds"), ["", "", ""]);
    });
}
