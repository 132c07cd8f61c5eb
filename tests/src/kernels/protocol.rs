//! Checks what gapboot gives to a kernel, by the 16-bit boot protocol (Linux,
//! Documentation/arch/x86/boot.rst) and the addresses of [`layout::memory`]. The expected
//! values are computed from kernel, initrd and the BIOS's memory map, independently of the
//! loader's code.

use super::probe::{FIELDS, HEADER, Kernel, Report};
use layout::memory;

const PAGE: u64 = 4096;
const INTERRUPTS: u32 = 1 << 9;
const PROTECTED_MODE: u32 = 1;
const LOADED_HIGH: u64 = 1;
const CAN_USE_HEAP: u64 = 0x80;
const UNDEFINED_LOADER: u64 = 0xff;

/// Fields that a loader writes, or may link a node into.
const WRITTEN: [&str; 7] = [
    "type_of_loader",
    "loadflags",
    "ramdisk_image",
    "ramdisk_size",
    "heap_end_ptr",
    "cmd_line_ptr",
    "setup_data",
];

/// Everything in the report that breaks the protocol; empty when all is well.
/// `initrd` holds the expected bytes of all initrds together in memory.
pub fn violations(report: &Report, kernel: &Kernel, initrd: &[u8], cmdline: &str) -> Vec<String> {
    let mut found = Findings(Vec::new());
    entry(report, &mut found);
    unwritten_fields(report, kernel, &mut found);
    written_fields(report, kernel, &mut found);
    found.equal(
        "setup.address",
        &report.setup.address,
        &memory::KERNEL_SETUP.start.into(),
    );
    found.equal(
        "setup.size",
        &report.setup.size,
        &(kernel.setup.len() as u64),
    );
    found.equal("setup.sha256", &report.setup.sha256, &kernel.setup_sha256());
    found.equal(
        "kernel.address",
        &report.kernel.address,
        &memory::KERNEL.into(),
    );
    found.equal(
        "kernel.size",
        &report.kernel.size,
        &(kernel.kernel.len() as u64),
    );
    found.equal(
        "kernel.sha256",
        &report.kernel.sha256,
        &crate::data::sha256(&kernel.kernel),
    );
    found.equal("initrd.size", &report.initrd.size, &(initrd.len() as u64));
    if !initrd.is_empty() {
        let address = initrd_address(report, kernel, initrd.len() as u64);
        found.equal("initrd.address", &Some(report.initrd.address), &address);
        found.equal(
            "initrd.sha256",
            &report.initrd.sha256,
            &crate::data::sha256(initrd),
        );
    }
    found.equal("cmdline", &report.command_line().as_str(), &cmdline);
    found.0
}

struct Findings(Vec<String>);

impl Findings {
    fn equal<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, is: &T, should_be: &T) {
        if is != should_be {
            self.0
                .push(format!("{what} is {is:x?}, should be {should_be:x?}"));
        }
    }
}

fn entry(report: &Report, found: &mut Findings) {
    let entry = &report.entry;
    found.equal("cs", &entry.cs, &memory::KERNEL_ENTRY_SEGMENT);
    for (name, segment) in [
        ("ds", entry.ds),
        ("es", entry.es),
        ("fs", entry.fs),
        ("gs", entry.gs),
        ("ss", entry.ss),
    ] {
        found.equal(name, &segment, &memory::KERNEL_SEGMENT);
    }
    found.equal("sp", &(entry.esp as u16), &memory::KERNEL_STACK);
    found.equal("the interrupt flag", &(entry.eflags & INTERRUPTS), &0);
    found.equal("cr0.PE", &(entry.cr0 & PROTECTED_MODE), &0);
    found.equal("a20", &report.a20, &true);
}

fn unwritten_fields(report: &Report, kernel: &Kernel, found: &mut Findings) {
    let memory = report.header_bytes();
    found.equal("the header's length", &memory.len(), &HEADER.len());
    let version = kernel.get("version") as u16;
    for field in FIELDS {
        let is_known = field.since <= version;
        if !(is_known && WRITTEN.contains(&field.name)) {
            found.equal(field.name, &report.get(field.name), &kernel.get(field.name));
        }
    }
}

fn written_fields(report: &Report, kernel: &Kernel, found: &mut Findings) {
    let has_initrd = report.get("ramdisk_size") != 0;
    found.equal(
        "type_of_loader",
        &report.get("type_of_loader"),
        &UNDEFINED_LOADER,
    );
    let flags = kernel.get("loadflags") | LOADED_HIGH | CAN_USE_HEAP;
    found.equal("loadflags", &report.get("loadflags"), &flags);
    found.equal(
        "heap_end_ptr",
        &report.get("heap_end_ptr"),
        &u64::from(memory::KERNEL_STACK - 0x200),
    );
    found.equal(
        "cmd_line_ptr",
        &report.get("cmd_line_ptr"),
        &memory::COMMAND_LINE.start.into(),
    );
    if !has_initrd {
        found.equal("ramdisk_image", &report.get("ramdisk_image"), &0);
    }
    let setup_data = report.get("setup_data");
    let node = u64::from(memory::SETUP_DATA.start);
    if kernel.get("version") >= 0x209 && setup_data != 0 {
        found.equal("setup_data", &setup_data, &node);
    }
}

/// The right place of the initrd: after all memory that the kernel uses before it reads
/// the initrd, and not below [`memory::INITRD`] unless it fits nowhere else.
pub fn initrd_address(report: &Report, kernel: &Kernel, size: u64) -> Option<u64> {
    let version = kernel.get("version");
    let load = u64::from(memory::KERNEL);
    let mut end = load + kernel.kernel.len() as u64;
    if version >= 0x20a {
        let mut start = kernel.get("pref_address");
        if kernel.get("relocatable_kernel") != 0 {
            start = start.max(load.next_multiple_of(kernel.get("kernel_alignment")));
        }
        end = end.max(start + kernel.get("init_size"));
    }
    let highest = if version >= 0x203 {
        kernel.get("initrd_addr_max")
    } else {
        0x37ff_ffff
    };
    let lowest = end.next_multiple_of(PAGE);
    let preferred = lowest.max(memory::INITRD.into());
    let ranges = usable(report);
    let fits = |address: u64| {
        let inside = ranges
            .iter()
            .any(|&(start, end)| start <= address && address + size <= end);
        inside && address + size - 1 <= highest
    };
    let starts = ranges
        .iter()
        .map(|&(start, _)| start.max(lowest).next_multiple_of(PAGE));
    [preferred]
        .into_iter()
        .chain(starts)
        .find(|&address| fits(address))
}

/// Usable memory as start and end, in order, adjoining ranges as one.
fn usable(report: &Report) -> Vec<(u64, u64)> {
    const USABLE: u32 = 1;
    let mut ranges: Vec<(u64, u64)> = report
        .e820
        .iter()
        .filter(|&&(_, _, kind)| kind == USABLE)
        .map(|&(start, size, _)| (start, start + size))
        .collect();
    ranges.sort_unstable();
    ranges.dedup_by(|next, last| {
        let adjoins = last.1 == next.0;
        if adjoins {
            last.1 = next.1;
        }
        adjoins
    });
    ranges
}
