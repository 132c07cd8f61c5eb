//! The BIOS machine that the loader runs on.
//!
//! On entry (`entry.s`): 32-bit protected mode, flat segments, paging and
//! interrupts off, this image at 0x20000 behind a checksum that stage1 verified,
//! BSS zero, the stack below 0x30000, the boot drive's BIOS number as argument.
//!
//! It gives the loader a disk (INT 13h), a console (INT 10h and a UART), the
//! memory map (INT 15h) and memory, and jumps into the kernel that the loader
//! put there. No decision about files or entries is made here.

#![no_std]
#![no_main]

mod a20;
mod bios;
mod console;
mod cpu;
mod disk;
mod keyboard;
mod mem;
mod memory;
mod port;
mod power;
mod serial;

use bios::Registers;
use boot::Ending;
use boot::machine::{Build, Console as _};
use core::mem::offset_of;
use layout::{memory as at, packed};
use power::PowerOff as _;

core::arch::global_asm!(
    include_str!("entry.s"),
    include_str!("unpack.s"),
    include_str!("thunk.s"),
    FORMAT = const layout::header::FORMAT,
    OUTPUTS_OFFSET = const layout::header::OUTPUTS_OFFSET,
    HEADER_SIZE = const layout::header::SIZE,
    STAGE2 = const at::STAGE2.start,
    REAL_STACK_TOP = const at::REAL_STACK.end,
    UNPACKED = const at::STAGE2_UNPACKED.start,
    SQUASH = const packed::MEMORY.start,
    SLOTS_START = const packed::SLOTS_START,
    SLOTS = const packed::SLOTS,
    TREES = const packed::TREES,
    CONTEXTS = const packed::CONTEXTS,
    IGNORED_0 = const packed::IGNORED[0],
    IGNORED_1 = const packed::IGNORED[1],
    IGNORED_2 = const packed::IGNORED[2],
    IGNORED_3 = const packed::IGNORED[3],
    IGNORED_4 = const packed::IGNORED[4],
    MIX = const packed::MIX,
    FRESH = const packed::FRESH,
    SLOW = const packed::SLOW,
    HASTE = const packed::HASTE,
    FILTERED = const packed::FILTERED,
    CODE32 = const selector::CODE32,
    DATA32 = const selector::DATA32,
    CODE16 = const selector::CODE16,
    DATA16 = const selector::DATA16,
    GDT_CODE32 = const descriptor::CODE32,
    GDT_DATA32 = const descriptor::DATA32,
    GDT_CODE16 = const descriptor::CODE16,
    GDT_DATA16 = const descriptor::DATA16,
    EAX = const offset_of!(Registers, eax),
    EBX = const offset_of!(Registers, ebx),
    ECX = const offset_of!(Registers, ecx),
    EDX = const offset_of!(Registers, edx),
    ESI = const offset_of!(Registers, esi),
    EDI = const offset_of!(Registers, edi),
    EBP = const offset_of!(Registers, ebp),
    DS = const offset_of!(Registers, ds),
    ES = const offset_of!(Registers, es),
    FLAGS = const offset_of!(Registers, flags),
    REGISTERS_SIZE = const size_of::<Registers>(),
    options(att_syntax)
);

/// Where in the table of segments the [`descriptor`]s are, in bytes.
mod selector {
    pub(super) const CODE32: u16 = 0x08;
    pub(super) const DATA32: u16 = 0x10;
    pub(super) const CODE16: u16 = 0x18;
    pub(super) const DATA16: u16 = 0x20;
}

/// The segments of both modes, all of base 0. The accessed bit is set already,
/// so that loading one never writes to the table, which lies beside code.
mod descriptor {
    use x86_64::structures::gdt::DescriptorFlags as Flags;

    const COMMON: Flags = Flags::USER_SEGMENT
        .union(Flags::PRESENT)
        .union(Flags::WRITABLE)
        .union(Flags::ACCESSED);
    const FLAT: Flags = COMMON
        .union(Flags::LIMIT_0_15)
        .union(Flags::LIMIT_16_19)
        .union(Flags::GRANULARITY)
        .union(Flags::DEFAULT_SIZE);
    /// 64 KiB, as real mode has it: what is left in the processor's hidden
    /// registers after the switch.
    const REAL: Flags = COMMON.union(Flags::LIMIT_0_15);

    pub(super) const CODE32: u64 = FLAT.union(Flags::EXECUTABLE).bits();
    pub(super) const DATA32: u64 = FLAT.bits();
    pub(super) const CODE16: u64 = REAL.union(Flags::EXECUTABLE).bits();
    pub(super) const DATA16: u64 = REAL.bits();
}

unsafe extern "C" {
    /// Jumps to real-mode code, see `thunk.s`.
    fn enter_kernel(segment: u32, stack: u32, entry_segment: u32) -> !;
}

/// The image's first byte, where `entry.s` jumps to.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".image.start")]
extern "C" fn image_start(drive: u32) -> ! {
    run(drive as u8)
}

/// The machine that the loader gets.
struct Machine {
    disk: disk::BiosDisk,
    memory: memory::Ram,
    console: console::Console,
}

impl boot::machine::Machine for Machine {
    type Disk = disk::BiosDisk;
    type Memory = memory::Ram;
    type Console = console::Console;

    fn parts(&mut self) -> (&mut Self::Disk, &mut Self::Memory, &mut Self::Console) {
        (&mut self.disk, &mut self.memory, &mut self.console)
    }

    fn long_mode(&self) -> bool {
        cpu::long_mode()
    }

    fn build(&self) -> Option<Build> {
        let address = at::STAGE2.start as usize + layout::header::BUILD_OFFSET;
        Some(Build {
            // SAFETY: the header is part of stage2 as loaded, which stays where it
            // is and is never written; its fields are aligned.
            checksum: unsafe { core::ptr::read_volatile(address as *const u32) },
            overlay_sectors: serial::setting(layout::header::OVERLAY_SECTORS_OFFSET).into(),
        })
    }
}

fn run(drive: u8) -> ! {
    let mut machine = Machine {
        disk: disk::BiosDisk::new(drive),
        memory: memory::Ram::new(),
        console: console::Console::new(),
    };
    if memory::low_memory_end() < at::WORKSPACE.end {
        machine
            .console
            .write(b"gapboot: less than 480 KiB of low memory.\n");
        bios::wait_and_give_up();
    }
    match boot::boot(&mut machine, workspace(), None) {
        Ending::Start(_) => {
            a20::ensure_open();
            // SAFETY: the loader put a kernel where the layout says, which is
            // where these registers point; nothing of stage2 is needed again.
            unsafe {
                enter_kernel(
                    at::KERNEL_SEGMENT.into(),
                    at::KERNEL_STACK.into(),
                    at::KERNEL_ENTRY_SEGMENT.into(),
                )
            }
        }
        Ending::PowerOff(overlay) => overlay.power_off(),
        Ending::Reboot => power::reboot(),
        Ending::Quit => power::next_device(),
        Ending::Failed => {}
    }
    bios::wait_and_give_up()
}

/// The loader's workspace, which the linker script puts into low memory. It is
/// not among the BSS that `entry.s` fills with zeros: the memory may not exist.
#[unsafe(link_section = ".bss.workspace")]
static mut WORKSPACE: boot::Workspace = boot::Workspace::EMPTY;

fn workspace() -> &'static mut boot::Workspace {
    let workspace = &raw mut WORKSPACE;
    // SAFETY: `run` calls this once, after it has seen that low memory reaches
    // behind the range. Zeros are the value that the static should have: only
    // what consists of zeros can be in a BSS section.
    unsafe {
        workspace.write_bytes(0, 1);
        &mut *workspace
    }
}

/// An exception: a bug here, or a machine that fails. Panics end here too, by
/// the undefined instruction that they compile to.
///
/// `frame` is the stack of the exception handler, see `thunk.s`.
#[unsafe(no_mangle)]
extern "C" fn report_fault(frame: *const [u32; 4]) -> ! {
    let mut console = console::Console::new();
    console.write(b"\ngapboot: internal error, please report:");
    // SAFETY: the processor just pushed at least three words there, and the
    // stack goes on for a page and more unless it is empty.
    for word in unsafe { *frame } {
        console.write(b" ");
        console.write(&hexadecimal(word));
    }
    console.write(b"\n");
    bios::wait_and_give_up()
}

/// `number` in eight hexadecimal digits.
fn hexadecimal(number: u32) -> [u8; 8] {
    let mut digits = [0; 8];
    for (place, digit) in digits.iter_mut().rev().enumerate() {
        let value = (number >> (4 * place)) as u8 & 0xf;
        *digit = if value < 10 {
            b'0' + value
        } else {
            b'a' + value - 10
        };
    }
    digits
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    // Never linked: panics abort by an undefined instruction.
    loop {}
}
