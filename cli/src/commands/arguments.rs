//! What the commands' arguments have in common.

use std::path::PathBuf;

use clap::Args;

use super::context::Context;
use crate::error::Error;
use crate::install::Stages;
use crate::system::System;
use crate::uki::stub::Stub;

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

/// The directory of the loader's files, in place of those that this program carries.
#[derive(Args, Debug)]
pub(super) struct LoaderArgument {
    /// take the loader's files (stage1.bin, stage2.bin, overlay.bin, stub.bin) from
    /// DIR; default: those inside this program, or else in /usr/lib/gapboot
    #[arg(long, value_name = "DIR")]
    loader: Option<PathBuf>,
}

impl LoaderArgument {
    /// The loader.
    ///
    /// # Errors
    /// There is no loader, or the files are damaged.
    pub(super) fn stages(&self, context: &Context) -> Result<Stages, Error> {
        match &self.loader {
            Some(directory) => Stages::in_directory(directory),
            None => context.stages.clone(),
        }
    }

    /// True if the option is there.
    pub(super) fn is_given(&self) -> bool {
        self.loader.is_some()
    }

    /// The stub of images.
    ///
    /// # Errors
    /// There is no stub, or the file is damaged.
    pub(super) fn stub(&self) -> Result<Stub<'static>, Error> {
        match &self.loader {
            Some(directory) => Stub::in_directory(directory),
            None => Stub::of_this_system(),
        }
    }
}
