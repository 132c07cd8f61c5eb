//! Any UKI becomes a bzImage as well.

use std::io::Write;
use std::path::Path;

use super::content::SourceFile;
use super::image::NewImage;
use super::pe::Pe;
use super::pe_headers::PeHeaders;
use super::sections;
use super::stub::Stub;
use crate::error::Error;

/// True for a kernel that is a PE file, as distributions' are.
fn is_kernel(pe: &Pe) -> bool {
    let is_bzimage = pe.head.get(0x202..0x206) == Some(b"HdrS");
    is_bzimage && pe.sections.iter().all(|section| section.name() != ".linux")
}

/// Converts `input`; the two may be the same file.
///
/// # Errors
/// `input` is not an image with a kernel, or a file cannot be read or written.
pub fn convert(stub: Stub, input: &Path, output: &Path, err: &mut dyn Write) -> Result<(), Error> {
    let source = SourceFile::open(input)?;
    let pe = Pe::of(&source)?;
    if is_kernel(&pe) {
        return Err(Error::failed(format!(
            "{} is a kernel, not a unified kernel image: `gapboot uki build --linux` makes an \
             image of it",
            source.name()
        )));
    }
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
