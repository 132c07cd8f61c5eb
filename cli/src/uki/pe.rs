//! PE files, read: headers and the section table, as far as UKIs use them
//! (Microsoft, "PE Format"). goblin reads the headers; sections are checked
//! here, because a UKI may come from anywhere.

use std::path::Path;
use std::rc::Rc;

use goblin::pe::header::{COFF_MACHINE_X86, COFF_MACHINE_X86_64, Header};
use goblin::pe::section_table::SectionTable;

use super::content::{Content, SourceFile};
use super::field::{PE32, PE32_PLUS};
use crate::error::Error;
use crate::number::to_usize;

/// Bytes of the COFF header with the signature before it.
pub const COFF_SIZE: usize = 24;
/// Bytes of an entry of the section table.
pub const SECTION_SIZE: usize = 40;
/// The headers of any file that is a UKI lie in its first bytes.
const HEADERS_LIMIT: u64 = 1 << 20;
/// Entry of the data directory that holds signatures.
const SECURITY: usize = 4;
/// Subsystem "EFI application".
pub const EFI_APPLICATION: u16 = 10;

/// A PE file.
#[derive(Debug)]
pub struct Pe {
    /// The COFF header, without signature.
    pub coff: goblin::pe::header::CoffHeader,
    /// The optional header, as it is in the file.
    pub optional: Vec<u8>,
    /// The first bytes of the file, all headers included.
    pub head: Vec<u8>,
    /// Its sections in the order of the table.
    pub sections: Vec<Section>,
    /// It is signed.
    pub signed: bool,
    /// Subsystem of its optional header.
    pub subsystem: u16,
}

/// An entry of a section table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The name, filled up with NULs.
    pub name: [u8; 8],
    /// Bytes in memory.
    pub virtual_size: u32,
    /// Address relative to the image's.
    pub virtual_address: u32,
    /// Bytes in the file.
    pub raw_size: u32,
    /// Offset in the file.
    pub raw_offset: u32,
    /// Flags.
    pub characteristics: u32,
}

impl Section {
    /// The name as text.
    pub fn name(&self) -> String {
        name(&self.name)
    }

    /// Bytes of content in the file: padding follows them.
    pub fn size(&self) -> u64 {
        self.raw_size.min(self.virtual_size).into()
    }
}

/// A section's name as text, without the NULs after it.
pub fn name(bytes: &[u8; 8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(8);
    bytes[..end].escape_ascii().to_string()
}

impl Pe {
    /// Reads a file's headers.
    ///
    /// # Errors
    /// It cannot be read, or those of [`Pe::parse`].
    pub fn open(path: &Path) -> Result<(Rc<SourceFile>, Self), Error> {
        let source = SourceFile::open(path)?;
        let pe = Self::of(&source)?;
        Ok((source, pe))
    }

    /// Reads the headers of an open file.
    ///
    /// # Errors
    /// It cannot be read, or those of [`Pe::parse`].
    pub fn of(source: &Rc<SourceFile>) -> Result<Self, Error> {
        let head = source.all().head(HEADERS_LIMIT)?;
        Self::parse(&head, source.name())
    }

    /// Reads the headers in the first bytes of a file that errors call `name`.
    ///
    /// # Errors
    /// It is not a PE image for x86-64, or is damaged.
    pub fn parse(head: &[u8], name: &str) -> Result<Self, Error> {
        let wrong = |what: String| Error::failed(format!("{name}: {what}"));
        let header = Header::parse(head).map_err(|error| {
            wrong(format!(
                "it is not a PE file ({error}): name a unified kernel image"
            ))
        })?;
        let machine = header.coff_header.machine;
        let magic = match machine {
            COFF_MACHINE_X86_64 => PE32_PLUS,
            COFF_MACHINE_X86 => PE32,
            _ => {
                return Err(wrong(format!(
                    "its machine type is {machine:#x}: name an image for x86"
                )));
            }
        };
        let start = to_usize(header.dos_header.pe_pointer).saturating_add(COFF_SIZE);
        let size = usize::from(header.coff_header.size_of_optional_header);
        let optional = head.get(start..).and_then(|rest| rest.get(..size));
        let optional = optional.unwrap_or_default();
        let parsed = header.optional_header.as_ref();
        let Some(parsed) = parsed.filter(|optional| optional.standard_fields.magic == magic) else {
            return Err(wrong(format!(
                "its optional header is not one for machine type {machine:#x}: copy the file again"
            )));
        };
        let mut offset = start.saturating_add(size);
        let table = header
            .coff_header
            .sections(head, &mut offset)
            .map_err(|error| {
                wrong(format!(
                    "its section table is damaged ({error}): copy the file again"
                ))
            })?;
        let security = parsed.data_directories.data_directories.get(SECURITY);
        Ok(Self {
            optional: optional.to_vec(),
            sections: table.iter().map(section).collect(),
            signed: matches!(security, Some(Some((_, entry))) if entry.size != 0),
            subsystem: parsed.windows_fields.subsystem,
            coff: header.coff_header,
            head: head.to_vec(),
        })
    }
}

/// The content of a section; an error if it lies outside the file.
///
/// # Errors
/// It lies outside the file.
pub fn content(source: &Rc<SourceFile>, section: &Section) -> Result<Content, Error> {
    let start = u64::from(section.raw_offset);
    if start.saturating_add(section.size()) > source.size() {
        return Err(Error::failed(format!(
            "section {} ends after the end of the file: is it complete?",
            section.name()
        )));
    }
    Ok(source.part(start, section.size()))
}

fn section(entry: &SectionTable) -> Section {
    let mut name = entry.name;
    // A reference into the string table of a linker's symbols, which an image
    // does not keep.
    if name[0] == b'/' {
        name[0] = b'_';
    }
    Section {
        name,
        virtual_size: entry.virtual_size,
        virtual_address: entry.virtual_address,
        raw_size: entry.size_of_raw_data,
        raw_offset: entry.pointer_to_raw_data,
        characteristics: entry.characteristics,
    }
}
