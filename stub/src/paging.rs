//! Page tables for the 64-bit entry: memory is mapped when it is touched.
//!
//! The loader maps only the kernel, `boot_params` and the command line, while
//! the stub touches any memory. So a page fault maps the 2 MiB around the
//! address one to one. There are two sets of tables: the refuge, which maps
//! this image and never changes, and those for work. When the latter run out
//! they are all forgotten, in the refuge, and the fault maps anew: no
//! instruction touches more memory at once than they can map, so there is
//! progress.

use core::arch::asm;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};

use stub::memory::Range;

/// Tables of the refuge: the root, and twice each level below, for an image
/// that crosses a border.
const REFUGE: u64 = 8;
/// Tables for work.
const WORK: u64 = 16;
/// Tables in the image; `entry.s` uses the first six in its own way.
pub(crate) const TABLES: usize = 24;
const _: () = assert!(TABLES as u64 == REFUGE + WORK);

const TABLE: u64 = 0x1000;
/// A page-table entry: present and writable.
const PRESENT: u64 = 0x3;
/// The entry is a large page.
const LARGE: u64 = 0x80;
const LARGE_PAGE: u64 = 0x20_0000;
/// Bits of an entry that are an address.
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

unsafe extern "C" {
    static mut page_tables: u8;
    static page_fault: u8;
    static start: u8;
    static image_end: u8;
}

/// The root is at level 4, or at 5 where the loader had five levels.
static LEVELS: AtomicU32 = AtomicU32::new(4);

/// Tables for work that are in use.
static USED: AtomicU64 = AtomicU64::new(0);

/// An interrupt descriptor table up to the page fault, vector 14.
static IDT: [AtomicU64; 30] = [const { AtomicU64::new(0) }; 30];

/// Changes from the loader's tables to our own.
pub(crate) fn take_over() {
    let cr4: u64;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, cr4", out(reg) cr4, options(nomem, nostack, preserves_flags)) }
    if cr4 & 1 << 12 != 0 {
        LEVELS.store(5, Relaxed);
    }

    let handler = (&raw const page_fault) as u64;
    // A 64-bit interrupt gate to the code segment of `entry.s`.
    let low = handler & 0xffff | 0x10 << 16 | 0x8e00 << 32 | (handler >> 16 & 0xffff) << 48;
    IDT[28].store(low, Relaxed);
    IDT[29].store(handler >> 32, Relaxed);
    let mut pointer = [0; 10];
    pointer[..2].copy_from_slice(&(size_of_val(&IDT) as u16 - 1).to_le_bytes());
    pointer[2..].copy_from_slice(&(IDT.as_ptr() as u64).to_le_bytes());
    // SAFETY: the table is static, and its one gate leads to `page_fault`,
    // which keeps all registers and returns.
    unsafe { asm!("lidt [{}]", in(reg) &pointer, options(readonly, nostack, preserves_flags)) }

    let mut refuge = Tables {
        root: tables(),
        limit: REFUGE,
        used: 0,
    };
    refuge.map_image();
    forget();
}

/// Starts afresh with mappings of these ranges and of the first 2 MiB, where
/// kernels look for the BIOS's data: what the kernel may demand at its 64-bit
/// entry. Should tables run out, page faults map the rest, until the kernel
/// has tables of its own.
pub(crate) fn map_for_kernel(ranges: &[Range]) {
    forget();
    let mut work = Tables::work();
    work.map_range(Range { start: 0, size: 1 });
    for &range in ranges {
        work.map_range(range);
    }
    work.keep();
}

/// Maps the page at an address: the page-fault handler.
pub(crate) extern "C" fn map(address: u64) {
    let mut work = Tables::work();
    if !work.map(address) {
        forget();
        work = Tables::work();
        work.map(address);
    }
    work.keep();
}

/// Empties the tables for work, but for this image.
fn forget() {
    switch_to(tables());
    let mut work = Tables {
        root: tables() + REFUGE * TABLE,
        limit: WORK,
        used: 0,
    };
    work.map_image();
    switch_to(work.root);
    work.keep();
}

fn tables() -> u64 {
    (&raw mut page_tables) as u64
}

fn switch_to(root: u64) {
    // SAFETY: the tables map this image with its stack one to one, and other
    // memory one to one or, until it is touched, not at all.
    unsafe { asm!("mov cr3, {}", in(reg) root, options(nostack, preserves_flags)) }
}

/// A set of tables, one behind the other, the root first.
struct Tables {
    root: u64,
    limit: u64,
    used: u64,
}

impl Tables {
    /// The tables for work, as they are.
    fn work() -> Self {
        Self {
            root: tables() + REFUGE * TABLE,
            limit: WORK,
            used: USED.load(Relaxed),
        }
    }

    /// Notes how many of the tables for work are used.
    fn keep(&self) {
        USED.store(self.used, Relaxed);
    }

    /// Starts with the image alone.
    fn map_image(&mut self) {
        self.used = 0;
        self.new_table();
        let image = (&raw const start) as u64;
        self.map_range(Range {
            start: image,
            size: (&raw const image_end) as u64 - image,
        });
    }

    fn map_range(&mut self, range: Range) {
        let mut at = range.start & !(LARGE_PAGE - 1);
        while at < range.end() && self.map(at) {
            at += LARGE_PAGE;
        }
    }

    /// Maps the large page at an address; false if that takes more tables.
    fn map(&mut self, address: u64) -> bool {
        let mut table = self.root;
        let mut level = LEVELS.load(Relaxed);
        while level > 2 {
            let entry = entry(table, address, level);
            if *entry & PRESENT == 0 {
                match self.new_table() {
                    Some(new) => *entry = new | PRESENT,
                    None => return false,
                }
            }
            table = *entry & ADDRESS;
            level -= 1;
        }
        *entry(table, address, level) = address & !(LARGE_PAGE - 1) & ADDRESS | LARGE | PRESENT;
        true
    }

    fn new_table(&mut self) -> Option<u64> {
        if self.used == self.limit {
            return None;
        }
        let table = self.root + self.used * TABLE;
        crate::machine::bytes_mut(table, TABLE).fill(0);
        self.used += 1;
        Some(table)
    }
}

/// The entry of a table at `level` that is for an address.
fn entry(table: u64, address: u64, level: u32) -> &'static mut u64 {
    let index = address >> (12 + 9 * (level - 1)) & 0x1ff;
    // SAFETY: the table is one of this image's, 512 aligned entries, and each
    // caller drops the entry before it asks for another.
    unsafe { &mut *((table + 8 * index) as *mut u64) }
}
