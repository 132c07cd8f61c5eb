//! The kernel's messages about devices that come and go (`lib/kobject_uevent.c`).

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::netlink::{KOBJECT_UEVENT, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with, sockopt,
};

/// The group in which the kernel itself speaks.
const KERNEL: u32 = 1;
/// Bytes that the kernel keeps for us while modules are being loaded.
const KEPT: usize = 8 << 20;
/// More than the kernel's longest message.
const LONGEST: usize = 16 << 10;

/// A message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uevent {
    values: BTreeMap<String, String>,
}

impl Uevent {
    /// Takes a message apart: `add@/devices/...`, then `KEY=VALUE`, each with a NUL after it.
    /// Nothing if it is no message of the kernel's.
    #[must_use]
    pub fn parse(message: &[u8]) -> Option<Self> {
        let mut parts = message.split(|byte| *byte == 0);
        let head = str::from_utf8(parts.next()?).ok()?;
        let (action, _) = head.split_once('@')?;
        let values = parts.filter_map(|part| {
            let (key, value) = str::from_utf8(part).ok()?.split_once('=')?;
            Some((key.to_owned(), value.to_owned()))
        });
        let event = Self {
            values: values.collect(),
        };
        (event.get("ACTION") == Some(action)).then_some(event)
    }

    /// A value.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// Whether a block device came, went or changed.
    #[must_use]
    pub fn is_of_disk(&self) -> bool {
        self.get("SUBSYSTEM") == Some("block")
    }

    /// The alias of the module that a new device wants.
    #[must_use]
    pub fn alias(&self) -> Option<&str> {
        let is_new = matches!(self.get("ACTION"), Some("add" | "bind" | "change"));
        self.get("MODALIAS").filter(|_| is_new)
    }
}

/// Where the messages come from.
pub struct Socket(OwnedFd);

/// What there is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// A message.
    Event(Uevent),
    /// Messages are lost, because there were too many.
    Lost,
    /// Nothing more for now.
    Nothing,
}

impl Socket {
    /// Listens to the kernel from now on.
    ///
    /// # Errors
    /// The kernel has no such messages.
    pub fn open() -> io::Result<Self> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(
            AddressFamily::NETLINK,
            SocketType::DGRAM,
            flags,
            Some(KOBJECT_UEVENT),
        )?;
        // A smaller one does, as what is lost is looked for.
        let _ = sockopt::set_socket_recv_buffer_size_force(&socket, KEPT);
        bind(&socket, &SocketAddrNetlink::new(0, KERNEL))?;
        Ok(Self(socket))
    }

    /// Reads the next message, without waiting.
    #[must_use]
    pub fn next(&self) -> Next {
        let mut bytes = [0; LONGEST];
        loop {
            match recv(&self.0, &mut bytes, RecvFlags::empty()) {
                Ok((count, _)) => {
                    let message = bytes.get(..count).unwrap_or_default();
                    if let Some(event) = Uevent::parse(message) {
                        return Next::Event(event);
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::NOBUFS) => return Next::Lost,
                Err(_) => return Next::Nothing,
            }
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages() {
        let message = b"add@/devices/pci0/x\0ACTION=add\0DEVPATH=/devices/pci0/x\0\
            SUBSYSTEM=pci\0MODALIAS=pci:v1d2\0SEQNUM=7\0";
        let event = Uevent::parse(message).unwrap();
        assert_eq!(event.get("DEVPATH"), Some("/devices/pci0/x"));
        assert_eq!(event.alias(), Some("pci:v1d2"));
        assert!(!event.is_of_disk());
        let gone = b"remove@/devices/y\0ACTION=remove\0SUBSYSTEM=block\0MODALIAS=x\0";
        let gone = Uevent::parse(gone).unwrap();
        assert!(gone.is_of_disk());
        assert_eq!(gone.alias(), None);
    }

    #[test]
    fn other_messages() {
        for message in [
            &b""[..],
            b"libudev\0\xfe\xed",
            b"add@/x\0",
            b"add@/x\0ACTION=remove\0",
            b"\xff@\0ACTION=add\0",
        ] {
            assert_eq!(Uevent::parse(message), None, "{message:?}");
        }
    }
}
