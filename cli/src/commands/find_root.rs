//! `gapboot find-root`: which partition is the root file system's, for udev.
//!
//! On UEFI, systemd's udev learns from the variable LoaderDevicePartUUID which
//! disk the system was started from, and marks that disk's root partition (UAPI.2,
//! "Discoverable Partitions"); `/dev/gpt-auto-root` is made of that. A BIOS has no
//! variables, so this command reads the loader's node instead, and says the same
//! in the same words: udev and systemd do the rest.

use std::path::PathBuf;

use boot::disk::gpt::{ESP, XBOOTLDR};
use boot::entries::version;
use clap::Args;
use layout::node::DEVICE_PART_UUID;

use super::arguments::{DISK, SystemArgument};
use super::context::Context;
use crate::disk::{Access, Disk};
use crate::error::Error;
use crate::table::gpt::{self, Description};

/// Tell udev the root partition of the disk that was booted.
///
/// For udev, in an initrd: where gapboot started this system from an entry on
/// DISK, prints ID_PART_GPT_AUTO_ROOT_UUID= and the UUID of the disk's root
/// partition, as udev says it by itself after a boot by UEFI. Prints nothing for
/// other disks, after other boots, and where DISK has no root partition for this
/// kind of processor, or only such as must not be mounted automatically.
#[derive(Args, Debug)]
#[command(
    args_override_self = true,
    after_help = "\
Of several root partitions it is the one whose name is the newest version, or
the first. docs/root.md shows what this is for.

Exit status: 0 done, or nothing to say; 1 the disk cannot be read, or has no
GPT."
)]
pub struct Arguments {
    #[arg(value_name = "DISK", help = DISK)]
    disk: PathBuf,
    #[command(flatten)]
    system: SystemArgument,
}

/// The type of root partitions for the processor that this program is for.
const ROOT: [u8; 16] = match cfg!(target_arch = "x86_64") {
    true => *b"\xe3\xbc\x68\x4f\xcd\xe8\xb1\x4d\x96\xe7\xfb\xca\xf9\x84\xb7\x09",
    false => *b"\x40\x95\x47\x44\x97\xf2\xb2\x41\x9a\xf7\xd1\x31\xd5\xf0\x45\x8a",
};
/// The attribute of partitions that nobody mounts without being told to.
const NO_AUTO: u64 = 1 << 63;

impl Arguments {
    pub(super) fn run(self, context: &mut Context) -> Result<(), Error> {
        let system = self.system.system();
        if system.is_uefi() {
            return Ok(());
        }
        let node = system.node()?;
        let Some(booted) = node.as_ref().and_then(|node| node.get(DEVICE_PART_UUID)) else {
            return Ok(());
        };
        let partitions = Disk::open(&self.disk, Access::Read)
            .and_then(|disk| gpt::descriptions(&disk))
            .map_err(|error| error.on(&self.disk))?;
        if let Some(root) = root(&partitions, booted) {
            writeln!(context.out, "ID_PART_GPT_AUTO_ROOT_UUID={}", root.uuid)?;
        }
        Ok(())
    }
}

/// The root partition beside the one that was booted from.
fn root<'p>(partitions: &'p [Description], booted: &str) -> Option<&'p Description> {
    let is_boot = |partition: &Description| {
        [ESP, XBOOTLDR].contains(&partition.kind) && partition.uuid == booted
    };
    if !partitions.iter().any(is_boot) {
        return None;
    }
    let roots = partitions
        .iter()
        .filter(|partition| partition.kind == ROOT && partition.attributes & NO_AUTO == 0);
    // The first of those that are equal.
    roots
        .rev()
        .max_by(|a, b| version::compare(a.name.as_bytes(), b.name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(kind: [u8; 16], uuid: &str, name: &str) -> Description {
        Description {
            kind,
            uuid: uuid.to_owned(),
            attributes: 0,
            name: name.to_owned(),
        }
    }

    #[test]
    fn the_newest_beside_the_partition_that_was_booted() {
        let mut partitions = vec![
            partition(ESP, "esp", ""),
            partition(XBOOTLDR, "boot", ""),
            partition([7; 16], "data", "os_99"),
            partition(ROOT, "a", "os_9"),
            partition(ROOT, "b", "os_10"),
            partition(ROOT, "c", "os_10"),
        ];
        let found = |partitions: &[Description], booted| {
            root(partitions, booted).map(|root| root.uuid.clone())
        };
        assert_eq!(found(&partitions, "esp").as_deref(), Some("b"));
        assert_eq!(found(&partitions, "boot").as_deref(), Some("b"));
        assert_eq!(found(&partitions, "data"), None);
        assert_eq!(found(&partitions, "elsewhere"), None);
        partitions[4].attributes = NO_AUTO;
        assert_eq!(found(&partitions, "esp").as_deref(), Some("c"));
        partitions.truncate(3);
        assert_eq!(found(&partitions, "esp"), None);
    }
}
