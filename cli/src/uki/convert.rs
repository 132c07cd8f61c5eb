//! Any UKI becomes a bzImage as well.

use std::io::Write;
use std::path::Path;

use super::image::NewImage;
use super::pe::Pe;
use super::pe_headers::PeHeaders;
use super::sections;
use super::stub::Stub;
use crate::error::Error;

/// Converts `input`; the two may be the same file.
///
/// # Errors
/// `input` is not an image with a kernel, or a file cannot be read or written.
pub fn convert(stub: Stub, input: &Path, output: &Path, err: &mut dyn Write) -> Result<(), Error> {
    let (source, pe) = Pe::open(input)?;
    let image = sections::of(&source, &pe)
        .and_then(|sections| NewImage::new(stub, &PeHeaders::of(&pe), sections))
        .map_err(|error| error.on(input))?;
    image.write(output, err)?;
    if pe.signed {
        writeln!(
            err,
            "gapboot: the signature of {} does not fit {}: sign it again",
            input.display(),
            output.display()
        )?;
    }
    Ok(())
}
