//! An image whose command line has more words.

use std::io::Write;
use std::path::Path;

use super::content::{Content, SourceFile};
use super::image::NewImage;
use super::pe::Pe;
use super::pe_headers::PeHeaders;
use super::sections::{self, Section};
use super::stub::Stub;
use crate::error::Error;

/// Writes `input` to `output` with words at the end of its command line, that of each
/// profile. The result is a bzImage as well.
///
/// # Errors
/// `input` is not an image with a kernel that starts on UEFI, or a file cannot be read or
/// written.
pub fn append(
    stub: Stub,
    input: &Path,
    words: &str,
    output: &Path,
    err: &mut dyn Write,
) -> Result<(), Error> {
    let source = SourceFile::open(input)?;
    let pe = Pe::of(&source)?;
    let headers = PeHeaders::of(&pe);
    if !headers.has_entry() {
        return Err(Error::failed(format!(
            "{} does not start on UEFI, because it has no EFI stub: build it with one (--stub)",
            source.name()
        )));
    }
    let mut all = sections::of(&source, &pe)?;
    let is_line = |section: &Section| section.name() == ".cmdline";
    if !all.iter().any(is_line) {
        let first = all
            .iter()
            .position(|section| section.name() == ".profile")
            .unwrap_or(all.len());
        let line = Section::new(".cmdline", Content::Bytes(Vec::new()))?;
        all.insert(first, line);
    }
    for section in all.iter_mut().filter(|section| is_line(section)) {
        let text = section.content.text(".cmdline")?;
        let text = String::from_utf8_lossy(&text);
        let text = text.trim_end_matches(['\0', '\n', '\r', ' ']);
        let line = format!("{text} {words}").trim_start().to_owned();
        *section = Section {
            profile: section.profile,
            ..Section::new(".cmdline", Content::Bytes(line.into_bytes()))?
        };
    }
    let image = NewImage::new(stub, &headers, all).map_err(|error| error.on(input))?;
    image.write(output, err)?;
    if pe.signed {
        writeln!(
            err,
            "gapboot: the signature of {} does not fit what is made of it: sign that again",
            input.display()
        )?;
    }
    Ok(())
}
