//! QEMU: SeaBIOS, one disk on a bus of choice, COM1, a VGA screen.
//!
//! | module | what is in it |
//! |---|---|
//! | `monitor` | QEMU's monitor: memory and keys |
//! | `guest` | a process of QEMU: serial line, screen, keys, its end |
//! | `machine` | a machine to be started |

mod guest;
mod machine;
mod monitor;

pub use super::rig::{Exit, Outcome};
pub use super::screen::Screen;
pub use guest::Guest;
pub use machine::{Bus, Machine};
