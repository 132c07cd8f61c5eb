//! The report after an entry by Multiboot ("Multiboot Specification", 0.6.96).

use crate::json::{Json, text};
use crate::memory::{self, string, u32_of, u64_of};
use crate::port;
use crate::report::range;

/// Bytes after the code that are looked at: a loader must have cleared them.
pub(crate) const ZEROS: usize = 0x2000;

/// The machine at the entry, as the code there pushes it.
#[repr(C)]
pub(crate) struct Entered {
    bss_is_zero: u32,
    /// cs, ds, es, fs, gs, ss
    segments: [u32; 6],
    cr0: u32,
    cr4: u32,
    /// edi, esi, ebp, esp (our own), ebx, edx, ecx, eax
    registers: [u32; 8],
    eflags: u32,
}

const EBX: usize = 4;
const MODULE: usize = 16;

/// The first Rust code. `page_0` is the address of a copy of the memory's first page.
pub(crate) extern "C" fn main(entered: &Entered, page_0: u32) -> ! {
    port::open_serial();
    text("\nPROBE-REPORT-BEGIN\n");
    report(entered, page_0);
    text("\nPROBE-REPORT-END\n");
    port::exit()
}

fn report(entered: &Entered, page_0: u32) {
    let mut json = Json::object();
    json.key("entry");
    entry(entered);
    json.key("bss_is_zero").boolean(entered.bss_is_zero == 1);
    json.key("page_0");
    range(page_0, 0x1000);
    json.key("kernel");
    range(0x10_0000, page_0 - 0x10_0000);
    let info = memory::bytes(entered.registers[EBX], 120);
    let field = |offset| u32_of(info, offset);
    json.key("flags").number(field(0).into());
    json.key("mem_lower").number(field(4).into());
    json.key("mem_upper").number(field(8).into());
    json.key("cmdline").string(string(field(16)));
    json.key("loader").string(string(field(64)));
    json.key("modules");
    modules(field(24), field(20));
    json.key("memory");
    memory_map(field(48), field(44));
    json.end();
}

fn entry(entered: &Entered) {
    const REGISTERS: [&str; 8] = ["edi", "esi", "ebp", "esp", "ebx", "edx", "ecx", "eax"];
    const SEGMENTS: [&str; 6] = ["cs", "ds", "es", "fs", "gs", "ss"];
    let mut json = Json::object();
    let registers = REGISTERS.iter().zip(entered.registers);
    let segments = SEGMENTS.iter().zip(entered.segments);
    for (name, value) in registers
        .chain(segments)
        .filter(|(name, _)| **name != "esp")
    {
        json.key(name).number(value.into());
    }
    json.key("eflags").number(entered.eflags.into());
    json.key("cr0").number(entered.cr0.into());
    json.key("cr4").number(entered.cr4.into());
    json.end();
}

fn modules(address: u32, count: u32) {
    let mut list = Json::list();
    let table = memory::bytes(address, count.wrapping_mul(MODULE as u32));
    for module in table.chunks_exact(MODULE) {
        list.item();
        let mut json = Json::object();
        let start = u32_of(module, 0);
        json.key("place");
        range(start, u32_of(module, 4).wrapping_sub(start));
        json.key("string").string(string(u32_of(module, 8)));
        json.end();
    }
    list.end();
}

/// Each entry begins with its size, which does not count itself.
fn memory_map(address: u32, size: u32) {
    let mut list = Json::list();
    let mut rest = memory::bytes(address, size);
    while rest.len() >= 24 {
        list.item();
        let mut fields = Json::list();
        fields.item().number(u64_of(rest, 4));
        fields.item().number(u64_of(rest, 12));
        fields.item().number(u32_of(rest, 20).into());
        fields.end();
        let next = u32_of(rest, 0) as usize + 4;
        rest = rest.get(next..).unwrap_or(&[]);
    }
    list.end();
}
