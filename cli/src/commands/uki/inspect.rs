//! `gapboot uki inspect`: what is in a file, and what it starts on.

use std::path::PathBuf;

use clap::Args;

use crate::commands::context::Context;
use crate::error::Error;
use crate::uki::pe::Pe;
use crate::uki::report::Report;

/// Say what is in an image, what it starts on, and whether anything is wrong.
#[derive(Args, Debug)]
#[command(args_override_self = true)]
pub struct Arguments {
    /// the image
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) fn run(self, context: &mut Context) -> Result<(), Error> {
        let report = Pe::open(&self.file).and_then(|(source, pe)| Report::of(&source, &pe))?;
        if self.json {
            let text = serde_json::to_string_pretty(&report)
                .map_err(|error| Error::failed(format!("cannot print it: {error}")))?;
            return Ok(writeln!(context.out, "{text}")?);
        }
        Ok(report.print(context.out)?)
    }
}
