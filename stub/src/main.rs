//! The stub as a program: entered like a kernel, it starts the kernel that the
//! file holds. The decisions are in the library.
//!
//! | module | what is in it |
//! |---|---|
//! | [`machine`] | the entries, memory, page tables, and the ways out |
//! | [`prepare`] | from the loader's data to what is to be started |
//! | [`line`] | the command line for the kernel |
//! | [`go`] | the start: everything to its place, and the jump |
//! | [`message`] | why it cannot start, for a person |
//!
//! `machine/real_mode.s` and `machine/entry.s` say what is true at each entry.
//! All numbers that they share with Rust are handed to them below.

#![no_std]
#![no_main]

mod go;
mod line;
mod machine;
mod message;
mod prepare;

use core::arch::global_asm;
use core::mem::offset_of;

use layout::uki;
use machine::ram::Ram;
use machine::real_mode::{self, Parameters, RealMode};
use machine::{descriptor, leave, paging};
use stub::kernel::Mode;
use stub::params::{self, field};

/// The modes as the assembly names them to [`main`]: their bits.
const REAL: u32 = 16;
const PROTECTED: u32 = 32;
const LONG: u32 = 64;

/// The offset of the entry for the real-mode part of the same file.
const ENTRY_REAL: usize = 8;
/// The selector of the 64-bit code segment: the third of its table.
const CODE_64_SELECTOR: u16 = 0x10;
/// The end of the field `scratch` of `boot_params`, a stack of 4 bytes.
const SCRATCH_END: usize = field::E820_ENTRIES;

global_asm!(
    include_str!("machine/real_mode.s"),
    LOADER = const uki::LOADER,
    SETUP_HEADER = const uki::SETUP_HEADER,
    SETUP_HEADER_END = const uki::SETUP_HEADER_END,
    PARAMS = const uki::PROTECTED_MODE,
    PARAMS_SIZE = const params::SIZE,
    LOADFLAGS = const field::LOADFLAGS,
    CODE32_START = const field::CODE32_START,
    HEAP_END_PTR = const field::HEAP_END_PTR,
    E820_ENTRIES = const field::E820_ENTRIES,
    E820_TABLE = const field::E820_TABLE,
    ENTRY_REAL = const ENTRY_REAL,
    FAILED = const real_mode::FAILED,
    REAL_IDT = const real_mode::REAL_IDT,
    GDT_CODE_32 = const descriptor::CODE_32,
    GDT_DATA = const descriptor::DATA,
    options(att_syntax)
);
global_asm!(
    include_str!("machine/entry.s"),
    KERNEL_INFO = const uki::KERNEL_INFO,
    KERNEL_INFO_MAGIC = const u32::from_le_bytes(uki::KERNEL_INFO_MAGIC),
    KERNEL_INFO_SIZE = const uki::TABLE_HEADER - uki::KERNEL_INFO,
    TABLE_MAGIC = const u32::from_le_bytes(uki::TABLE_MAGIC),
    TABLE_HEADER_SIZE = const uki::TABLE_HEADER_SIZE,
    ENTRY_REAL = const ENTRY_REAL,
    ENTRY_64 = const uki::ENTRY_64,
    ENTRY_EFI = const uki::ENTRY_EFI,
    LINKED_AT = const uki::PROTECTED_MODE,
    SCRATCH_END = const SCRATCH_END,
    REAL = const REAL,
    PROTECTED = const PROTECTED,
    LONG = const LONG,
    GDT_CODE_32 = const descriptor::CODE_32,
    GDT_CODE_64 = const descriptor::CODE_64,
    GDT_DATA = const descriptor::DATA,
    CODE_64 = const CODE_64_SELECTOR,
    TABLE = const paging::TABLE,
    TABLES = const paging::TABLES,
    TRAMPOLINE_SIZE = const real_mode::TRAMPOLINE_SIZE,
    PARAMETERS_SIZE = const size_of::<Parameters>(),
    IDT = const offset_of!(Parameters, idt),
    GDT_POINTER = const offset_of!(Parameters, gdt_pointer),
    CONTINUATION = const offset_of!(Parameters, continuation),
    TARGET = const offset_of!(Parameters, target),
    DATA_SEGMENT = const offset_of!(Parameters, data_segment),
    STACK = const offset_of!(Parameters, stack),
    TEXT = const real_mode::TEXT,
    efi_text = sym message::EFI,
    main = sym main,
    map = sym paging::map,
    options(att_syntax)
);

/// The first Rust code; `entry.s` says what is true here.
extern "C" fn main(params: u64, mode: u32, real: u32, heap_end: u32) -> ! {
    let mode = match mode {
        REAL => Mode::Real,
        PROTECTED => Mode::Protected,
        _ => Mode::Long,
    };
    if mode == Mode::Long {
        // SAFETY: `entry.s` passes `LONG` if it was entered in 64 bits, and
        // runs in the segment that it shares with us by name.
        unsafe { paging::take_over(CODE_64_SELECTOR) }
    }
    // SAFETY: `main` runs once, and interrupts are off: nothing else runs.
    let mut ram = unsafe { Ram::take(mode) };
    let real = RealMode {
        address: real,
        heap_end,
    };
    let start = prepare::prepare(&ram, mode, params, real);
    let Err(problem) = start.and_then(|start| start.go(&mut ram));
    message::fail(&mut ram, mode, params, real, problem)
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    leave::halt()
}
