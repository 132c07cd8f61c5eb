//! Page tables for the 64-bit entry: memory is mapped when it is touched.
//!
//! The loader maps only the kernel, `boot_params` and the command line, while
//! the stub touches any memory. So a page fault maps the 2 MiB around the
//! address one to one. There are two sets of tables: the refuge, which maps
//! this image and never changes, and those for work. When the latter run out,
//! they are all forgotten, in the refuge, and the fault maps anew: no
//! instruction touches more memory at once than they can map, so there is
//! progress.

use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};

use stub::memory::Range;
use stub::size::wide;
use x86_64::instructions::tables::lidt;
use x86_64::registers::control::{Cr3, Cr3Flags, Cr4, Cr4Flags};
use x86_64::structures::DescriptorTablePointer;
use x86_64::structures::paging::{PageTableFlags as Flags, PhysFrame};
use x86_64::{PhysAddr, VirtAddr};

use super::image;

/// Tables of the refuge: the root, and twice each level below, for an image
/// that crosses a border.
const REFUGE: usize = 8;
/// Tables for work.
const WORK: usize = 16;
/// Tables in the image; `entry.s` uses the first six in its own way.
pub(crate) const TABLES: usize = REFUGE + WORK;

/// Bytes of a table.
pub(crate) const TABLE: usize = size_of::<Table>();
const LARGE_PAGE: u64 = 0x20_0000;
const IN_LARGE_PAGE: u64 = LARGE_PAGE - 1;
/// Bits of an entry that are an address.
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;
/// An entry that leads to another table.
const BRANCH: u64 = Flags::PRESENT.union(Flags::WRITABLE).bits();
/// An entry that maps a large page.
const LEAF: u64 = Flags::HUGE_PAGE.bits() | BRANCH;

/// The lowest bit of an address that selects an entry: at level 2, and above it
/// from the root down, with four levels and with five.
const LEAF_SHIFT: u32 = 21;
const FOUR_LEVELS: [u32; 2] = [39, 30];
const FIVE_LEVELS: [u32; 3] = [48, 39, 30];

/// A page table. The processor sets bits in it too, so entries are atomic.
#[repr(C, align(4096))]
struct Table([AtomicU64; 512]);

unsafe extern "C" {
    // Zeros in `entry.s`, used by this module alone when the stub was entered
    // in 64 bits.
    safe static page_tables: [Table; TABLES];
    // Code in `entry.s`.
    static page_fault: u8;
}

/// True if the loader had five levels of tables, and so do we.
static HAS_FIVE_LEVELS: AtomicBool = AtomicBool::new(false);

/// Tables for work that are in use.
static USED: AtomicUsize = AtomicUsize::new(0);

/// An interrupt descriptor table up to the page fault, vector 14.
static IDT: [AtomicU64; 30] = [const { AtomicU64::new(0) }; 30];
const IDT_LIMIT: u16 = 30 * 8 - 1;

/// Changes from the loader's tables to our own.
///
/// # Safety
/// The stub was entered in 64 bits, and `code_segment` is the selector of the
/// segment in which it runs.
pub(crate) unsafe fn take_over(code_segment: u16) {
    HAS_FIVE_LEVELS.store(Cr4::read().contains(Cr4Flags::L5_PAGING), Relaxed);

    let handler = wide((&raw const page_fault).addr());
    // A 64-bit interrupt gate (Intel SDM volume 3, section 7.14.1).
    let low = handler & 0xffff
        | u64::from(code_segment) << 16
        | 0x8e00 << 32
        | (handler >> 16 & 0xffff) << 48;
    let [.., gate_low, gate_high] = &IDT;
    gate_low.store(low, Relaxed);
    gate_high.store(handler >> 32, Relaxed);
    let pointer = DescriptorTablePointer {
        limit: IDT_LIMIT,
        base: VirtAddr::from_ptr(&raw const IDT),
    };
    // SAFETY: the table is static, and its one gate leads to `page_fault`,
    // which keeps all registers and returns.
    unsafe { lidt(&pointer) }

    Tables::refuge().map_image();
    forget();
}

/// Starts afresh with mappings of these ranges and of the first 2 MiB, where
/// kernels look for the BIOS's data: a kernel may demand them at its 64-bit
/// entry. If there are too few tables, page faults map the rest, until the
/// kernel has tables of its own.
pub(crate) fn map_for_kernel(ranges: &[Range]) {
    forget();
    let mut work = Tables::work(USED.load(Relaxed));
    work.map_range(Range { start: 0, size: 1 });
    for &range in ranges {
        work.map_range(range);
    }
    work.keep();
}

/// Maps the page at an address: the page-fault handler calls it.
pub(crate) extern "C" fn map(address: u64) {
    let mut work = Tables::work(USED.load(Relaxed));
    if !work.map(address) {
        forget();
        work = Tables::work(USED.load(Relaxed));
        work.map(address);
    }
    work.keep();
}

/// Empties the tables for work, but for this image.
fn forget() {
    let refuge = Tables::refuge();
    // SAFETY: the refuge maps this image with its stack and nothing else.
    unsafe { refuge.switch_to() }
    let mut work = Tables::work(0);
    work.map_image();
    // SAFETY: they map this image with its stack one to one; other memory is
    // mapped by page faults.
    unsafe { work.switch_to() }
    work.keep();
}

/// A set of tables, one after the other, the root first.
struct Tables {
    all: &'static [Table],
    /// How many of them are in use.
    used: usize,
}

impl Tables {
    fn refuge() -> Self {
        let (all, _) = page_tables.split_at(REFUGE);
        Self { all, used: 0 }
    }

    /// The tables for work, of which the first `used` are in use.
    fn work(used: usize) -> Self {
        let (_, all) = page_tables.split_at(REFUGE);
        Self { all, used }
    }

    /// Notes how many of the tables for work are in use.
    fn keep(&self) {
        USED.store(self.used, Relaxed);
    }

    /// Makes the processor use this set.
    ///
    /// # Safety
    /// The set maps this image one to one, and all other memory one to one or
    /// not at all.
    unsafe fn switch_to(&self) {
        let root = PhysAddr::new_truncate(address_of(self.all));
        // SAFETY: the caller vouches for the tables.
        unsafe { Cr3::write(PhysFrame::containing_address(root), Cr3Flags::empty()) }
    }

    /// Starts afresh, with the image alone.
    fn map_image(&mut self) {
        self.used = 0;
        self.new_table();
        self.map_range(image::range());
    }

    /// Maps a range as far as there are tables.
    fn map_range(&mut self, range: Range) {
        let mut at = range.start & !IN_LARGE_PAGE;
        while at < range.end() && self.map(at) {
            at = at.saturating_add(LARGE_PAGE);
        }
    }

    /// Maps the large page at an address. False if there are too few tables.
    fn map(&mut self, address: u64) -> bool {
        let leaf = self
            .leaf_table(address)
            .and_then(|table| entry(table, address, LEAF_SHIFT));
        if let Some(leaf) = leaf {
            leaf.store(address & !IN_LARGE_PAGE & ADDRESS | LEAF, Relaxed);
        }
        leaf.is_some()
    }

    /// The table of level 2 for an address, made if need be; `None` if there are
    /// too few tables.
    fn leaf_table(&mut self, address: u64) -> Option<&'static Table> {
        let upper_levels: &[u32] = match HAS_FIVE_LEVELS.load(Relaxed) {
            false => &FOUR_LEVELS,
            true => &FIVE_LEVELS,
        };
        let mut table = self.all.first()?;
        for &shift in upper_levels {
            let entry = entry(table, address, shift)?;
            table = match entry.load(Relaxed) {
                0 => {
                    let new = self.new_table()?;
                    entry.store(address_of(core::slice::from_ref(new)) | BRANCH, Relaxed);
                    new
                }
                branch => self.at(branch & ADDRESS)?,
            };
        }
        Some(table)
    }

    /// The table of this set that lies at an address.
    fn at(&self, address: u64) -> Option<&'static Table> {
        let offset = address.checked_sub(address_of(self.all))?;
        self.all.get(usize::try_from(offset).ok()? / TABLE)
    }

    /// A table without entries.
    fn new_table(&mut self) -> Option<&'static Table> {
        let table = self.all.get(self.used)?;
        for entry in &table.0 {
            entry.store(0, Relaxed);
        }
        self.used = self.used.saturating_add(1);
        Some(table)
    }
}

fn address_of(tables: &[Table]) -> u64 {
    wide(tables.as_ptr().addr())
}

/// The entry of a table for an address: the nine bits from `shift` on select it.
fn entry(table: &'static Table, address: u64, shift: u32) -> Option<&'static AtomicU64> {
    let selected = address.checked_shr(shift)? & 0x1ff;
    table.0.get(usize::try_from(selected).ok()?)
}
