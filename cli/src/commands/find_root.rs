//! `gapboot find-root`: which partition is the root file system's, for udev.
//!
//! On UEFI, systemd's udev learns from the variable LoaderDevicePartUUID which
//! disk the system was started from, and marks that disk's root partition (UAPI.2,
//! "Discoverable Partitions"); `/dev/gpt-auto-root` is made of that. A BIOS has no
//! variables, so this command reads the loader's node instead, and says the same
//! in the same words: udev and systemd do the rest.

use std::path::PathBuf;

use clap::Args;
use layout::node::DEVICE_PART_UUID;

use super::arguments::{DISK, SystemArgument};
use super::context::Context;
use crate::disk::{Access, Disk};
use crate::error::Error;
use crate::table::{gpt, root_partition};

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
        if let Some(root) = root_partition::beside(booted, &partitions) {
            writeln!(context.out, "ID_PART_GPT_AUTO_ROOT_UUID={}", root.uuid)?;
        }
        Ok(())
    }
}
