//! File systems and partition tables at random: what foreign tools made of
//! them, and what we read.

use crate::counting::attempt;
use crate::fat_image::{Image, tree, tree_of_mtools, with};
use crate::gpt::{Table, XBOOTLDR, read};
use crate::tools::{Numbers, noise};
use boot::disk::partition::Partitions;

/// Geometries, smallest first, and KiB.
const KINDS: [(&str, u64); 8] = [
    ("-F 12 -s 1", 900),
    ("-F 12 -s 2 -f 1", 1900),
    ("-F 12 -s 1 -r 512 -R 7", 1200),
    ("-F 16 -s 1", 5000),
    ("-F 16 -s 4 -r 1024", 12_000),
    ("-F 16 -s 2 -f 1", 9000),
    ("-F 32 -s 1", 34_000),
    ("-F 32 -s 2 -R 40 -f 1", 67_000),
];
const ESP: &str = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";
/// Changes that each file system goes through.
const CHANGES: usize = 100;

/// A directory of entries and some others, in which files come, grow, shrink
/// and go, until nothing lies in one piece.
struct Life {
    image: Image,
    numbers: Numbers,
    directories: Vec<String>,
    files: Vec<String>,
}

impl Life {
    fn new(options: &str, kib: u64, seed: u64) -> Self {
        let image = Image::new(options, kib);
        image.mtools("mmd", &["::/loader", "::/loader/entries"]);
        Self {
            image,
            numbers: Numbers::new(seed),
            directories: vec!["/loader/entries".into(), String::new()],
            files: Vec::new(),
        }
    }

    fn change(&mut self) {
        match self.numbers.below(10) {
            0..=4 => {
                let path = self.path();
                let size = [0, 1, 511, 512, 513, 3000, 20_000][self.numbers.below(7)];
                self.image.write(&path, &noise(self.numbers.next(), size));
                self.files.push(path);
            }
            // The clusters of one that goes are for the next that comes.
            5..=6 if !self.files.is_empty() => {
                let path = self.files.swap_remove(self.numbers.below(self.files.len()));
                self.image.mtools("mdel", &[&format!("::{path}")]);
            }
            7..=8 if !self.files.is_empty() => {
                let path = self.files[self.numbers.below(self.files.len())].clone();
                let size = self.numbers.below(30_000);
                self.image.write(&path, &noise(self.numbers.next(), size));
            }
            _ => {
                let path = self.path();
                self.image.mtools("mmd", &[&format!("::{path}")]);
                self.directories.push(path);
            }
        }
    }

    /// A path that is not in use.
    fn path(&mut self) -> String {
        let directory = &self.directories[self.numbers.below(self.directories.len())];
        let tail = [
            "",
            ".conf",
            "+3.conf",
            "+2-1.conf",
            " is its name, and a long one at that.efi",
            "äß漢.txt",
            ".TXT",
        ];
        let number = self.numbers.below(1_000_000);
        format!(
            "{directory}/{number}{}",
            tail[self.numbers.below(tail.len())]
        )
    }
}

#[test]
fn trees() {
    let mut files = 0;
    let mut attempts = 0;
    for (index, (options, kib)) in KINDS.into_iter().cycle().take(2 * KINDS.len()).enumerate() {
        let mut life = Life::new(options, kib, index as u64);
        (0..CHANGES).for_each(|_| life.change());
        life.image.check();
        let expected = tree_of_mtools(&life.image);
        files += expected.len();
        let mut disk = life.image.disk();
        let found = with(&mut disk, |storage, volume| tree(storage, &volume));
        assert!(found == expected, "{options}, seed {index}");

        // What an attempt makes of it is for others as it is for us.
        let counted = |path: &&String| {
            let name = path.strip_prefix("/loader/entries/").unwrap_or_default();
            name.ends_with(".conf") && name.contains('+') && !name.contains('/')
        };
        for path in life.files.iter().filter(counted) {
            let name = path.rsplit('/').next().unwrap();
            let mut expected = tree_of_mtools(&life.image);
            let bytes = expected.remove(path).unwrap();
            let mut disk = life.image.disk();
            let new = attempt(&mut disk, name).unwrap().unwrap();
            let file = std::fs::File::options()
                .write(true)
                .open(life.image.path())
                .unwrap();
            for (at, sector) in &disk.writes {
                std::os::unix::fs::FileExt::write_all_at(&file, sector, at * 512).unwrap();
            }
            life.image.check();
            expected.insert(format!("/loader/entries/{new}"), bytes);
            assert!(
                tree_of_mtools(&life.image) == expected,
                "{options}, seed {index}: {path}"
            );
            attempts += 1;
        }
    }
    println!("{files} files and directories, {attempts} attempts counted");
    assert!(files > 300 && attempts > 10, "{files} {attempts}");
}

#[test]
fn tables() {
    const TABLES: u64 = 60;
    let mut numbers = Numbers::new(7);
    let mut found = 0;
    for _ in 0..TABLES {
        let table = Table::blank(64);
        let mut script = format!("label: gpt\nfirst-lba: {}\n", 34 + numbers.below(3000));
        script += &format!("table-length: {}\n", 4 + numbers.below(252));
        let kinds = [ESP, XBOOTLDR, "0fc63daf-8483-4772-8e79-3d69d8477de4"];
        let count = 1 + numbers.below(4);
        let mut first = [None; 2];
        let mut start = 4000 + numbers.below(1000);
        // In the order of the disk; their numbers in the table are another one.
        let mut places: Vec<usize> = (1..=count).collect();
        places.rotate_left(numbers.below(count));
        for place in places {
            let size = 1 + numbers.below(20_000);
            let kind = numbers.below(3);
            script += &format!(
                "{place}: start={start}, size={size}, type={}\n",
                kinds[kind]
            );
            start += size + numbers.below(3);
            if kind < 2 && first[kind].is_none_or(|other| place < other) {
                first[kind] = Some(place);
            }
        }
        table.sfdisk(&script);
        let expected = Partitions {
            esp: first[0].map(|number| table.partition(number as u32)),
            xbootldr: first[1].map(|number| table.partition(number as u32)),
        };
        assert_eq!(read(&mut table.disk()), Ok(expected), "{script}");
        // And by the backup alone.
        let mut disk = table.disk();
        disk.patches.insert(1, [0; 512]);
        assert_eq!(read(&mut disk), Ok(expected), "{script}");
        found += first.iter().flatten().count();
    }
    println!("{TABLES} tables, {found} partitions");
    assert!(found > 40);
}
