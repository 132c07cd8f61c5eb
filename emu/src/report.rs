//! The handoff as JSON, checked once more by other code than the loader's.
//!
//! Everything comes from the modelled memory, as the kernel would find it.

use crate::memory::ModelMemory;
use boot::Handoff;
use boot::load::bzimage::{HEADER, LoadFlags, SetupHeader};
use boot::machine::Memory;
use layout::memory::{COMMAND_LINE, KERNEL, KERNEL_HEAP, KERNEL_SETUP, KERNEL_STACK};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use zerocopy::FromBytes;

#[expect(clippy::as_conversions, reason = "0x1f1")]
const HEADER_ADDRESS: u32 = KERNEL_SETUP.start + HEADER as u32;
#[expect(clippy::as_conversions, reason = "less than a sector")]
const HEADER_SIZE: u32 = size_of::<SetupHeader>() as u32;
/// `heap_end_ptr` is an offset from this one in the real-mode part.
const HEAP_BASE: u32 = 0x200;

/// One JSON object: the entry's `id`; `cmdline`; `kernel` (its protected-mode
/// part) and `initrd`, each with `address`, `size` and `sha256` (without an
/// initrd: 0, 0 and that of no bytes); `header`, the fields that the loader
/// writes; `memory`, the map, with `type` 1 for usable memory and 2 for other.
///
/// # Errors
/// One line that says what is wrong with the handoff. It is a bug in the loader.
pub fn report(id: &str, handoff: &Handoff, memory: &ModelMemory) -> Result<Value, String> {
    if let Some(fault) = &memory.fault {
        return Err(format!("the load did not keep to its plan: {fault}"));
    }
    let header = header(memory)?;
    check_header(&header, handoff)?;
    check_places(&header, handoff, memory)?;
    let cmdline = cmdline(handoff, memory)?;
    let regions = memory.map().regions().map(|region| {
        json!({
            "address": region.start,
            "size": region.last.saturating_sub(region.start).saturating_add(1),
            "type": if region.usable { 1 } else { 2 },
        })
    });
    Ok(json!({
        "id": id,
        "cmdline": String::from_utf8_lossy(&cmdline),
        "kernel": piece("kernel", KERNEL, handoff.kernel_size, memory)?,
        "initrd": piece("initrd", handoff.initrd_address, handoff.initrd_size, memory)?,
        "header": {
            "vid_mode": header.vid_mode.get(),
            "type_of_loader": header.type_of_loader,
            "loadflags": header.loadflags,
            "ramdisk_image": header.ramdisk_image.get(),
            "ramdisk_size": header.ramdisk_size.get(),
            "heap_end_ptr": header.heap_end_ptr.get(),
            "cmd_line_ptr": header.cmd_line_ptr.get(),
        },
        "memory": regions.collect::<Vec<_>>(),
    }))
}

/// The kernel's header as it lies in memory.
///
/// # Errors
/// A message if it was not loaded.
pub fn header(memory: &ModelMemory) -> Result<SetupHeader, String> {
    let bytes = memory.loaded(HEADER_ADDRESS, HEADER_SIZE);
    let header = bytes.and_then(|bytes| SetupHeader::read_from_bytes(&bytes).ok());
    header.ok_or("the kernel's header is not loaded".into())
}

fn piece(name: &str, address: u32, size: u32, memory: &ModelMemory) -> Result<Value, String> {
    let bytes = memory.loaded(address, size);
    let bytes = bytes.ok_or_else(|| format!("parts of the {name} are not loaded"))?;
    let sha256: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(json!({ "address": address, "size": size, "sha256": sha256 }))
}

fn cmdline(handoff: &Handoff, memory: &ModelMemory) -> Result<Vec<u8>, String> {
    let size = handoff.command_line_size.saturating_add(1);
    let bytes = memory.loaded(COMMAND_LINE.start, size);
    let mut bytes = bytes.ok_or("parts of the command line are not loaded")?;
    if bytes.pop() != Some(0) {
        return Err("the command line does not end with a NUL".into());
    }
    Ok(bytes)
}

fn ensure(right: bool, wrong: &str) -> Result<(), String> {
    if right { Ok(()) } else { Err(wrong.into()) }
}

/// Checks the fields that the boot protocol obliges loaders to write.
fn check_header(header: &SetupHeader, handoff: &Handoff) -> Result<(), String> {
    let flags = LoadFlags::from_bits_retain(header.loadflags);
    let heap_end = u32::from(header.heap_end_ptr.get()).saturating_add(HEAP_BASE);
    let image = header.ramdisk_image.get();
    ensure(header.type_of_loader == 0xff, "type_of_loader is not 0xff")?;
    ensure(
        flags.contains(LoadFlags::LOADED_HIGH),
        "LOADED_HIGH was lost",
    )?;
    ensure(
        flags.contains(LoadFlags::CAN_USE_HEAP),
        "CAN_USE_HEAP is not set",
    )?;
    ensure(
        heap_end == u32::from(KERNEL_STACK),
        "heap_end_ptr is not the stack's end",
    )?;
    ensure(
        KERNEL_SETUP.start.saturating_add(heap_end) <= KERNEL_HEAP.end,
        "the heap passes the end of the kernel's memory",
    )?;
    ensure(
        header.cmd_line_ptr.get() == COMMAND_LINE.start,
        "cmd_line_ptr is wrong",
    )?;
    ensure(image == handoff.initrd_address, "ramdisk_image is wrong")?;
    ensure(
        header.ramdisk_size.get() == handoff.initrd_size,
        "ramdisk_size is wrong",
    )?;
    ensure(
        (image == 0) == (handoff.initrd_size == 0),
        "the initrd has an address without a size, or a size without an address",
    )
}

/// Checks that there is memory where the kernel unpacks itself, and nothing in it.
fn check_places(
    header: &SetupHeader,
    handoff: &Handoff,
    memory: &ModelMemory,
) -> Result<(), String> {
    let initrd = u64::from(handoff.initrd_address);
    // Older kernels do not have all fields, nor do those with a short header.
    let has = |since: u16, end: u8| {
        let [jump, distance] = header.jump;
        header.version.get() >= since && (jump != 0xeb || distance >= end.saturating_sub(2))
    };
    if handoff.initrd_size > 0 {
        let end = initrd.saturating_add(handoff.initrd_size.into());
        let last = end.saturating_sub(1);
        let max = if has(0x203, 0x30) {
            header.initrd_addr_max.get()
        } else {
            0x37ff_ffff
        };
        ensure(
            initrd.is_multiple_of(4096),
            "the initrd does not begin with a page",
        )?;
        ensure(
            last <= u64::from(max),
            "the initrd ends above initrd_addr_max",
        )?;
    }
    if !has(0x20a, 0x64) {
        return Ok(());
    }
    let mut start = header.pref_address.get().max(u64::from(KERNEL));
    if header.relocatable_kernel != 0 {
        let alignment = u64::from(header.kernel_alignment.get().max(1));
        start = start.max(u64::from(KERNEL).next_multiple_of(alignment));
    }
    let end = start.saturating_add(header.init_size.get().into());
    let has_room = match (u32::try_from(start), u32::try_from(end)) {
        (Ok(start), Ok(end)) => memory.map().is_usable(start, end.saturating_sub(start)),
        _ => false,
    };
    ensure(has_room, "there is no memory for the unpacked kernel")?;
    let clear = handoff.initrd_size == 0 || initrd >= end;
    ensure(clear, "the initrd lies where the kernel unpacks itself to")
}
