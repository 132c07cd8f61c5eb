//! How the shell ends.

use kexec::Payload;

/// How the shell ends.
pub enum End {
    /// Back to the menu.
    Menu,
    /// To the disks again: some came or went.
    Look,
    /// In another kernel.
    Start(Box<Payload>),
    /// The machine is turned off.
    PowerOff,
    /// It is restarted.
    Reboot,
}
