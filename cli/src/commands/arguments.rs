//! What the commands' arguments have in common.

use std::path::PathBuf;

use clap::Args;

use crate::system::System;

/// What DISK is, in help texts and in messages.
pub(super) const DISK: &str = "an image file or a block device such as /dev/sda";

/// The same where a mounted tree will do.
pub(super) const DISK_OR_DIRECTORY: &str = "an image file, a block device such as /dev/sda, or \
     the directory of a mounted tree";

/// The system that a command is about. Tests name another one.
#[derive(Args, Debug)]
pub(crate) struct SystemArgument {
    #[arg(long, hide = true, value_name = "DIRECTORY")]
    root: Option<PathBuf>,
}

impl SystemArgument {
    pub(super) fn system(&self) -> System {
        self.root
            .clone()
            .map_or_else(System::default, System::below)
    }
}
