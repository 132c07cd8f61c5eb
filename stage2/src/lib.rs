//! The BIOS machine that the loader runs on.
//!
//! On entry (`entry.s`): 32-bit protected mode, flat segments, paging and
//! interrupts off, this image at 0x20000 (unpacked from a stage2 whose checksum stage1
//! verified), BSS zero, the stack below 0x30000, the boot drive's BIOS number as
//! argument.
//!
//! This crate gives the loader a disk (INT 13h), a console (INT 10h, INT 16h and a
//! UART), the memory map (INT 15h) and memory, and jumps into the kernel that the
//! loader put there. The crate makes no decision about files or entries.
//!
//! | module | content |
//! |---|---|
//! | `entry.s` | from stage1 to this file |
//! | `unpack.s` | the unpacker of the image |
//! | `thunk.s` | the switches between protected mode and real mode |
//! | `bios` | BIOS calls |
//! | `assembly` | the numbers in the three files of assembly |
//! | `bda` | the BIOS data area |
//! | `port` | I/O ports |
//! | `cpu` | whether the processor runs 64-bit kernels |
//! | `mem` | `memcpy` and the like |
//! | `header` | the fields of stage2's own header |
//! | `overlay` | whether the overlay is in memory |
//! | `disk` | the boot disk: INT 13h |
//! | `console` | screen, keyboard, serial port |
//! | `i8042` | the keyboard controller |
//! | `leave` | power off, restart, the next boot device |
//! | `a20` | the A20 gate |
//! | `memory` | the memory map, and writing to memory |
//! | `fault` | exceptions |
//!
//! Each module uses only modules above it.

#![no_std]
#![no_main]

mod a20;
mod assembly;
mod bda;
mod bios;
mod console;
mod cpu;
mod disk;
mod fault;
mod header;
mod i8042;
mod leave;
mod mem;
mod memory;
mod overlay;
mod port;

use boot::Ending;
use boot::machine::Console as _;
use cpu::LongMode;
use layout::memory as at;
use leave::PowerOff as _;

/// The image's first byte, where `entry.s` jumps to. The low byte of `drive` is the
/// boot drive.
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
        overlay::loaded().is_none_or(LongMode::long_mode)
    }
}

fn run(drive: u8) -> ! {
    let mut machine = Machine {
        disk: disk::BiosDisk::new(drive),
        memory: memory::Ram::new(),
        console: console::Console::new(),
    };
    let low_end = memory::low_memory_end();
    if low_end < at::WORKSPACE.end {
        let console = &mut machine.console;
        console.write(b"gapboot: less than 480 KiB of low memory.");
        console.new_line();
        leave::wait_and_give_up();
    }
    let loaded = boot::overlay::load(&mut machine.disk, &mut machine.memory, header::build());
    overlay::set(loaded.ok());
    machine.memory.ask_for_map(loaded.ok(), low_end);
    match boot::boot(&mut machine, workspace(), loaded, None) {
        Ending::Start(_) => {
            a20::ensure_open();
            // SAFETY: the loader put a kernel where the layout says.
            unsafe { bios::enter_kernel() }
        }
        Ending::PowerOff(overlay) => overlay.power_off(),
        Ending::Reboot => leave::reboot(),
        Ending::Quit => leave::next_device(),
        Ending::Failed => {}
    }
    leave::wait_and_give_up()
}

/// The loader's workspace, which the linker script puts into low memory. It is
/// not part of the BSS that `entry.s` fills with zeros: the memory may not exist.
#[unsafe(link_section = ".bss.workspace")]
static mut WORKSPACE: boot::Workspace = boot::Workspace::EMPTY;

fn workspace() -> &'static mut boot::Workspace {
    let workspace = &raw mut WORKSPACE;
    // SAFETY: `run` calls this once, after it has checked that low memory reaches to
    // the end of the range. Zeros are the right value of the static: only values that
    // consist of zeros can be in a BSS section.
    unsafe {
        workspace.write_bytes(0, 1);
        &mut *workspace
    }
}
