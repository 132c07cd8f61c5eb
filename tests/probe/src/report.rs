//! The report: one JSON object on COM1.

use crate::json::{Json, text};
use crate::memory::{self, RealModePart};
use crate::{port, state};
use sha2::{Digest, Sha256};

/// The first Rust code, in protected mode. `real_mode` is the address of the
/// real-mode part.
pub(crate) extern "C" fn main(real_mode: u32) -> ! {
    port::open_serial();
    text("\nPROBE-REPORT-BEGIN\n");
    report(&RealModePart::at(real_mode));
    text("\nPROBE-REPORT-END\n");
    port::exit()
}

fn report(part: &RealModePart) {
    let mut json = Json::object();
    json.key("entry");
    entry(part);
    json.key("a20").boolean(part.state().a20 != 0);
    json.key("header").hex(part.bytes(state::HEADER));
    json.key("setup");
    setup_part(part);
    json.key("kernel");
    range(part.u32(0x214), part.u32(state::KERNEL_SIZE));
    json.key("initrd");
    range(part.u32(0x218), part.u32(0x21c));
    json.key("cmdline").string(memory::string(part.u32(0x228)));
    json.key("setup_data");
    setup_data(part);
    json.key("e820");
    e820(part);
    json.end();
}

fn entry(part: &RealModePart) {
    const REGISTERS: [&str; 8] = ["eax", "ebx", "ecx", "edx", "esi", "edi", "ebp", "esp"];
    const SEGMENTS: [&str; 6] = ["cs", "ds", "es", "fs", "gs", "ss"];
    let noted = part.state();
    let mut json = Json::object();
    for (name, value) in REGISTERS.iter().zip(noted.registers) {
        json.key(name).number(value.into());
    }
    for (name, value) in SEGMENTS.iter().zip(noted.segments) {
        json.key(name).number(value.into());
    }
    json.key("eflags").number(noted.eflags.into());
    json.key("cr0").number(noted.cr0.into());
    json.end();
}

/// The real-mode part; header and noted state count as zeros in its checksum.
fn setup_part(part: &RealModePart) {
    let size = part.size();
    let mut sha = Sha256::new();
    sha.update(part.bytes(0..state::HEADER.start));
    sha.update([0; state::HEADER.end - state::HEADER.start]);
    sha.update(part.bytes(state::HEADER.end..state::STATE.start));
    sha.update([0; state::STATE.end - state::STATE.start]);
    sha.update(part.bytes(state::STATE.end..size));
    piece(part.address(), size as u32, sha);
}

pub(crate) fn range(address: u32, size: u32) {
    let mut sha = Sha256::new();
    sha.update(memory::bytes(address, size));
    piece(address, size, sha);
}

fn piece(address: u32, size: u32, sha: Sha256) {
    let mut json = Json::object();
    json.key("address").number(address.into());
    json.key("size").number(size.into());
    json.key("sha256").hex(&sha.finalize());
    json.end();
}

/// The nodes of the `setup_data` list, as far as they lie below 4 GiB; a list
/// that goes on after 16 nodes is taken for a loop.
fn setup_data(part: &RealModePart) {
    let mut list = Json::list();
    let mut at = if part.u16(0x206) >= 0x209 {
        part.u64(0x250)
    } else {
        0
    };
    for _ in 0..16 {
        let Ok(address @ 1..) = u32::try_from(at) else {
            break;
        };
        let node = memory::bytes(address, 16);
        let size = memory::u32_of(node, 12);
        list.item();
        let mut json = Json::object();
        json.key("address").number(address.into());
        json.key("type").number(memory::u32_of(node, 8).into());
        json.key("data")
            .hex(memory::bytes(address.wrapping_add(16), size));
        json.end();
        at = memory::u64_of(node, 0);
    }
    list.end();
}

/// The memory map that the BIOS gave at the entry: start, size, type.
fn e820(part: &RealModePart) {
    let mut list = Json::list();
    let entries = usize::from(part.state().e820_entries);
    for entry in part
        .bytes(state::E820..state::E820 + 20 * entries)
        .chunks_exact(20)
    {
        list.item();
        let mut fields = Json::list();
        fields.item().number(memory::u64_of(entry, 0));
        fields.item().number(memory::u64_of(entry, 8));
        fields.item().number(memory::u32_of(entry, 16).into());
        fields.end();
    }
    list.end();
}
