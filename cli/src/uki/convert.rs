//! `gapboot uki convert`: any UKI becomes a bzImage as well.

use std::path::{Path, PathBuf};

use lexopt::Arg::Value;

use super::image::Image;
use super::pe::Pe;
use super::sections;
use super::shell::Shell;
use super::stub::Stub;
use crate::error::Error;
use crate::{Context, args};

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
    convert(Stub::embedded()?, input, output, context)
}

/// Converts `input`; the two may be the same file.
pub fn convert(
    stub: Stub,
    input: &Path,
    output: &Path,
    context: &mut Context,
) -> Result<(), Error> {
    let (source, pe) = Pe::open(input)?;
    let image = sections::of(&source, &pe)
        .and_then(|sections| Image::new(stub, &Shell::of(&pe), sections))
        .map_err(|error| error.on(input))?;
    image.write(output, context.err)?;
    if pe.signed {
        writeln!(
            context.err,
            "gapboot: the signature of {} does not fit {}: sign it again",
            input.display(),
            output.display()
        )?;
    }
    Ok(())
}
