//! Memory: the firmware's map of it (INT 15h), and writing to it.

use crate::{a20, bda, bios};
use boot::machine::{Memory, MemoryError};
use boot::memory_map::MemoryMap;
use boot::overlay::Overlay;
use layout::memory as at;
use spin::mutex::{SpinMutex, SpinMutexGuard};
use spin::relax::Loop;

/// An address range descriptor of INT 15h AX=E820h (ACPI specification, section
/// "System Address Map Interfaces"), with room for firmware that writes more.
#[repr(C, align(4))]
struct AddressRange {
    base: u64,
    length: u64,
    kind: u32,
    /// Bit 0 clear: ignore the range. The bit is set before the call, because many
    /// BIOSes write only the 20 bytes in front of this field.
    attributes: u32,
    padding: [u32; 10],
}

/// A static, because some BIOSes want the same buffer, unchanged, at each call.
#[unsafe(link_section = ".low.bss")]
static mut RANGE: AddressRange = AddressRange {
    base: 0,
    length: 0,
    kind: 0,
    attributes: 0,
    padding: [0; 10],
};

const SMAP: u32 = 0x534d_4150;
/// Calls after which a map that does not end is used as far as it is known.
const MOST_RANGES: u32 = 256;
const RAM: u32 = 1;
const MIB: u64 = 0x10_0000;

/// The machine's memory.
pub(crate) struct Ram {
    map: &'static mut MemoryMap,
}

/// A static, because the map is too large for the stack.
static MAP: SpinMutex<MemoryMap, Loop> = SpinMutex::new(MemoryMap::new());

impl Ram {
    /// Memory with an empty map. Called once.
    pub(crate) fn new() -> Self {
        let map = SpinMutexGuard::leak(MAP.lock());
        Self { map }
    }

    /// Asks the firmware for its map. Without the overlay only AX=E820h is used:
    /// if the firmware does not support it, no memory is usable.
    pub(crate) fn ask_for_map(&mut self, overlay: Option<Overlay>, low_end: u32) {
        if !ask_e820(self.map) {
            self.map.clear();
            if let Some(overlay) = overlay {
                overlay.ask_older(self.map);
            }
        }
        protect_low(self.map, low_end);
    }
}

/// Fills the map by AX=E820h; false if the firmware does not support that.
fn ask_e820(map: &mut MemoryMap) -> bool {
    let mut continuation = 0;
    // SAFETY: RANGE is used by this function only; the BIOS fills it, up to
    // its size, between the accesses.
    unsafe {
        RANGE.attributes = 1;
        for call in 0..MOST_RANGES {
            let mut registers = bios::Registers::new(0xe820);
            registers.ebx = continuation;
            registers.ecx = 24;
            registers.edx = SMAP;
            registers.edi = (&raw mut RANGE).expose_provenance() as u32;
            bios::call(0x15, &mut registers);
            if registers.carry() {
                // Some firmware sets the carry flag after the last range.
                return call > 0;
            }
            if registers.eax != SMAP || registers.ecx < 20 {
                return false;
            }
            if registers.ecx < 24 || RANGE.attributes & 1 != 0 {
                map.add(RANGE.base, RANGE.length, RANGE.kind == RAM);
            }
            continuation = registers.ebx;
            if continuation == 0 {
                break;
            }
        }
    }
    true
}

/// The part of this module that lies in the overlay.
trait Older {
    /// Fills the map by the functions that are older than E820: AX=E801h, then AH=88h.
    fn ask_older(self, map: &mut MemoryMap);
}

impl Older for Overlay {
    #[inline(never)] // a way into the overlay
    fn ask_older(self, map: &mut MemoryMap) {
        let mut registers = bios::Registers::new(0xe801);
        // SAFETY: the function fills no buffer.
        unsafe { bios::call(0x15, &mut registers) };
        // KiB from 1 MiB and 64 KiB pieces from 16 MiB. As Linux does: what is
        // configured (CX and DX), or, if that is nothing, what there is (AX and BX).
        let (mut low, mut high) = (registers.ecx as u16, registers.edx as u16);
        if low == 0 && high == 0 {
            (low, high) = (registers.eax as u16, registers.ebx as u16);
        }
        if registers.carry() || low == 0 || low > 0x3c00 {
            registers = bios::Registers::new(0x8800);
            // SAFETY: the function fills no buffer.
            unsafe { bios::call(0x15, &mut registers) };
            if registers.carry() {
                return;
            }
            (low, high) = (registers.eax as u16, 0);
        }
        map.add(0, 640 << 10, true);
        map.add(MIB, u64::from(low) << 10, true);
        map.add(16 * MIB, u64::from(high) << 16, true);
    }
}

/// Ends low memory at `low_end`, because maps are often wrong about the first megabyte.
fn protect_low(map: &mut MemoryMap, low_end: u32) {
    let end = u64::from(low_end);
    map.add(end, MIB - end, false);
}

/// The end of low memory in bytes: the size that INT 12h reports, or the start of the
/// EBDA (extended BIOS data area), whichever is lower.
pub(crate) fn low_memory_end() -> u32 {
    let mut registers = bios::Registers::new(0);
    // SAFETY: INT 12h fills no buffer.
    unsafe { bios::call(0x12, &mut registers) };
    let kib = registers.eax & 0xffff;
    // The segment of the EBDA.
    let ebda = u32::from(bda::word(0x0e)) << 4;
    let reported = if (128..=640).contains(&kib) {
        kib << 10
    } else {
        640 << 10
    };
    if (0x2_0000..reported).contains(&ebda) {
        ebda
    } else {
        reported
    }
}

impl Memory for Ram {
    fn map(&self) -> &MemoryMap {
        self.map
    }

    fn write(&mut self, start: u32, bytes: &[u8]) -> Result<(), MemoryError> {
        if !self.map.is_loadable(start, bytes.len() as u32) {
            return Err(MemoryError);
        }
        if start >= at::KERNEL {
            a20::ensure_open();
        }
        // SAFETY: by `is_loadable` the range is empty, or it is memory above 1 MiB that
        // the firmware calls usable, where there is nothing of stage2 or the BIOS, or the
        // kernel's part of low memory, which the layout gives to nobody else, or, as long
        // as the map is empty, the overlay's: `run` asks for the map as soon as the
        // overlay is loaded, before anything refers to it. So no Rust object lies there,
        // `bytes` included.
        unsafe {
            core::ptr::copy_nonoverlapping(bytes.as_ptr(), start as *mut u8, bytes.len());
        }
        Ok(())
    }
}
