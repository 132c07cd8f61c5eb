//! Power cuts: whatever of the writes reached the disk, it must not boot
//! garbage, and the command run again must finish the job.

#![allow(clippy::arithmetic_side_effects, clippy::as_conversions)]

mod common;

use std::cell::RefCell;
use std::collections::HashSet;
use std::io;

use cli::disk::{Sectors, WriteSectors};
use cli::install::Stages;
use cli::install::order;
use cli::install::plan::{InstallOptions, Plan};
use cli::install::survey::Survey;
use cli::install::undo::Undo;
use cli::install::write::{verify, write_all};
use common::*;
use layout::disk::SECTOR;

/// A disk in memory that remembers which sectors were written between syncs.
struct Tape {
    image: RefCell<Vec<u8>>,
    groups: Vec<Vec<(usize, Vec<u8>)>>,
    /// A sector that can't be written.
    bad: Option<u64>,
}

impl Tape {
    fn new(image: &[u8]) -> Self {
        Self {
            image: RefCell::new(image.to_vec()),
            groups: vec![Vec::new()],
            bad: None,
        }
    }
}

impl Sectors for Tape {
    fn sectors(&self) -> u64 {
        (self.image.borrow().len() / SECTOR) as u64
    }

    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        into.copy_from_slice(&self.image.borrow()[at as usize * SECTOR..][..into.len()]);
        Ok(())
    }
}

impl WriteSectors for Tape {
    fn write(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        if self.bad == Some(at) {
            return Err(io::Error::other("a scratch in the plate"));
        }
        let mut image = self.image.borrow_mut();
        image[at as usize * SECTOR..][..bytes.len()].copy_from_slice(bytes);
        for sector in at as usize..at as usize + bytes.len().div_ceil(SECTOR) {
            let bytes = image[sector * SECTOR..][..SECTOR].to_vec();
            self.groups.last_mut().unwrap().push((sector, bytes));
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.groups.push(Vec::new());
        Ok(())
    }
}

/// Shows `visit` the disks that a cut may leave: all groups before it, and of
/// the group that it strikes every beginning, every end, all but one, and some
/// random picks.
fn cuts(before: &[u8], groups: &[Vec<(usize, Vec<u8>)>], visit: &mut dyn FnMut(&[u8])) {
    let mut base = before.to_vec();
    let mut seed = 1;
    for group in groups {
        let count = group.len();
        let mut picks: Vec<Vec<bool>> = Vec::new();
        for n in 0..=count {
            picks.push((0..count).map(|at| at < n).collect());
            picks.push((0..count).map(|at| at >= n).collect());
            picks.push((0..count).map(|at| at != n).collect());
        }
        for _ in 0..if count > 1 { 40 } else { 0 } {
            seed += 1;
            picks.push(
                noise(seed, count)
                    .iter()
                    .map(|byte| byte % 2 == 0)
                    .collect(),
            );
        }
        picks.sort();
        picks.dedup();
        for pick in picks {
            let mut image = base.clone();
            for ((sector, bytes), _) in group.iter().zip(pick).filter(|(_, taken)| *taken) {
                image[sector * SECTOR..][..SECTOR].copy_from_slice(bytes);
            }
            visit(&image);
        }
        for (sector, bytes) in group {
            base[sector * SECTOR..][..SECTOR].copy_from_slice(bytes);
        }
    }
}

/// A disk as small as possible: thousands of it are looked at.
fn small_disk() -> Vec<u8> {
    let image = Image::blank();
    image.set(&[0; 160 * 1024]);
    image.run_sgdisk(&["-a1", "--new=1:192:+64", "--typecode=1:ef00"]);
    image.bytes()
}

fn word(gap: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(gap[at..at + 4].try_into().unwrap())
}

fn length(gap: &[u8]) -> usize {
    word(gap, 12) as usize
}

/// What today's stage1 checks before it jumps, written down a second time.
fn stage1_accepts(gap: &[u8]) -> bool {
    accepts(2, gap)
}

/// What a stage1 checks that knows stage2s of this format.
fn accepts(format: u8, gap: &[u8]) -> bool {
    let length = length(gap);
    &gap[..8] == b"gapboot2"
        && gap[8..10] == [format, 0]
        && (48..=16_384).contains(&length)
        && crc32fast::hash(&gap[20..length]) == word(gap, 16)
}

fn holds_gapboot(code: &[u8]) -> bool {
    code.windows(7).any(|bytes| bytes == b"gapboot")
}

/// Fails unless a disk may look like this after a cut on the way from `before`
/// to `after`.
fn judge(now: &[u8], before: &[u8], after: &[u8]) {
    assert_same_outside(before, now, &[CODE, GAP, OVERLAY]);
    let (old_gap, gap) = (&before[GAP], &now[GAP]);
    if !holds_gapboot(&now[CODE]) {
        assert!(
            now[CODE] == before[CODE],
            "boot code that is neither old nor new"
        );
        // What of the gap is not gapboot's may be foreign code's.
        let own = match old_gap.starts_with(b"gapboot") {
            true if stage1_accepts(old_gap) => length(old_gap).next_multiple_of(SECTOR),
            true => old_gap.len(),
            false => 0,
        };
        let may_depend = old_gap[own..].iter().any(|&byte| byte != 0);
        assert!(
            !may_depend || gap[own..] == old_gap[own..],
            "foreign code over a changed gap"
        );
    } else if stage1_accepts(gap) {
        let is_old = gap == old_gap && now[CODE] == before[CODE];
        let is_new = gap == &after[GAP] && now[CODE] == after[CODE];
        assert!(is_old || is_new, "a stage1 that starts what is not its own");
    }
}

/// Fails unless a disk may look like this after a cut on the way from 0.1.0's loader
/// to today's, or back from one of them to what was there before.
fn judge_update(now: &[u8], whole: [&[u8]; 2]) {
    let format = match now[CODE] == old::stages().code {
        true => 1,
        false => 2,
    };
    if holds_gapboot(&now[CODE]) && accepts(format, &now[GAP]) {
        assert!(whole.contains(&now), "a loader starts that is not whole");
    }
}

/// Boot code, gap and overlay of the disks to install on.
fn starts() -> Vec<Vec<u8>> {
    let fresh = small_disk();
    let old = with_overlay("0.0.9", 9);
    let mut foreign_code = noise(5, 440);
    foreign_code[0x180..0x185].copy_from_slice(b"GRUB ");
    let codes = [vec![0; 440], foreign_code, old.code.clone()];
    let mut damaged = old.stage2.clone();
    damaged[9000] ^= 1;
    let mut incomplete = old.stage2.clone();
    incomplete[..8].copy_from_slice(b"gapboot~");
    let mut short = stage2("0.0.1", 3, 6000);
    short.resize(16_384, 0);
    let mut followed = short.clone();
    followed[16_000] = 1;
    let gaps = [
        vec![0; 16_384],
        noise(6, 16_384),
        old.stage2,
        damaged,
        incomplete,
        short,
        followed,
    ];
    let overlays = [vec![0; OVERLAY.len()], old.overlay.unwrap()];
    let mut starts = Vec::new();
    for code in &codes {
        for gap in &gaps {
            for overlay in &overlays {
                let mut image = fresh.clone();
                image[CODE].copy_from_slice(code);
                image[GAP].copy_from_slice(gap);
                image[OVERLAY].copy_from_slice(overlay);
                starts.push(image);
            }
        }
    }
    starts
}

fn install(image: &[u8], stages: &Stages) -> Tape {
    let mut tape = Tape::new(image);
    let wishes = InstallOptions {
        force: true,
        ..InstallOptions::default()
    };
    let plan = Plan::new(&tape, stages, &wishes).unwrap();
    write_all(&plan.writes, &mut tape).unwrap();
    verify(&plan.writes, &tape).unwrap();
    tape
}

#[test]
fn a_cut_install_never_boots_garbage_and_can_be_repeated() {
    let new = with_overlay("0.1.0", 1);
    let mut states = HashSet::new();
    for before in starts() {
        let tape = install(&before, &new);
        let after = tape.image.into_inner();
        assert!(after[CODE] == new.code && after[GAP] == new.stage2);
        assert!(after[OVERLAY] == new.overlay.clone().unwrap()[..]);
        cuts(&before, &tape.groups, &mut |now| {
            judge(now, &before, &after);
            // Only a distinct disk is worth finishing once more.
            if states.insert(crc32fast::hash(&now[..OVERLAY.end])) {
                assert!(install(now, &new).image.into_inner() == after);
            }
        });
    }
    println!("{} distinct disks after a cut install", states.len());
    assert!(states.len() > 3_000);
}

/// Foreign code may depend on what is in the overlay's sectors too.
#[test]
fn a_cut_install_over_foreign_data_in_the_overlays_sectors() {
    let (old, new) = (with_overlay("0.0.9", 9), with_overlay("0.1.0", 1));
    for gap in [vec![0; GAP.len()], old.stage2, new.stage2.clone()] {
        let mut before = small_disk();
        before[CODE].copy_from_slice(&noise(5, CODE.len()));
        before[GAP].copy_from_slice(&gap);
        before[OVERLAY].copy_from_slice(&noise(6, OVERLAY.len()));
        let tape = install(&before, &new);
        let after = tape.image.into_inner();
        assert!(after[OVERLAY] == new.overlay.clone().unwrap()[..]);
        cuts(&before, &tape.groups, &mut |now| {
            judge(now, &before, &after);
            let is_foreign = now[CODE] == before[CODE];
            let changed = now[OVERLAY] != before[OVERLAY];
            assert!(
                !is_foreign || !changed,
                "foreign code over a changed overlay"
            );
            assert!(install(now, &new).image.into_inner() == after);
        });
    }
}

/// The disk has 0.1.0, today's loader, or one that says that it is incomplete.
#[test]
fn a_cut_update_of_version_0_1_0_leaves_a_whole_loader_or_one_that_says_so() {
    let fresh = small_disk();
    let mut before = fresh.clone();
    old::put(&mut before);
    for size in [20, 64, 100] {
        let new = with_overlay_of(size, "0.1.1", 1);
        let tape = install(&before, &new);
        let after = tape.image.into_inner();
        assert!(after[CODE] == new.code && after[GAP] == new.stage2);
        assert!(after[overlay_of(size)] == new.overlay.clone().unwrap()[..]);
        assert!(after[overlay_of(size).end..] == fresh[overlay_of(size).end..]);
        let mut count = 0;
        cuts(&before, &tape.groups, &mut |now| {
            judge_update(now, [&before, &after]);
            let mut tape = Tape::new(now);
            let plan = Plan::new(&tape, &new, &InstallOptions::default()).unwrap();
            write_all(&plan.writes, &mut tape).unwrap();
            assert!(tape.image.into_inner() == after);
            count += 1;
        });
        assert!(count > 100);
    }
}

#[test]
fn a_cut_undo_of_version_0_1_0_can_be_repeated() {
    let old::Installed {
        image,
        before,
        undo,
    } = old::Installed::gpt();
    let installed = image.bytes();
    let updated = install(&installed, &with_overlay_of(100, "0.1.1", 1)).image;
    let back = |image: &[u8]| {
        let mut tape = Tape::new(image);
        let undo = Undo::load(undo.as_ref(), &tape).unwrap();
        let (writes, stay) = undo.writes(&Survey::new(&tape).unwrap(), &tape).unwrap();
        assert!(stay.is_empty(), "{stay:?}");
        write_all(&writes, &mut tape).unwrap();
        tape
    };
    for start in [installed, updated.into_inner()] {
        let tape = back(&start);
        assert!(tape.image.into_inner() == before);
        cuts(&start, &tape.groups, &mut |now| {
            judge_update(now, [&start, &before]);
            assert!(back(now).image.into_inner() == before);
        });
    }
}

#[test]
fn a_cut_install_over_nothing_foreign_needs_no_force_to_finish() {
    let new = with_overlay("0.1.0", 1);
    let old = with_overlay("0.0.9", 9);
    let fresh = small_disk();
    for before in [fresh.clone(), install(&fresh, &old).image.into_inner()] {
        cuts(&before, &install(&before, &new).groups, &mut |now| {
            let found = Plan::new(&Tape::new(now), &new, &InstallOptions::default());
            assert!(found.is_ok(), "{:?}", found.err());
        });
    }
}

#[test]
fn a_cut_removal_boots_nothing_and_can_be_repeated() {
    let fresh = small_disk();
    let installed = install(&fresh, &with_overlay("0.1.0", 1))
        .image
        .into_inner();
    let remove = |image: &[u8]| {
        let mut tape = Tape::new(image);
        let steps = order::remove(&Survey::new(&tape).unwrap());
        write_all(&steps, &mut tape).unwrap();
        verify(&steps, &tape).unwrap();
        tape
    };
    let tape = remove(&installed);
    assert!(tape.image.into_inner() == fresh);
    cuts(&installed, &tape.groups, &mut |now| {
        assert!(now[CODE] == fresh[CODE] || now == installed);
        assert!(remove(now).image.into_inner() == fresh);
    });
}

/// The disk as the last two groups of writes may leave it has two GPT headers,
/// each old or new, and each with a right checksum; boot code and partition table
/// are old or new together.
#[test]
fn a_cut_change_of_the_partition_table_leaves_whole_ones() {
    let new = with_overlay("0.1.0", 1);
    let before = small_disk();
    let wishes = InstallOptions {
        active: true,
        protective_slot: Some(2),
        reserve: true,
        ..InstallOptions::default()
    };
    let install = |image: &[u8]| {
        let mut tape = Tape::new(image);
        let plan = Plan::new(&tape, &new, &wishes).unwrap();
        write_all(&plan.writes, &mut tape).unwrap();
        verify(&plan.writes, &tape).unwrap();
        tape
    };
    let tape = install(&before);
    let after = tape.image.into_inner();
    let backup = before.len() - SECTOR..before.len();
    cuts(&before, &tape.groups, &mut |now| {
        assert_same_outside(
            &before,
            now,
            &[0..512, 512..1024, GAP, OVERLAY, backup.clone()],
        );
        for sector in [0..512, 512..1024, backup.clone()] {
            let now = &now[sector.clone()];
            assert!(now == &before[sector.clone()] || now == &after[sector]);
        }
        assert!(install(now).image.into_inner() == after);
    });
}

#[test]
fn a_cut_undo_never_starts_half_of_what_was_there() {
    let new = with_overlay("0.1.0", 1);
    let mut foreign = small_disk();
    foreign[CODE].copy_from_slice(&noise(5, 440));
    foreign[GAP].copy_from_slice(&noise(6, 16_384));
    let mut tape = Tape::new(&foreign);
    let wishes = InstallOptions {
        force: true,
        active: true,
        reserve: true,
        ..InstallOptions::default()
    };
    let plan = Plan::new(&tape, &new, &wishes).unwrap();
    let undo = Undo::of(&tape, &plan.writes).unwrap();
    write_all(&plan.writes, &mut tape).unwrap();
    let installed = tape.image.into_inner();
    let back = |image: &[u8]| {
        let mut tape = Tape::new(image);
        let (steps, stay) = undo.writes(&Survey::new(&tape).unwrap(), &tape).unwrap();
        assert!(stay.is_empty(), "{stay:?}");
        write_all(&steps, &mut tape).unwrap();
        verify(&steps, &tape).unwrap();
        tape
    };
    let tape = back(&installed);
    assert!(tape.image.into_inner() == foreign);
    cuts(&installed, &tape.groups, &mut |now| {
        let whole = now[GAP] == installed[GAP] || !stage1_accepts(&now[GAP]);
        assert!(whole, "gapboot's stage1 starts what is not gapboot's");
        if now[CODE] == foreign[CODE] {
            assert!(now[GAP] == foreign[GAP], "foreign code over a changed gap");
        }
        assert!(back(now).image.into_inner() == foreign);
    });
}

#[test]
fn a_write_that_fails_or_lies_is_told() {
    let new = with_overlay("0.1.0", 1);
    let mut tape = Tape::new(&small_disk());
    let plan = Plan::new(&tape, &new, &InstallOptions::default()).unwrap();
    let error = verify(&plan.writes, &tape).unwrap_err().to_string();
    assert!(error.contains("reads back differently"), "{error}");
    tape.bad = Some(35);
    let error = write_all(&plan.writes, &mut tape).unwrap_err().to_string();
    for words in [
        "cannot write sectors 35-65",
        "a scratch",
        "run the command again",
    ] {
        assert!(error.contains(words), "{error}");
    }
    assert!(
        tape.image.borrow()[CODE].iter().all(|&byte| byte == 0),
        "the boot code comes last"
    );
}
