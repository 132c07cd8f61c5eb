//! The sections of an image, as its headers say (Microsoft, "PE Format").
//!
//! An image may hold several profiles (UAPI.5, "Multi-Profile UKIs"). In the
//! order of the section table, what stands before the first `.profile` is the
//! base of all; each `.profile` begins a profile, counted from 0, and what follows
//! up to the next one is its own. An image without any has the one profile 0,
//! which is the base. In effect is the profile's own section of a name, else the
//! base's; the first of each, and none where that is empty.

use crate::error::{Error, Kind};
use crate::fat::{File, Node, Volume};
use crate::load::Part;
use crate::machine::Disk;
use crate::storage::Storage;
use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The name of a section, filled up with NULs.
pub type Name = [u8; 8];

/// The names of the sections that mean something here.
pub mod names {
    use super::Name;

    /// The kernel.
    pub const LINUX: Name = *b".linux\0\0";
    /// The operating system's os-release.
    pub const OSREL: Name = *b".osrel\0\0";
    /// The command line.
    pub const CMDLINE: Name = *b".cmdline";
    /// The initrd.
    pub const INITRD: Name = *b".initrd\0";
    /// Microcode, an initrd that comes before all others.
    pub const UCODE: Name = *b".ucode\0\0";
    /// What a profile begins with: its id and title.
    pub const PROFILE: Name = *b".profile";
}

/// The most sections that an image may have. Firmware refuses more than 96.
const MOST_SECTIONS: u16 = 256;

/// `IMAGE_FILE_MACHINE_I386` and `IMAGE_FILE_MACHINE_AMD64`.
const I386: u16 = 0x14c;
const AMD64: u16 = 0x8664;

/// The start of the file, what is left of a DOS program.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct DosHeader {
    e_magic: [u8; 2],
    unused: [u8; 58],
    /// Where the PE signature lies.
    e_lfanew: U32,
}

/// The PE signature and the COFF header behind it. The optional header
/// follows, and behind that the section table.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct CoffHeader {
    signature: [u8; 4],
    machine: U16,
    number_of_sections: U16,
    unused: [u8; 12],
    size_of_optional_header: U16,
    characteristics: U16,
}

/// An entry of the section table.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct SectionHeader {
    name: Name,
    virtual_size: U32,
    virtual_address: U32,
    size_of_raw_data: U32,
    pointer_to_raw_data: U32,
    unused: [u8; 16],
}

/// A PE file for this machine. All of its sections are read through one [`File`],
/// so that its chain of clusters is followed once.
pub struct Image {
    node: Node,
    /// Where its lines are read.
    pub file: File,
    /// Where the section table begins.
    table: u32,
    sections: u16,
    /// Profiles that were counted by the last search, 0 for none.
    pub profiles: u32,
}

impl Image {
    /// Reads the headers of a file. `long_mode` is true where the processor can
    /// run 64-bit kernels: there, as on UEFI, an image for another processor
    /// than the machine's is none.
    ///
    /// # Errors
    /// [`Kind::UkiUnknown`], [`Kind::EntryArchitecture`], [`Kind::UkiDamaged`];
    /// those of [`File::read_small`].
    pub fn open<D: Disk>(
        storage: &mut Storage<D>,
        volume: &Volume,
        node: &Node,
        long_mode: bool,
    ) -> Result<Self, Error> {
        let mut image = Self {
            node: *node,
            file: File::open(volume, node),
            table: 0,
            sections: 0,
            profiles: 0,
        };
        let unknown = Error::new(Kind::UkiUnknown, 0);
        let mut dos = DosHeader::new_zeroed();
        image.file.read_small(storage, dos.as_mut_bytes())?;
        if dos.e_magic != *b"MZ" {
            return Err(unknown);
        }
        let mut coff = CoffHeader::new_zeroed();
        image.file.seek(dos.e_lfanew.get());
        image.read(storage, coff.as_mut_bytes())?;
        if coff.signature != *b"PE\0\0" {
            return Err(unknown);
        }
        if coff.machine != if long_mode { AMD64 } else { I386 } {
            return Err(Error::new(Kind::EntryArchitecture, 0));
        }
        image.sections = coff.number_of_sections.get();
        if image.sections > MOST_SECTIONS {
            return Err(Error::new(Kind::UkiDamaged, image.file.position().into()));
        }
        image.table = image
            .file
            .position()
            .wrapping_add(coff.size_of_optional_header.get().into());
        Ok(image)
    }

    /// The section of a name that is in effect in a profile, and what the file
    /// holds of it.
    ///
    /// # Errors
    /// [`Kind::UkiDamaged`], [`Kind::UkiTruncated`]; those of [`File::read_small`].
    pub fn find<D: Disk>(
        &mut self,
        storage: &mut Storage<D>,
        name: &Name,
        profile: u32,
    ) -> Result<Option<Part>, Error> {
        let own = profile.wrapping_add(1);
        self.profiles = 0;
        self.file.range(self.table, self.node.size());
        let mut found: Option<(u32, SectionHeader)> = None;
        for _ in 0..self.sections {
            let mut header = SectionHeader::new_zeroed();
            self.read(storage, header.as_mut_bytes())?;
            if header.name == names::PROFILE {
                self.profiles = self.profiles.wrapping_add(1);
            }
            let of = self.profiles;
            let first = found.as_ref().is_none_or(|(before, _)| *before != of);
            if header.name == *name && (of == 0 || of == own) && first {
                found = Some((of, header));
            }
        }
        let Some((_, header)) = found else {
            return Ok(None);
        };
        let offset = header.pointer_to_raw_data.get();
        let size = header.size_of_raw_data.get().min(header.virtual_size.get());
        let end = offset.checked_add(size);
        if end.is_none_or(|end| end > self.node.size()) {
            return Err(Error::new(Kind::UkiTruncated, self.node.size().into()));
        }
        let node = self.node;
        Ok((size > 0).then_some(Part { node, offset, size }))
    }

    /// Finds a section and lets the file be read from its start to its end.
    /// False, and nothing is left to read, where there is no such section.
    ///
    /// # Errors
    /// Those of [`Image::find`].
    pub fn enter<D: Disk>(
        &mut self,
        storage: &mut Storage<D>,
        name: &Name,
        profile: u32,
    ) -> Result<bool, Error> {
        let part = self.find(storage, name, profile)?;
        let (start, size) = part.map_or((0, 0), |part| (part.offset, part.size));
        self.file.range(start, start.wrapping_add(size));
        Ok(part.is_some())
    }

    /// Fills `into` with what comes next.
    fn read<D: Disk>(&mut self, storage: &mut Storage<D>, into: &mut [u8]) -> Result<(), Error> {
        let at = self.file.position();
        if self.file.read_small(storage, into)? < into.len() {
            return Err(Error::new(Kind::UkiDamaged, at.into()));
        }
        Ok(())
    }
}
