//! An initrd that reports how its kernel was started: the same one for every loader.

use crate::data::{random, sha256};
use crate::images::initramfs::{self, Archive};
use anyhow::{Context, Result};

/// Reports on COM1, whatever the command line says; under Xen, on the hypervisor's
/// console. The kernel is told to print nothing in between.
const INIT: &str = r#"#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
echo 1 >/proc/sys/kernel/printk
console=/dev/ttyS0
grep -q xen /sys/hypervisor/type 2>/dev/null && console=/dev/hvc0
exec >$console
echo
echo "REPORT cmdline $(cat /proc/cmdline)"
echo "REPORT kernel $(uname -rv)"
echo "REPORT initrd $(cat /name) $(sha256sum </payload)"
echo "REPORT end"
poweroff -f
"#;

/// The last line of a report.
pub const END: &str = "REPORT end";

/// The bytes at the end of the initrd, which show that all of it arrived.
const PAYLOAD: usize = 100_000;

/// An initrd that says that it is `name`.
///
/// # Errors
///
/// Debian's busybox cannot be had.
pub fn initrd(name: &str) -> Result<Vec<u8>> {
    let mut initrd = initramfs::busybox(INIT)?;
    initrd.resize(initrd.len().next_multiple_of(4), 0);
    let own = Archive::new().program("name", name.as_bytes());
    initrd.extend(own.program("payload", &payload(name)).finish());
    Ok(initrd)
}

fn payload(name: &str) -> Vec<u8> {
    random(name.len() as u64, PAYLOAD)
}

/// What is reported of the initrd that says that it is `name`.
pub fn of_initrd(name: &str) -> String {
    format!("{name} {}  -", sha256(&payload(name)))
}

/// How a kernel was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The command line without the words that a loader adds.
    pub cmdline: String,
    /// Release and version.
    pub kernel: String,
    /// Name and checksum.
    pub initrd: String,
}

impl Report {
    /// The report in the output on a serial line.
    ///
    /// # Errors
    ///
    /// It is not there.
    pub fn parse(serial: &str) -> Result<Self> {
        let value = |name: &str| {
            let start = format!("REPORT {name} ");
            let line = serial.lines().find_map(|line| line.strip_prefix(&start));
            let line = line.with_context(|| format!("no {name} in\n{serial}"))?;
            Ok::<_, anyhow::Error>(line.trim_end().to_owned())
        };
        Ok(Self {
            cmdline: own_words(&value("cmdline")?),
            kernel: value("kernel")?,
            initrd: value("initrd")?,
        })
    }
}

/// A command line without the words that GRUB and SYSLINUX add or keep for themselves.
fn own_words(cmdline: &str) -> String {
    let words = cmdline.split(' ');
    let own = words.filter(|word| !word.starts_with("BOOT_IMAGE=") && !word.starts_with("initrd="));
    own.collect::<Vec<_>>().join(" ")
}
