//! `gapboot uki convert`: any UKI becomes a bzImage as well.

use std::path::PathBuf;

use clap::Args;

use crate::commands::arguments::LoaderArgument;
use crate::commands::context::Context;
use crate::error::Error;
use crate::uki::convert::convert;

/// Make an image that is a bzImage as well from any Unified Kernel Image.
///
/// What it makes has to be signed again.
#[derive(Args, Debug)]
#[command(after_help = "\
A command that is killed leaves the file that was there before, and perhaps a file
.gapboot-XXXXXX beside it, which may be deleted.")]
pub struct Arguments {
    /// the image to be read
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// the image to be made, which may be the same file
    #[arg(value_name = "OUT")]
    output: PathBuf,
    #[command(flatten)]
    loader: LoaderArgument,
}

impl Arguments {
    pub(super) fn run(self, context: &mut Context) -> Result<(), Error> {
        convert(self.loader.stub()?, &self.input, &self.output, context.err)
    }
}
