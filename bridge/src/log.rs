//! What only a person who looks for it sees: the kernel's messages on tty2, and those of
//! the bridge on tty3.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::rc::Rc;
use std::thread;

/// The kernel's messages, one a read.
const KERNEL: &str = "/dev/kmsg";
/// What the kernel shows on the consoles by itself: nothing but its end.
const LEVEL: &str = "/proc/sys/kernel/printk";

/// The bridge's own messages.
#[derive(Clone, Default)]
pub struct Log(Option<Rc<File>>);

impl Log {
    /// Messages go to tty3, if they are wanted.
    #[must_use]
    pub fn new(is_wanted: bool) -> Self {
        let open = || OpenOptions::new().write(true).open("/dev/tty3").ok();
        Self(is_wanted.then(open).flatten().map(Rc::new))
    }

    /// Says something.
    pub fn debug(&self, text: &str) {
        if let Some(file) = &self.0 {
            // There is nowhere else to say it.
            let _ = writeln!(&**file, "{text}\r");
        }
    }
}

/// Shows the kernel's messages on tty2 from now on, and nowhere else.
pub fn move_kernel_messages() {
    // Where there is no such file, messages are mixed with the menu.
    let _ = fs::write(LEVEL, "1\n");
    let to = OpenOptions::new().write(true).open("/dev/tty2");
    if let (Ok(mut from), Ok(mut to)) = (File::open(KERNEL), to) {
        thread::spawn(move || {
            let mut record = [0; 8192];
            loop {
                match from.read(&mut record) {
                    Ok(0) => return,
                    Ok(count) => {
                        let text = message(record.get(..count).unwrap_or_default());
                        // A screen that is gone shows nothing.
                        let _ = write!(to, "{text}\r\n");
                    }
                    // Records that were overwritten before they were read.
                    Err(error) if error.raw_os_error() == Some(32) => {}
                    Err(_) => return,
                }
            }
        });
    }
}

/// All messages of the kernel so far, without waiting for more.
#[must_use]
pub fn kernel_messages() -> Vec<String> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(KERNEL);
    let mut messages = Vec::new();
    let mut record = [0; 8192];
    if let Ok(mut file) = file {
        while let Ok(count @ 1..) = file.read(&mut record) {
            messages.push(message(record.get(..count).unwrap_or_default()));
        }
    }
    messages
}

/// The text of a record: `6,339,5140900,-;text`, and lines with values of the device.
fn message(record: &[u8]) -> String {
    let record = String::from_utf8_lossy(record);
    let first = record.lines().next().unwrap_or_default();
    let (head, text) = first.split_once(';').unwrap_or(("", first));
    let time: u64 = head
        .split(',')
        .nth(2)
        .and_then(|time| time.parse().ok())
        .unwrap_or(0);
    let (seconds, rest) = (time.div_euclid(1_000_000), time.rem_euclid(1_000_000));
    format!("[{seconds:5}.{rest:06}] {text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records() {
        let record = b"6,339,5140900,-;nvme nvme0: pci function\n SUBSYSTEM=pci\n DEVICE=+pci:1\n";
        assert_eq!(message(record), "[    5.140900] nvme nvme0: pci function");
        assert_eq!(message(b"x"), "[    0.000000] x");
        assert_eq!(message(b""), "[    0.000000] ");
    }
}
