//! The sections of an image, as its headers describe them (Microsoft, "PE Format").
//!
//! An image may hold several profiles (UAPI.5, "Multi-Profile UKIs"). In the order
//! of the section table, the sections before the first `.profile` are the base of
//! all profiles. Each `.profile` begins a profile, counted from 0, and the sections
//! after it, up to the next `.profile`, belong to that profile. An image without
//! `.profile` has the one profile 0, which is the base. Of a name, the profile's own
//! section is in effect, or else the base's: the first of each, even if it is empty.

use crate::disk::storage::Storage;
use crate::error::{Error, Kind};
use crate::fat::{DirEntry, File, Volume};
use crate::load::Extent;
use crate::machine::Disk;
use core::ops::Range;
use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The name of a section, filled up with NULs.
pub type SectionName = [u8; 8];

/// The names of the sections that mean something here.
pub mod names {
    use super::SectionName;

    /// The kernel.
    pub const LINUX: SectionName = *b".linux\0\0";
    /// The operating system's os-release.
    pub const OSREL: SectionName = *b".osrel\0\0";
    /// The command line.
    pub const CMDLINE: SectionName = *b".cmdline";
    /// The initrd.
    pub const INITRD: SectionName = *b".initrd\0";
    /// Microcode, an initrd that comes before all others.
    pub const UCODE: SectionName = *b".ucode\0\0";
    /// The section that a profile begins with: its id and title.
    pub const PROFILE: SectionName = *b".profile";
}

/// The most sections that an image may have. Firmware refuses more than 96.
const MOST_SECTIONS: u16 = 256;

/// `IMAGE_FILE_MACHINE_I386` and `IMAGE_FILE_MACHINE_AMD64`.
const I386: u16 = 0x14c;
const AMD64: u16 = 0x8664;

/// The start of the file: the header of a DOS program, of which only this is used.
#[derive(FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct DosHeader {
    e_magic: [u8; 2],
    unused: [u8; 58],
    /// File offset of the PE signature, in bytes.
    e_lfanew: U32,
}

/// The PE signature and the COFF header after it. Then come the optional header
/// and the section table.
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
    name: SectionName,
    virtual_size: U32,
    virtual_address: U32,
    size_of_raw_data: U32,
    pointer_to_raw_data: U32,
    unused: [u8; 16],
}

impl SectionHeader {
    /// The section's bytes in the file. Those after `VirtualSize` are padding.
    fn range(&self) -> Range<u32> {
        let start = self.pointer_to_raw_data.get();
        let size = self.size_of_raw_data.get().min(self.virtual_size.get());
        start..start.saturating_add(size)
    }
}

/// A file that should be an image for this machine. All of it is read through
/// one [`File`], so that its chain of clusters is followed once.
pub struct Image {
    node: DirEntry,
    /// The section that was found.
    pub file: File,
    /// True where the processor can run 64-bit kernels.
    pub(super) long_mode: bool,
    /// The profile whose sections are in effect.
    pub profile: u32,
    /// The number of `.profile` sections, once [`Image::find`] has counted them.
    pub profiles: u32,
}

impl Image {
    /// Nothing is read yet. `long_mode` is true where the processor can run 64-bit
    /// kernels: elsewhere an image for 64-bit firmware is refused.
    pub fn new(volume: &Volume, node: &DirEntry, long_mode: bool) -> Self {
        Self {
            node: *node,
            file: File::open(volume, node),
            long_mode,
            profile: 0,
            profiles: 0,
        }
    }

    /// Finds the section of a name that is in effect, and lets [`Image::file`] be
    /// read from its start to its end. A missing section counts as an empty one.
    ///
    /// # Errors
    /// [`Kind::UkiUnknown`], [`Kind::EntryArchitecture`], [`Kind::UkiDamaged`],
    /// [`Kind::UkiTruncated`]; those of [`File::read_small`].
    pub fn find<D: Disk>(
        &mut self,
        storage: &mut Storage<D>,
        name: &SectionName,
    ) -> Result<(), Error> {
        let sections = self.read_headers(storage)?;
        let (mut in_base, mut in_profile) = (None, None);
        self.profiles = 0;
        for _ in 0..sections {
            let mut header = SectionHeader::new_zeroed();
            self.read(storage, header.as_mut_bytes())?;
            if header.name == names::PROFILE {
                self.profiles = self.profiles.saturating_add(1);
            }
            if header.name == *name {
                // The profile that the section belongs to; None for the base.
                match self.profiles.checked_sub(1) {
                    None => in_base.get_or_insert(header.range()),
                    Some(it) if it == self.profile => in_profile.get_or_insert(header.range()),
                    Some(_) => continue,
                };
            }
        }
        let Range { start, end } = in_profile.or(in_base).unwrap_or_default();
        let file_size = self.node.size();
        if end > file_size {
            return Err(Error::new(Kind::UkiTruncated, file_size.into()));
        }
        self.file.range(start, end);
        Ok(())
    }

    /// Finds the kernel: the section `.linux`. A file without one may be a kernel with
    /// an EFI stub of its own; then it is all of the file.
    ///
    /// # Errors
    /// Those of [`Image::find`].
    pub fn find_kernel<D: Disk>(&mut self, storage: &mut Storage<D>) -> Result<(), Error> {
        self.find(storage, &names::LINUX)?;
        if self.is_empty() {
            self.file.range(0, self.node.size());
        }
        Ok(())
    }

    /// True if there is no section to read, or all of it was read.
    pub fn is_empty(&self) -> bool {
        self.file.position() == self.file.size()
    }

    /// The section that was found.
    pub fn part(&self) -> Extent {
        let offset = self.file.position();
        Extent {
            node: self.node,
            offset,
            size: self.file.size().wrapping_sub(offset),
        }
    }

    /// Reads the headers up to the section table, and gives the number of its
    /// entries.
    fn read_headers<D: Disk>(&mut self, storage: &mut Storage<D>) -> Result<u16, Error> {
        self.file.range(0, self.node.size());
        let mut dos = DosHeader::new_zeroed();
        self.read(storage, dos.as_mut_bytes())?;
        self.file.seek(dos.e_lfanew.get());
        let mut coff = CoffHeader::new_zeroed();
        self.read(storage, coff.as_mut_bytes())?;
        let at = self.file.position();
        let error = |kind| Err(Error::new(kind, at.into()));
        if dos.e_magic != *b"MZ" || coff.signature != *b"PE\0\0" {
            return error(Kind::UkiUnknown);
        }
        // The machine is the firmware's. An image for 32-bit firmware may have a kernel of
        // either kind.
        let runs = coff.machine == I386 || self.long_mode && coff.machine == AMD64;
        if !runs {
            return error(Kind::EntryArchitecture);
        }
        if coff.number_of_sections > MOST_SECTIONS {
            return error(Kind::UkiDamaged);
        }
        let size = coff.size_of_optional_header.get();
        // Nothing can be read from a place that wraps: the file is smaller.
        self.file.seek(at.saturating_add(size.into()));
        Ok(coff.number_of_sections.get())
    }

    /// Fills `into` with the next bytes of the file.
    fn read<D: Disk>(&mut self, storage: &mut Storage<D>, into: &mut [u8]) -> Result<(), Error> {
        let at = self.file.position();
        if self.file.read_small(storage, into)? < into.len() {
            return Err(Error::new(Kind::UkiDamaged, at.into()));
        }
        Ok(())
    }
}
