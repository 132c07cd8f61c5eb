//! The file: headers, the stub, sections; what lies where, and written.
//!
//! In the file everything is in one piece without gaps, in the order of the
//! section table, so that a signature covers every byte and tools that sign
//! see it: headers, real-mode loader, entry code, the EFI stub's sections, and
//! what belongs to a Unified Kernel Image. A profile's initrds lie in the order
//! in which they are handed over, the first at a page: the stub can leave them
//! where they are.

use std::io::{IsTerminal, Write};
use std::path::Path;

use layout::uki::{
    ENTRY_SIZE, Kind, LOADER, PE_HEADER, PROTECTED_MODE, SETUP_HEADER, SETUP_TYPE_MAX,
    TABLE_HEADER, TABLE_HEADER_SIZE, VERSION, VERSION_SIZE,
};

use stub::params::{put, u32};

use super::content::{Content, Output};
use super::field;
use super::kernel::{self, InnerKernel};
use super::limits::{FILE_ALIGNMENT, PAGE, too_large};
use super::pe::{COFF_SIZE, SECTION_SIZE};
use super::pe_headers::PeHeaders;
use super::sections::{self, CODE, DATA, ENTRY_NAME, LOADER_NAME, Section};
use super::stub::Stub;
use super::{debug, osrel};
use crate::error::Error;
use crate::number::{to_u32, to_u64, to_usize};
use crate::output_file::OutputFile;

/// Where an EFI stub may begin for ours to fit before it.
const ENTRY_AT_LEAST: u64 = to_u64(PROTECTED_MODE) + PAGE;

/// A file to be written.
pub struct NewImage {
    headers: Vec<u8>,
    sections: Vec<Section>,
    /// Offset and padded size of each; nothing for one without content.
    places: Vec<(u64, u64)>,
    size: u64,
}

impl NewImage {
    /// Lays out a file of a stub, PE headers and sections in the order of the
    /// section table.
    ///
    /// # Errors
    /// There is no kernel that can be used, or too much for a file.
    pub fn new(stub: Stub, pe_headers: &PeHeaders, mut inner: Vec<Section>) -> Result<Self, Error> {
        enlarge_kernels(&mut inner);
        let profiles = sections::number(&mut inner);
        let first = u32::from(profiles > 0);
        let linux = sections::effective(&inner, first, ".linux");
        let linux = linux.ok_or_else(|| {
            Error::failed(match profiles {
                0 => "there is no kernel in it: use a unified kernel image",
                _ => "its first profile has no kernel: give it one, or all profiles together",
            })
        })?;
        let kernel = InnerKernel::read(&linux.content)?;
        let version = sections::effective(&inner, first, ".osrel")
            .map(|section| section.content.text(".osrel"))
            .transpose()?
            .and_then(|text| osrel::version(&text));
        let cmdline = longest_command_line(&inner, &kernel)?;

        let extras = sections::extras(&inner, profiles)?;
        let mut all = ours(&stub, pe_headers, &inner, &extras, version.as_deref())?;
        inner.extend(extras);
        sections::arrange(&mut inner);
        all.extend(inner);
        let mut image = Self {
            headers: stub.bytes()[..LOADER].to_vec(),
            places: vec![(0, 0); all.len()],
            size: 0,
            sections: all,
        };
        image.place();
        image.place_in_memory(pe_headers)?;
        image.fill_table(&kernel)?;
        debug::relocate(pe_headers.optional(), &mut image.sections, &image.places)?;
        image.fill_headers(pe_headers, &kernel, cmdline)?;
        Ok(image)
    }

    /// Gives each section its place in the file.
    fn place(&mut self) {
        let mut at = to_u64(LOADER);
        let mut initrds_of = None;
        let mut before: Option<usize> = None;
        for (index, section) in self.sections.iter().enumerate() {
            if section.content.size() == 0 {
                continue;
            }
            let kind = section.kind();
            let is_initrd = matches!(kind, Some(Kind::Microcode | Kind::Initrd | Kind::Extra));
            if is_initrd && initrds_of != Some(section.profile) {
                initrds_of = Some(section.profile);
                at = multiple(at, PAGE);
            }
            // The one before reaches up to here: there are no gaps.
            if let Some(before) = before {
                self.places[before].1 = at.saturating_sub(self.places[before].0);
            }
            self.places[index].0 = at;
            let end = at.saturating_add(section.content.size());
            at = multiple(end, FILE_ALIGNMENT);
            self.places[index].1 = at.saturating_sub(self.places[index].0);
            before = Some(index);
        }
        self.size = at;
    }

    /// Gives addresses to the sections that have none, rising in the order of
    /// the table.
    ///
    /// Our first two come before those of the EFI stub if there is room, with
    /// as little of them in memory as fits: nothing there is needed. Else they
    /// come after them: then stub 252 warns at each start that sections overlap,
    /// though they don't.
    fn place_in_memory(&mut self, pe_headers: &PeHeaders) -> Result<(), Error> {
        let alignment = pe_headers.section_alignment().max(PAGE);
        let known = || {
            self.sections
                .iter()
                .filter_map(|section| Some((section.virtual_address?, section)))
        };
        let first = known().map(|(address, _)| u64::from(address)).min();
        let ends = known().map(|(address, section)| {
            u64::from(address).saturating_add(section.virtual_size.into())
        });
        let mut at = multiple(ends.max().unwrap_or(0).max(PAGE), alignment);
        if let (Some(first @ ENTRY_AT_LEAST..), [loader, entry, ..]) =
            (first, &mut self.sections[..])
        {
            loader.virtual_address = Some(to_u32(LOADER));
            entry.virtual_address = Some(to_u32(PROTECTED_MODE));
            entry.virtual_size = entry
                .virtual_size
                .min(to_u32(first.saturating_sub(to_u64(PROTECTED_MODE))));
        }
        for section in &mut self.sections {
            if section.virtual_address.is_none() {
                let address = u32::try_from(at).map_err(|_| too_large())?;
                section.virtual_address = Some(address);
                at = multiple(at.saturating_add(section.virtual_size.into()), alignment);
            }
        }
        Ok(())
    }

    /// Offset of a section's content in the protected-mode part.
    fn offset(&self, index: usize) -> u32 {
        to_u32(self.places[index].0.saturating_sub(to_u64(PROTECTED_MODE)))
    }

    /// The table for the stub, after its code.
    fn fill_table(&mut self, kernel: &InnerKernel) -> Result<(), Error> {
        let table = sections::table(&self.sections, &|index| self.offset(index))?;
        let Content::Bytes(entry) = &mut self.sections[1].content else {
            return Ok(());
        };
        let at = to_usize(u32(entry, TABLE_HEADER + 8));
        put(entry, TABLE_HEADER + 12, &to_u32(table.len()).to_le_bytes());
        put(
            entry,
            SETUP_TYPE_MAX,
            &kernel.setup_type_max().to_le_bytes(),
        );
        let numbers = table.iter().flatten();
        let bytes: Vec<u8> = numbers.flat_map(|number| number.to_le_bytes()).collect();
        put(entry, at, &bytes);
        Ok(())
    }

    fn fill_headers(
        &mut self,
        pe_headers: &PeHeaders,
        kernel: &InnerKernel,
        cmdline: u32,
    ) -> Result<(), Error> {
        let linux = self
            .sections
            .iter()
            .position(|section| section.kind() == Some(Kind::Linux));
        let linux = self.offset(linux.unwrap_or(0));
        let size = self.size.saturating_sub(to_u64(PROTECTED_MODE));
        let header = kernel.outer_header(size, linux, cmdline)?;
        put(&mut self.headers, 0, b"MZ");
        put(&mut self.headers, 0x3c, &to_u32(PE_HEADER).to_le_bytes());
        put(&mut self.headers, SETUP_HEADER, &header);
        let pe = pe_headers.headers(&self.sections, &self.places)?;
        let excess = pe.len().saturating_sub(LOADER - PE_HEADER);
        if excess > 0 {
            let excess = excess.div_ceil(SECTION_SIZE);
            return Err(Error::failed(format!(
                "it has {} sections, {excess} more than fit: leave some out",
                self.sections.len()
            )));
        }
        put(&mut self.headers, PE_HEADER, &pe);
        Ok(())
    }

    /// Writes the file. It appears under its name when it is complete.
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn write(&self, path: &Path, progress: &mut dyn Write) -> Result<(), Error> {
        let file = OutputFile::create(path)?;
        let shown = std::io::stderr().is_terminal().then_some(progress);
        let mut output = Output::new(file, self.size, shown);
        output.write(&self.headers)?;
        for (section, (at, size)) in self.sections.iter().zip(&self.places) {
            section.content.write(&mut |bytes| output.write(bytes))?;
            output.fill(at.saturating_add(*size))?;
        }
        let checksum = output.checksum().to_le_bytes();
        let at = PE_HEADER + COFF_SIZE + field::CHECKSUM;
        output.finish(to_u64(at), &checksum)?.commit()
    }

    /// Bytes of the file.
    pub fn size(&self) -> u64 {
        self.size
    }
}

/// The next multiple. Where it does not fit, the result is larger than any file.
fn multiple(size: u64, of: u64) -> u64 {
    size.checked_next_multiple_of(of).unwrap_or(u64::MAX)
}

/// A kernel that is started where it lies takes more memory than its file has.
fn enlarge_kernels(inner: &mut [Section]) {
    for section in inner {
        if section.kind() == Some(Kind::Linux)
            && let Some(size) = kernel::image_size(&section.content)
        {
            section.virtual_size = section.virtual_size.max(size);
        }
    }
}

/// The two sections that make the file a bzImage.
fn ours(
    stub: &Stub,
    pe_headers: &PeHeaders,
    inner: &[Section],
    extras: &[Section],
    version: Option<&str>,
) -> Result<Vec<Section>, Error> {
    let bytes = stub.bytes();
    let mut loader = bytes[LOADER..PROTECTED_MODE].to_vec();
    let text = version_text(version);
    put(&mut loader, VERSION - LOADER, text.as_bytes());

    let mut entry = bytes[PROTECTED_MODE..].to_vec();
    let entries = inner
        .iter()
        .chain(extras)
        .filter(|section| section.kind().is_some())
        .count();
    let table = entries.saturating_mul(ENTRY_SIZE);
    entry.resize(entry.len().saturating_add(table), 0);
    debug_assert!(TABLE_HEADER + TABLE_HEADER_SIZE <= entry.len());

    let mut loader = Section::new(".bzload", Content::Bytes(loader))?;
    loader.name = LOADER_NAME;
    let mut entry = Section::new(".bzentry", Content::Bytes(entry))?;
    entry.name = ENTRY_NAME;
    loader.characteristics = DATA;
    // UEFI runs code of it only to say that it can't start the file.
    entry.characteristics = if pe_headers.has_entry() { DATA } else { CODE };
    Ok(vec![loader, entry])
}

/// The version string: `UKI:` and what fits of the version.
fn version_text(version: Option<&str>) -> String {
    let mut text = String::from("UKI:");
    for character in version.unwrap_or_default().chars() {
        let character = if character.is_control() {
            ' '
        } else {
            character
        };
        if text.len().saturating_add(character.len_utf8()) >= VERSION_SIZE {
            break;
        }
        text.push(character);
    }
    text
}

/// The length of the longest command line in the file; an error if the kernel
/// takes none that long.
fn longest_command_line(inner: &[Section], kernel: &InnerKernel) -> Result<u32, Error> {
    let mut longest = 0;
    for section in inner
        .iter()
        .filter(|section| section.kind() == Some(Kind::Cmdline))
    {
        let text = section.content.text(".cmdline")?;
        let mut line = vec![0; text.len().saturating_add(1)];
        let length = stub::command_line::one_line(&text, &mut line).unwrap_or(text.len());
        longest = longest.max(to_u32(length));
    }
    if longest > kernel.cmdline_size() {
        return Err(Error::failed(format!(
            "the command line has {longest} characters, the kernel takes {}: shorten it",
            kernel.cmdline_size()
        )));
    }
    Ok(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_string_fits() {
        assert_eq!(version_text(Some("12 (bookworm)")), "UKI:12 (bookworm)");
        assert_eq!(version_text(None), "UKI:");
        let long = version_text(Some(&"ä".repeat(300)));
        assert_eq!(long.len(), 254);
    }
}
