//! The PE headers of a file to be written, after those of its EFI stub.

use layout::uki::{ENTRY_EFI, LOADER};
use stub::params::{put, u32};

use super::field;
use super::limits::{FILE_ALIGNMENT, PAGE, too_large};
use super::pe::{EFI_APPLICATION, Pe};
use super::sections::{ENTRY_NAME, Section};
use crate::error::Error;
use crate::number::{to_u32, to_u64};

const SECURITY: usize = 4;

/// What the PE headers are taken from.
pub struct PeHeaders {
    machine: u16,
    time: u32,
    characteristics: u16,
    optional: Vec<u8>,
}

impl PeHeaders {
    /// An EFI stub, or a UKI to be converted. The entry code of gapboot does not count as an EFI stub.
    pub fn of(pe: &Pe) -> Self {
        let mut optional = pe.optional.clone();
        let ours = pe
            .sections
            .iter()
            .find(|section| section.name == ENTRY_NAME);
        let ours = ours.map(|section| section.virtual_address.wrapping_add(to_u32(ENTRY_EFI)));
        if ours == Some(u32(&optional, field::ENTRY_POINT)) {
            put(&mut optional, field::ENTRY_POINT, &[0; 4]);
        }
        Self {
            machine: pe.coff.machine,
            time: pe.coff.time_date_stamp,
            characteristics: pe.coff.characteristics,
            optional,
        }
    }

    /// No EFI stub: UEFI is told that it cannot start this.
    pub fn without_stub() -> Self {
        let mut optional = vec![0; field::DIRECTORY + 16 * 8];
        put(&mut optional, 0, &field::PE32_PLUS.to_le_bytes());
        put(
            &mut optional,
            field::SECTION_ALIGNMENT,
            &to_u32(PAGE).to_le_bytes(),
        );
        put(
            &mut optional,
            field::SUBSYSTEM,
            &EFI_APPLICATION.to_le_bytes(),
        );
        // NX_COMPAT
        put(
            &mut optional,
            field::DLL_CHARACTERISTICS,
            &0x100_u16.to_le_bytes(),
        );
        put(&mut optional, field::DIRECTORIES, &16_u32.to_le_bytes());
        Self {
            machine: goblin::pe::header::COFF_MACHINE_X86_64,
            time: 0,
            // executable, line numbers and symbols stripped, large addresses
            characteristics: 0x22e,
            optional,
        }
    }

    /// True if there is code for UEFI.
    pub fn has_entry(&self) -> bool {
        u32(&self.optional, field::ENTRY_POINT) != 0
    }

    /// The optional header of the EFI stub.
    pub fn optional(&self) -> &[u8] {
        &self.optional
    }

    /// Addresses of sections are multiples of it.
    pub fn section_alignment(&self) -> u64 {
        let alignment = u32(&self.optional, field::SECTION_ALIGNMENT);
        u64::from(alignment.max(1)).next_power_of_two()
    }

    /// COFF header, optional header and section table of a file in which our
    /// two sections come first; `places` has offset and padded size of each.
    ///
    /// # Errors
    /// A number does not fit its field.
    pub fn headers(&self, sections: &[Section], places: &[(u64, u64)]) -> Result<Vec<u8>, Error> {
        let mut pe = b"PE\0\0".to_vec();
        pe.extend(self.machine.to_le_bytes());
        pe.extend(
            u16::try_from(sections.len())
                .map_err(|_| too_large())?
                .to_le_bytes(),
        );
        pe.extend(self.time.to_le_bytes());
        pe.extend([0; 8]); // symbols: none
        let optional_size = u16::try_from(self.optional.len());
        pe.extend(optional_size.map_err(|_| too_large())?.to_le_bytes());
        pe.extend(self.characteristics.to_le_bytes());

        let mut optional = self.optional.clone();
        let end = |section: &Section| {
            let address = u64::from(section.virtual_address.unwrap_or(0));
            address.saturating_add(section.virtual_size.into())
        };
        let end = sections.iter().map(end).max().unwrap_or(0);
        let end = end
            .checked_next_multiple_of(self.section_alignment())
            .unwrap_or(u64::MAX);
        let data = sections
            .iter()
            .filter(|section| section.characteristics & 0x40 != 0);
        let data: u64 = data.map(|section| u64::from(section.virtual_size)).sum();
        let mut set = |at: usize, value: u64| -> Result<(), Error> {
            let value = u32::try_from(value).map_err(|_| too_large())?;
            put(&mut optional, at, &value.to_le_bytes());
            Ok(())
        };
        set(field::SIZE_OF_INITIALIZED_DATA, data)?;
        set(field::FILE_ALIGNMENT, FILE_ALIGNMENT)?;
        set(field::SIZE_OF_IMAGE, end)?;
        set(field::SIZE_OF_HEADERS, to_u64(LOADER))?;
        set(field::CHECKSUM, 0)?;
        if let (false, [_, entry, ..]) = (self.has_entry(), sections) {
            let entry = u64::from(entry.virtual_address.unwrap_or(0));
            set(field::ENTRY_POINT, entry.saturating_add(to_u64(ENTRY_EFI)))?;
        }
        // A signature of the input is not one of this file.
        let security = field::directory(&optional, SECURITY);
        put(&mut optional, security, &[0; 8]);
        pe.extend(optional);

        for (section, (at, size)) in sections.iter().zip(places) {
            pe.extend(section.name);
            pe.extend(section.virtual_size.to_le_bytes());
            pe.extend(section.virtual_address.unwrap_or(0).to_le_bytes());
            pe.extend(u32::try_from(*size).map_err(|_| too_large())?.to_le_bytes());
            pe.extend(u32::try_from(*at).map_err(|_| too_large())?.to_le_bytes());
            pe.extend([0; 12]); // relocations and line numbers: none
            pe.extend(section.characteristics.to_le_bytes());
        }
        Ok(pe)
    }
}
