//! `gapboot uki convert`: any UKI becomes a bzImage as well.

use std::path::PathBuf;

use lexopt::Arg::Value;

use crate::commands::args;
use crate::commands::command::Context;
use crate::error::Error;
use crate::uki::convert::convert;
use crate::uki::stub::Stub;

/// Converts as the arguments say.
pub fn run(mut parser: lexopt::Parser, context: &mut Context) -> Result<(), Error> {
    let mut paths = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Value(value) => paths.push(PathBuf::from(value)),
            unknown => return Err(args::other(unknown)),
        }
    }
    let [input, output] = paths.as_slice() else {
        return Err(Error::usage("convert takes two files, IN and OUT"));
    };
    convert(Stub::embedded()?, input, output, context.err)
}
