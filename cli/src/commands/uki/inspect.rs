//! `gapboot uki inspect`: what is in a file, and what it starts on.

use std::path::PathBuf;

use lexopt::Arg::{Long, Value};

use crate::commands::args;
use crate::commands::command::Context;
use crate::error::Error;
use crate::uki::pe::Pe;
use crate::uki::report::Report;

/// Explains the file that the arguments name.
pub fn run(mut parser: lexopt::Parser, context: &mut Context) -> Result<(), Error> {
    let mut path = None;
    let mut json = false;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("json") => json = true,
            Value(value) if path.is_none() => path = Some(PathBuf::from(value)),
            Value(_) => return Err(Error::usage("inspect takes one FILE")),
            unknown => return Err(args::other(unknown)),
        }
    }
    let path = path.ok_or(Error::usage("FILE is missing"))?;
    let report = Pe::open(&path).and_then(|(source, pe)| Report::of(&source, &pe))?;
    if json {
        let text = serde_json::to_string_pretty(&report)
            .map_err(|error| Error::failed(format!("cannot print it: {error}")))?;
        return Ok(writeln!(context.out, "{text}")?);
    }
    Ok(report.print(context.out)?)
}
