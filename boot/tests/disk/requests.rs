//! How many requests everything costs, and that nothing is read twice.

use crate::fake::FakeDisk;
use crate::fat_image::{Image, nodes, with};
use crate::tools::noise;
use boot::fat::File;

/// The requests for a file, its clusters checked first, and what they asked.
fn load(image: &Image, path: &str) -> (Vec<(u64, u32)>, usize) {
    let mut disk = FakeDisk::of_file_at(&image.path(), 2048);
    let mut length = 0;
    with(&mut disk, |storage, volume| {
        let node = volume.find(storage, path.as_bytes()).unwrap();
        let mut file = File::open(&volume, &node);
        file.check(storage).unwrap();
        loop {
            let bytes = file.next(storage, u32::MAX).unwrap().len();
            length += bytes;
            if bytes == 0 {
                break;
            }
        }
        assert_eq!(length, node.size() as usize);
    });
    let twice = disk
        .counts()
        .into_iter()
        .filter(|&(_, count)| count > 1)
        .count();
    (disk.log, twice)
}

#[test]
fn a_file_in_one_piece() {
    for (options, kib) in [
        ("-F 32 -s 8", 300_000),
        ("-F 32 -s 1", 100_000),
        ("-F 16 -s 128", 300_000),
    ] {
        let mut image = Image::new(options, kib);
        let size = 20 << 20;
        image.write("/initrd", &noise(1, size));
        let (log, twice) = load(&image, "/initrd");
        // The cache of the root directory may hold its neighbours.
        assert!(
            twice <= if options.ends_with(" 1") { 7 } else { 0 },
            "{options}"
        );
        let floor = size.div_ceil(127 * 512);
        let contents = log.iter().filter(|&&(_, count)| count == 127).count();
        assert_eq!(contents, size / (127 * 512), "{options}");
        // The boot sector, the root directory, and the table in long pieces.
        let table = if options.ends_with(" 1") { 320 } else { 40 };
        assert!(
            log.len() <= floor + 2 + 1 + table / 56 + 1,
            "{options}: {}",
            log.len() - floor
        );
    }
}

#[test]
fn a_file_in_pieces_of_one_cluster() {
    let mut image = Image::new("-F 32 -s 8", 300_000);
    let pieces: Vec<_> = (0..4096)
        .map(|number| (format!("{number}"), vec![1; 4096]))
        .collect();
    image.mtools("mmd", &["::/d"]);
    image.write_all("/d", &pieces);
    let gone: Vec<_> = (0..4096)
        .step_by(2)
        .map(|number| format!("::/d/{number}"))
        .collect();
    for some in gone.chunks(500) {
        image.mtools("mdel", &some.iter().map(String::as_str).collect::<Vec<_>>());
    }
    // mtools goes on where it stopped: fill up what comes after it first.
    let path = image.path();
    let mut disk = image.disk();
    let sector = disk.sector(1);
    assert_eq!(sector[..4], *b"RRaA");
    disk.patch(1, 492, &[2, 0, 0, 0]);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[512..1024].copy_from_slice(&disk.sector(1));
    std::fs::write(&path, bytes).unwrap();
    let content = noise(1, 2000 * 4096);
    image.write("/large", &content);
    assert!(image.read("/large") == content);
    let (log, twice) = load(&image, "/large");
    assert_eq!(twice, 0);
    let pieces = log.iter().filter(|&&(_, count)| count == 8).count();
    assert!(pieces >= 1900, "it is not in pieces: {pieces}");
    assert!(log.len() <= 2000 + 8, "{}", log.len());
}

/// 64 MiB with a hole after each cluster: a request for each, and the table
/// twice, once to check the chain and once to follow it.
#[test]
fn sixteen_thousand_runs() {
    const RUNS: u32 = 16_384;
    let mut image = Image::new("-F 32 -s 8", 300_000);
    image.write("/file", b"");
    let mut disk = image.disk();
    let boot = disk.sector(0);
    let length = u32::from_le_bytes(boot[36..40].try_into().unwrap());
    let data = 32 + 2 * u64::from(length);
    let cluster = |run: u32| 3 + 2 * run;
    for run in 0..RUNS {
        let next = match run + 1 {
            RUNS => 0x0fff_ffff,
            next => cluster(next),
        };
        disk.patch(32, cluster(run) as usize * 4, &next.to_le_bytes());
    }
    disk.patch(data, 26, &(cluster(0) as u16).to_le_bytes());
    disk.patch(data, 28, &(RUNS * 4096).to_le_bytes());
    with(&mut disk, |storage, volume| {
        let node = volume.find(storage, b"file").unwrap();
        let mut file = File::open(&volume, &node);
        file.check(storage).unwrap();
        while !file.next(storage, u32::MAX).unwrap().is_empty() {}
    });
    let contents: Vec<u64> = disk
        .log
        .iter()
        .filter(|&&(_, count)| count == 8)
        .map(|&(at, _)| at)
        .filter(|&at| at > data)
        .collect();
    let expected: Vec<u64> = (0..RUNS)
        .map(|run| data + u64::from(cluster(run) - 2) * 8)
        .collect();
    assert!(contents == expected, "each cluster once, in order");
    let table = (RUNS * 2 * 4 / 512).div_ceil(56) as usize;
    let others = disk.log.len() - contents.len();
    // The boot sector, the root directory, and a first block of each walk.
    assert!(others <= 2 + 2 * (table + 1), "{others}");
}

#[test]
fn a_scattered_file_costs_at_most_a_table_block_for_each_run() {
    // A chain that jumps all over a table of 2,000 sectors, with no two
    // clusters that follow each other.
    let mut image = Image::new("-F 32 -s 1", 130_000);
    image.write("/file", b"");
    let mut disk = image.disk();
    let boot = disk.sector(0);
    let length = u32::from_le_bytes(boot[36..40].try_into().unwrap());
    let data = 32 + 2 * u64::from(length);
    let clusters: Vec<u32> = (0..4000_u32)
        .map(|index| 3 + (index * 60_013) % 250_000)
        .collect();
    for (index, &cluster) in clusters.iter().enumerate() {
        let next = clusters.get(index + 1).copied().unwrap_or(0x0fff_ffff);
        disk.patch(32, cluster as usize * 4, &next.to_le_bytes());
    }
    disk.patch(data, 26, &(clusters[0] as u16).to_le_bytes());
    disk.patch(data, 28, &(4000_u32 * 512).to_le_bytes());
    with(&mut disk, |storage, volume| {
        let node = volume.find(storage, b"file").unwrap();
        let mut file = File::open(&volume, &node);
        while !file.next(storage, u32::MAX).unwrap().is_empty() {}
    });
    let contents = disk.log.iter().filter(|&&(at, _)| at > data).count();
    assert_eq!(contents, 4000);
    assert!(disk.log.len() <= 2 * 4000 + 10);
    let table: u32 = disk
        .log
        .iter()
        .filter(|request| request.0 < data)
        .map(|request| request.1)
        .sum();
    assert!(table <= 8 * 4000 + 100, "{table}");
}

#[test]
fn a_directory_is_read_once() {
    let image = Image::new("-F 32 -s 8", 300_000);
    image.mtools("mmd", &["::/loader", "::/loader/entries"]);
    let files: Vec<_> = (0..128_u64)
        .map(|number| {
            (
                format!("debian-{number}-6.1.0-56-amd64.conf"),
                noise(number, 300),
            )
        })
        .collect();
    image.write_all("/loader/entries", &files);
    let mut disk = image.disk();
    with(&mut disk, |storage, volume| {
        let directory = volume.find(storage, b"loader/entries").unwrap();
        let mut walk = volume.walk(&directory);
        let mut name = boot::fat::Name::new();
        while let Some(node) = walk.next(storage, &mut name).unwrap() {
            let mut line = [0; 512];
            let mut file = File::open(&volume, &node);
            file.line(storage, &mut line).unwrap();
            volume.find(storage, b"/loader").unwrap();
        }
        assert_eq!(nodes(storage, &volume, &directory).len(), 128);
    });
    // One request for each entry, and few for all else.
    assert!(disk.log.len() <= 128 + 15, "{}", disk.log.len());
}
