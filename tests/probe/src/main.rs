//! The probe: a kernel that reports how it was started.
//!
//! It is a bzImage of its own, entered by the 16-bit boot protocol, or by Multiboot, of
//! which it has a header too. It prints
//! one JSON object on COM1, between the lines `PROBE-REPORT-BEGIN` and
//! `PROBE-REPORT-END`, and ends QEMU through `isa-debug-exit` (status 33).
//! `README.md` lists the keys.
//!
//! | module | what is in it |
//! |---|---|
//! | `setup` | the real-mode part, from the entry to protected mode |
//! | `state` | where things lie in it, and what its code notes |
//! | `report` | the Rust code that it jumps to |
//! | `multiboot` | the same for the entry by Multiboot |
//! | `memory` | physical memory as the loader left it |
//! | `json`, `port` | JSON, and the serial line that it goes to |

#![no_std]
#![no_main]

mod json;
mod memory;
mod multiboot;
mod port;
mod report;
mod setup;
mod state;

use json::text;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    text("\nThe probe panicked.\n");
    port::exit()
}
