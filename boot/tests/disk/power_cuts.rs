//! Power cuts while an attempt is counted: every state that the disk can be
//! left in, over names, places, counters and file systems. A reader that shares
//! nothing with the loader's judges all of them, fsck.vfat and mtools as many
//! as there is time for.

use crate::counted::{Ground, Slot, read};
use crate::fake::{FakeDisk, Memory};
use crate::fat_image::{nodes, whole, with};
use boot::attempt::count::{self, Names};
use boot::fat::{Name, Volume};
use boot::machine::Sector;
use boot::overlay::Overlay;
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::FileExt;

const GROUNDS: [(u32, &str, u64); 7] = [
    (12, "-s 1", 1440),
    (12, "-s 4", 4000),
    (16, "-s 2", 10_000),
    (32, "-s 1", 34_000),
    (12, "-S 1024 -s 1", 3000),
    (16, "-S 2048 -s 1", 20_000),
    (32, "-S 4096 -s 1", 300_000),
];

const COUNTERS: [&str; 16] = [
    "+3",
    "+0",
    "+10",
    "+3-0",
    "+1-2",
    "+03-00",
    "+10-00",
    "+20-05",
    "+100-099",
    "+200-109",
    "+1000-0999",
    "+0-9",
    "+2-99",
    "+00100000-00999999",
    "+2000000000-0",
    "+00000000000000000000100-9",
];

/// Counts an attempt to boot the only counted file.
fn attempt(disk: &mut FakeDisk, suffix: &str) -> Option<String> {
    let partition = whole(disk);
    let mut memory = Memory::new();
    let mut storage = memory.storage(disk);
    let volume = Volume::open(&mut storage, &partition).unwrap();
    let directory = volume.find(&mut storage, b"loader/entries").unwrap();
    let mut name = Name::new();
    let mut walk = volume.walk(&directory);
    let mut names = Names::EMPTY;
    while let Some(node) = walk.next(&mut storage, &mut name).unwrap() {
        if node.slots() > 1 {
            let new = count::attempt(
                Some(Overlay::linked()),
                &mut storage,
                &partition,
                &volume,
                &node,
                suffix.as_bytes(),
                &mut names,
            );
            let new = new.unwrap()?;
            return Some(String::from_utf8(new.to_vec()).unwrap());
        }
    }
    panic!("no file with a long name");
}

/// A counted name in parts.
#[derive(Debug)]
struct Parts<'n> {
    base: &'n str,
    left: &'n str,
    done: Option<&'n str>,
}

fn parts<'n>(name: &'n str, suffix: &str) -> Option<Parts<'n>> {
    let (base, counter) = name.strip_suffix(suffix)?.rsplit_once('+')?;
    let (left, done) = match counter.split_once('-') {
        Some((left, done)) => (left, Some(done)),
        None => (counter, None),
    };
    for number in [Some(left), done].into_iter().flatten() {
        let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || number.parse::<u64>().ok()? > 2_147_483_647 {
            return None;
        }
    }
    Some(Parts { base, left, done })
}

fn number(digits: &str) -> u64 {
    digits.parse().unwrap()
}

/// One file in one place.
struct Case<'g> {
    ground: &'g Ground,
    start: usize,
    free: bool,
    suffix: &'g str,
}

impl Case<'_> {
    /// Which sector of the directory holds a unit of the name.
    fn sector(&self, slots: usize, unit: usize) -> usize {
        (self.start + slots - 1 - unit / 13) / 16
    }

    /// The name that follows, by the rules.
    fn expected(&self, name: &str) -> String {
        let Parts { base, left, done } = parts(name, self.suffix).unwrap();
        let units = name.encode_utf16().count();
        let slots = units.div_ceil(13);
        let first = base.encode_utf16().count() + 1;
        let mut next = format!(
            "{:0width$}",
            number(left).saturating_sub(1),
            width = left.len()
        );
        if done.is_none() {
            let grown = (units + 2).div_ceil(13);
            let unchanged = left.bytes().zip(next.bytes()).take_while(|(a, b)| a == b);
            let first = first + unchanged.count();
            let one_sector = self.sector(slots, first) == self.sector(slots, (grown - 1) * 13);
            let room =
                grown == slots || (self.free && self.start > 2 && !self.start.is_multiple_of(16));
            if room && one_sector && units + 2 <= 255 {
                return format!("{base}+{next}-1{}", self.suffix);
            }
        }
        if let Some(high) = left.bytes().zip(next.bytes()).position(|(a, b)| a != b) {
            let (from, to) = (first + high, first + left.len() - 1);
            let apart = if left.len() > 9 {
                from / 13 != to / 13
            } else {
                self.sector(slots, from) != self.sector(slots, to)
            };
            if apart {
                next = format!("{}{}", &next[..=high], &left[high + 1..]);
            }
        }
        let done = done.map_or(String::new(), |digits| {
            let most = 10_u64.pow(u32::try_from(digits.len()).unwrap()) - 1;
            format!(
                "-{:0width$}",
                (number(digits) + 1).min(most),
                width = digits.len()
            )
        });
        format!("{base}+{next}{done}{}", self.suffix)
    }
}

/// The versions that a sector can have after a write.
fn versions(old: &Sector, new: &Sector, torn: bool) -> Vec<(Sector, bool)> {
    let mut all = vec![(*old, false), (*new, false)];
    for cut in 1..512 {
        if torn && old[cut - 1] != new[cut - 1] {
            let mut sector = *old;
            sector[..cut].copy_from_slice(&new[..cut]);
            if sector != *new {
                all.push((sector, true));
            }
        }
    }
    all
}

/// Everything on one file system.
struct Trial<'g> {
    ground: &'g Ground,
    seen: HashSet<u64>,
    foreign: usize,
    work: File,
}

impl Trial<'_> {
    /// One attempt with every cut; gives the directory that it leaves behind
    /// and the name, or nothing if that is no news.
    fn cut(
        &mut self,
        case: &Case,
        before: &BTreeMap<u64, Sector>,
        name: &str,
        stride: usize,
    ) -> (BTreeMap<u64, Sector>, String) {
        let mut disk = self.ground.disk.clone();
        disk.patches = before.clone();
        let files = self.files(before).unwrap();
        let new = attempt(&mut disk, case.suffix).unwrap();
        let what = format!("{name} -> {new} at slot {}, free {}", case.start, case.free);
        assert_eq!(new, case.expected(name), "{what}");
        let after = disk.patches;
        let changed: Vec<u64> = after
            .keys()
            .copied()
            .filter(|at| before.get(at) != after.get(at))
            .collect();
        let mut written: Vec<u64> = disk.writes.iter().map(|&(at, _)| at).collect();
        written.sort_unstable();
        // Each sector once, so that a repeated write changes nothing.
        assert_eq!(written, changed, "{what}");
        let grown = new.len() != name.len();
        assert!(changed.len() <= if grown { 1 } else { 3 }, "{what}");
        let mut states = vec![(before.clone(), false)];
        for at in changed {
            let versions = versions(&before[&at], &after[&at], !grown);
            states = states
                .iter()
                .flat_map(|(state, torn)| {
                    versions.iter().map(move |(sector, cut)| {
                        let mut state = state.clone();
                        state.insert(at, *sector);
                        (state, torn | cut)
                    })
                })
                .collect();
        }
        for (state, torn) in states {
            let mut hasher = DefaultHasher::new();
            state.hash(&mut hasher);
            if self.seen.insert(hasher.finish()) {
                let found = self.files(&state);
                self.judge(case, &files, &found, (name, &new), torn, &what);
                if self.seen.len().is_multiple_of(stride) {
                    self.ask_others(&state, &found.unwrap(), &what);
                }
            }
        }
        (after, new)
    }

    fn files(&self, state: &BTreeMap<u64, Sector>) -> Result<Vec<(String, Slot)>, String> {
        read(self.ground.sectors.iter().map(|at| state[at]))
    }

    /// The same files as before, but for the name of the one, which is legal.
    fn judge(
        &self,
        case: &Case,
        before: &[(String, Slot)],
        found: &Result<Vec<(String, Slot)>, String>,
        (old, new): (&str, &str),
        torn: bool,
        what: &str,
    ) {
        let found = found.as_ref().unwrap_or_else(|why| panic!("{what}: {why}"));
        assert_eq!(found.len(), before.len(), "{what}");
        for ((name, slot), (name_before, slot_before)) in found.iter().zip(before) {
            assert_eq!(slot, slot_before, "{what}");
            if name_before != old {
                assert_eq!(name, name_before, "{what}");
                continue;
            }
            if old.len() != new.len() {
                assert!([old, new].contains(&name.as_str()), "{what}: {name}");
                continue;
            }
            assert_eq!(name.len(), old.len(), "{what}: {name}");
            let mixed = name.bytes().zip(old.bytes().zip(new.bytes()));
            let mut mixed = mixed.map(|(byte, (old, new))| byte == old || byte == new);
            assert!(mixed.all(|legal| legal), "{what}: {name}");
            let [now, was] = [name.as_str(), old].map(|name| parts(name, case.suffix));
            let (Some(now), Some(was)) = (now, was) else {
                panic!("{what}: {name} is not counted");
            };
            assert_eq!((now.base, now.left.len()), (was.base, was.left.len()));
            assert_eq!(now.done.map(str::len), was.done.map(str::len));
            if !torn {
                assert!(number(now.left) <= number(was.left), "{what}: {name}");
            }
        }
    }

    /// What the loader's reader, fsck.vfat and mtools say.
    fn ask_others(&mut self, state: &BTreeMap<u64, Sector>, found: &[(String, Slot)], what: &str) {
        self.foreign += 1;
        for (at, sector) in state {
            self.work.write_all_at(sector, at * 512).unwrap();
        }
        self.ground.image.check();
        let long = |name: &&String| name.contains('+');
        let expected: Vec<_> = found.iter().map(|(name, _)| name).filter(long).collect();
        let listed = self.ground.image.list("/loader/entries");
        let listed: Vec<_> = listed.iter().filter(long).cloned().collect();
        // mtools prints surrogate pairs as two of these.
        let printed: Vec<_> = expected
            .iter()
            .map(|name| name.replace('𝄞', "__"))
            .collect();
        assert_eq!(listed, printed, "{what}: mdir");
        let mut disk = self.ground.disk.clone();
        disk.patches = state.clone();
        with(&mut disk, |storage, volume| {
            let directory = volume.find(storage, b"loader/entries").unwrap();
            let names: Vec<_> = nodes(storage, &volume, &directory)
                .into_iter()
                .map(|(name, _)| name)
                .collect();
            let names: Vec<_> = names.iter().filter(long).collect();
            assert_eq!(names, expected, "{what}: the loader");
        });
    }
}

/// A name of this many units.
fn name(units: usize, counter: &str, suffix: &str) -> Option<String> {
    let length = units.checked_sub(counter.len() + suffix.len())?;
    // Units that are two, three and four bytes of UTF-8, and surrogate pairs.
    let start: Vec<char> = "ä漢𝄞".chars().collect();
    let mut base = String::new();
    let mut left = length;
    for letter in start.into_iter().chain("entry-".chars().cycle()) {
        if letter.len_utf16() > left {
            break;
        }
        left -= letter.len_utf16();
        base.push(letter);
    }
    base.extend(std::iter::repeat_n('x', left));
    Some(format!("{base}{counter}{suffix}"))
}

/// Tries everything on one file system.
fn trial(index: usize) -> (usize, usize) {
    let (bits, options, kib) = GROUNDS[index];
    let ground = Ground::new(bits, options, kib);
    let work = File::options()
        .write(true)
        .open(ground.image.path())
        .unwrap();
    let mut trial = Trial {
        ground: &ground,
        seen: HashSet::new(),
        foreign: 0,
        work,
    };
    let cluster = ground.cluster_sectors * 16;
    let end = ground.sectors.len() * 16;
    let lengths = (12..12 + 26).chain([100, 180, 234, 247, 248, 253, 254, 255]);
    for (turn, units) in lengths.enumerate() {
        for (kind, counter) in COUNTERS.into_iter().enumerate() {
            let suffix = [".conf", ".efi", ".CONF"][(turn + kind) % 3];
            let Some(name) = name(units, counter, suffix) else {
                continue;
            };
            let slots = units.div_ceil(13) + 1;
            // Around the end of the first cluster, around that of a sector
            // inside one, and at the end of the directory.
            let mut starts: Vec<usize> = (cluster - slots.min(cluster - 2)..=cluster).collect();
            if ground.cluster_sectors > 1 {
                starts.extend(cluster + 16 - slots.min(16)..cluster + 16);
            }
            starts.push(end - slots);
            for start in starts {
                for free in [false, true] {
                    if start + slots > end || (free && counter.contains('-')) {
                        continue;
                    }
                    let case = Case {
                        ground: &ground,
                        start,
                        free,
                        suffix,
                    };
                    let slots = case.ground.directory(&name, start, free);
                    let before = ground.patches(&slots);
                    trial.cut(&case, &before, &name, 60);
                }
            }
        }
    }
    println!("FAT{bits} {options}: {} states", trial.seen.len());
    (trial.seen.len(), trial.foreign)
}

#[test]
fn every_cut() {
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..GROUNDS.len())
            .map(|index| scope.spawn(move || trial(index)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let (states, foreign) = results
        .iter()
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    println!(
        "{states} distinct states after a power cut, {foreign} of them judged by fsck.vfat and mtools"
    );
    assert!(foreign > 1500);
    assert!(states > 100_000);
}
