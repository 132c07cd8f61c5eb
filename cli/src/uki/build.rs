//! Makes a UKI of its parts.

use std::io::Write;

use super::content::Content;
use super::image::NewImage;
use super::inputs::{Inputs, ProfileInputs};
use super::kernel::InnerKernel;
use super::pe::Pe;
use super::pe_headers::PeHeaders;
use super::sections::{self, CODE, Section};
use super::stub::Stub;
use crate::error::Error;

/// The line that names this file's kind in a list of components.
const SBAT: &str = "\
sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\n";
const SBAT_UKI: &str = "\
uki,1,UKI,uki,1,https://uapi-group.org/specifications/specs/unified_kernel_image/\n";

/// Makes a file around `stub`.
///
/// # Errors
/// The parts make no image, or a file cannot be read or written.
pub fn build(stub: Stub, inputs: Inputs, err: &mut dyn Write) -> Result<(), Error> {
    for note in &inputs.notes {
        writeln!(err, "gapboot: note: {note}")?;
    }
    let efi = inputs.stub.as_deref().map(Pe::open).transpose()?;
    let mut known = Vec::new();
    let pe_headers = match &efi {
        Some((source, pe)) if pe.signed => {
            let name = source.name();
            return Err(Error::failed(format!(
                "{name} is signed: use an unsigned stub"
            )));
        }
        Some((source, pe)) => {
            known = sections::of(source, pe)?;
            PeHeaders::of(pe)
        }
        None => {
            writeln!(
                err,
                "gapboot: no EFI stub is installed, so this file will start on BIOS machines and by \
                 kexec only; for UEFI install systemd-boot-efi or name one by --stub"
            )?;
            PeHeaders::without_stub()
        }
    };
    // The list of components is made anew: more of them need more room.
    let stub_components = known.iter().position(|section| section.name() == ".sbat");
    let stub_components = stub_components.map(|index| known.remove(index));

    let mut all = known;
    for part in inputs.parts {
        let linux = part.linux.clone();
        all.extend(part.sections()?);
        if let Some(linux) = linux {
            let components = components(stub_components.as_ref(), &linux)?;
            all.push(Section::new(".sbat", Content::Bytes(components))?);
        }
    }
    let mut sources = all.iter().flat_map(|section| section.content.sources());
    if let Some(source) = sources.find(|source| source.is(&inputs.output)) {
        let name = source.name();
        return Err(Error::failed(format!(
            "{name} is one of the files that the image is made of: name another file by --output"
        )));
    }
    let image = NewImage::new(stub, &pe_headers, all)?;
    image.write(&inputs.output, err)
}

impl ProfileInputs {
    /// The sections in the order in which ukify has them.
    fn sections(self) -> Result<Vec<Section>, Error> {
        let mut uname = self.uname;
        let mut linux = None;
        if let Some(content) = self.linux {
            let kernel = InnerKernel::read(&content).map_err(|error| about(&content, error))?;
            uname = uname.or_else(|| Some(Content::Bytes(kernel.uname()?.as_bytes().to_vec())));
            let mut section = Section::new(".linux", content)?;
            section.characteristics = CODE;
            linux = Some(section);
        }
        let initrd = match self.initrds.len() {
            0 | 1 => self.initrds.into_iter().next(),
            _ => Some(Content::Joined(self.initrds)),
        };
        let named = [
            (".profile", self.profile),
            (".osrel", self.os_release),
            (".cmdline", self.cmdline),
            (".uname", uname),
            (".splash", self.splash),
            (".initrd", initrd),
            (".ucode", self.microcode),
        ];
        let mut sections = Vec::new();
        for (name, content) in named {
            if let Some(content) = content {
                sections.push(Section::new(name, content)?);
            }
        }
        for (name, content) in self.others {
            if [".bzload", ".bzentry", ".bzextra", ".linux"].contains(&name.as_str()) {
                return Err(Error::failed(format!(
                    "--section {name} is not allowed: the name is taken"
                )));
            }
            sections.push(Section::new(&name, content)?);
        }
        sections.extend(linux);
        Ok(sections)
    }
}

/// The error, led by the file that the content comes from.
fn about(content: &Content, error: Error) -> Error {
    match content.sources().first() {
        Some(source) => error.on(source.name().as_ref()),
        None => error,
    }
}

/// The `.sbat` of the whole: what the EFI stub and the kernel list, and the
/// file's own line, so that any of them can be revoked.
fn components(stub: Option<&Section>, linux: &Content) -> Result<Vec<u8>, Error> {
    let mut lines = String::from(SBAT);
    let mut add = |text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        let text = text.split('\0').next().unwrap_or_default();
        // The first line is about the list itself.
        for line in text.lines().skip(1).filter(|line| !line.is_empty()) {
            lines.push_str(line);
            lines.push('\n');
        }
    };
    if let Some(section) = stub {
        add(&section.content.text(".sbat")?);
    }
    if let Ok(pe) = Pe::parse(&linux.head(0x1_0000)?, "")
        && let Some(section) = pe.sections.iter().find(|section| section.name() == ".sbat")
    {
        add(&linux.bytes(section.raw_offset.into(), section.size())?);
    }
    lines.push_str(SBAT_UKI);
    lines.push('\0');
    Ok(lines.into_bytes())
}
